// A duplex link that carries whole frames: the messages of a WebSocket, the length-framed messages
// of a TCP protocol. Streams and sessions are built on it; simulated time has its own
// (vortex/sim/simulated_link.hpp). One coroutine sends and one receives at a time. Belongs to the
// I/O thread; outlives the coroutines that wait in it.
#pragma once

#include <string>
#include <variant>

#include "vortex/runtime/deadline.hpp"
#include "vortex/runtime/task.hpp"

namespace vortex {

struct Frame {
  std::string bytes;
  bool binary = false;
  bool operator==(const Frame&) const = default;
};

// The peer ended the link in order; what it sent before has been received.
struct LinkClosed {
  int code = 1000;  // of RFC 6455 §7.4 where the protocol has such codes
  std::string reason;
  bool operator==(const LinkClosed&) const = default;
};

using LinkEvent = std::variant<Frame, LinkClosed>;

class FrameLink {
 public:
  FrameLink() = default;
  FrameLink(const FrameLink&) = delete;
  FrameLink& operator=(const FrameLink&) = delete;
  // Without `close` before: the peer sees a broken link.
  virtual ~FrameLink() = default;

  // Ends when the frame is on its way, which says nothing of its arrival; waits while too much is.
  // `network` when the link is broken or closed, `deadline`, `cancelled`.
  virtual Task<void> send(Frame frame, Deadline deadline) = 0;

  // The next frame, or the peer's end, again and again once it is reached. `network` when the link
  // broke, `truncated` when it broke within a frame: both for good. `deadline` when nothing came in
  // time, `cancelled`: the link is as good as before.
  virtual Task<LinkEvent> receive(Deadline deadline) = 0;

  // Sends no more and tells the peer. What is under way still arrives. A second call does nothing.
  virtual void close(int code, std::string reason) = 0;
};

}  // namespace vortex
