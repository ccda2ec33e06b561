// The provider's own view of a rate limit: at most n requests in any window. It judges arrivals,
// which bunch up on the road, so it forgives a little lateness of the earlier ones. Pure; not
// thread-safe.
#pragma once

#include <deque>

#include "vortex/base/time.hpp"

namespace vortex {

class RequestWindow {
 public:
  RequestWindow(std::int64_t count, Duration window);
  // May this request, arriving now, be served? A refused one does not count.
  bool admit(Monotonic now);
  void clear() { admitted_.clear(); }

 private:
  std::size_t count_;
  std::chrono::nanoseconds window_;  // less the forgiven lateness
  std::deque<Monotonic> admitted_;
};

}  // namespace vortex
