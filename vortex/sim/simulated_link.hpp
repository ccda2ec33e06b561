// A FrameLink with both ends in one process, in simulated time: frames take a latency drawn from a
// seed and stay in order, and go wrong where the options say so. Same seed, same frames, same
// moments. Belongs to the I/O thread of a runtime in simulated time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "vortex/net/frame_link.hpp"
#include "vortex/runtime/runtime.hpp"

namespace vortex {

enum class LinkSide : std::uint8_t { client, server };

enum class LinkFaultKind : std::uint8_t {
  drop,     // the frame is lost and the link broken, for both ends
  cut,      // the link breaks within the frame: the receiver sees `truncated`
  silence,  // nothing of this side arrives for `length`, and nobody is told; zero: for ever
  burst,    // what this side sends for `length` arrives all at once, at its end
};

// Befalls the `frame`-th frame that `from` sends, counted from 1.
struct LinkFault {
  LinkSide from = LinkSide::server;
  std::int64_t frame = 1;
  LinkFaultKind kind = LinkFaultKind::drop;
  Duration length = Duration::zero();
};

struct SimulatedLinkOptions {
  std::uint64_t seed = 1;
  Duration latency_min = std::chrono::milliseconds(5);
  Duration latency_spread = std::chrono::milliseconds(10);  // evenly distributed on top
  std::size_t bytes_under_way_max = std::size_t{1} << 20;   // then senders wait
  std::vector<LinkFault> faults;
};

struct SimulatedLink {
  std::unique_ptr<FrameLink> client;
  std::unique_ptr<FrameLink> server;
  std::function<void()> drop;  // breaks the link now
};

// The runtime must outlive both ends.
SimulatedLink make_simulated_link(Runtime& runtime, const SimulatedLinkOptions& options);

}  // namespace vortex
