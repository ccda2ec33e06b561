// A source with a memory: what it said last stays in use while it fails or answers with nothing, up
// to a limit of age. So a directory that is down, restarts or is emptied by mistake takes no
// endpoint away at once (faults A3, I5). Pure over a given `now`; belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vortex/discovery/endpoint_source.hpp"

namespace vortex {

enum class SourceState : std::uint8_t {
  unasked,
  fresh,       // its answer is in use
  remembered,  // it fails or is empty: an earlier answer is in use
  nothing      // and there is no earlier one, or it is too old
};
std::string_view to_string(SourceState state);

class RememberedSource {
 public:
  RememberedSource(std::shared_ptr<const EndpointSource> source, std::string service,
                   Duration stale_after);

  // What it said in an earlier run, at a moment that may lie before this machine's start.
  void restore(const std::vector<Endpoint>& endpoints, Monotonic said_at);

  // Asks anew. Returns the problem when there is one that was not there at the last asking.
  std::optional<Error> ask(Monotonic now);

  // In use now, in the source's order, addresses canonical and once each.
  const std::vector<Endpoint>& endpoints() const { return endpoints_; }
  Monotonic said_at() const { return said_at_; }  // meaningless where endpoints() is empty
  SourceState state() const { return state_; }
  const std::string& problem() const { return problem_; }  // of the last asking; empty: none
  const EndpointSource& source() const { return *source_; }

 private:
  std::vector<Endpoint> checked(const std::vector<Endpoint>& answer, std::string& problem) const;

  std::shared_ptr<const EndpointSource> source_;
  std::string service_;
  Duration stale_after_;
  std::vector<Endpoint> endpoints_;
  Monotonic said_at_;
  SourceState state_ = SourceState::unasked;
  std::string problem_;
};

// Several lists as one: the lists' order, then each one's own; an address named twice keeps its
// first place, weight and source.
std::vector<Endpoint> merge_endpoints(std::span<const std::vector<Endpoint>> lists);

}  // namespace vortex
