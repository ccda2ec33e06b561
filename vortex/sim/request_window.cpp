#include "vortex/sim/request_window.hpp"

#include <algorithm>

namespace vortex {
namespace {

// A permitted call leaves within 250 ms of its permit, so two arrivals may be that much closer.
constexpr Duration kLatenessMax = std::chrono::milliseconds(250);
constexpr int kLatenessPart = 10;  // of short windows at most a tenth

}  // namespace

RequestWindow::RequestWindow(std::int64_t count, Duration window)
    : count_(static_cast<std::size_t>(std::max<std::int64_t>(count, 1))),
      window_(window - std::min(kLatenessMax, window / kLatenessPart)) {}

bool RequestWindow::admit(Monotonic now) {
  while (!admitted_.empty() && admitted_.front() + window_ <= now) admitted_.pop_front();
  if (admitted_.size() >= count_) return false;
  admitted_.push_back(now);
  return true;
}

}  // namespace vortex
