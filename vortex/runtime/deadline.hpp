// The moment by which a request must have ended, in elapsed time. Handed down by value; a layer may
// shorten it, never extend it.
#pragma once

#include <algorithm>

#include "vortex/base/time.hpp"

namespace vortex {

class Deadline {
 public:
  static Deadline after(Monotonic now, Duration duration) { return Deadline(now + duration); }
  static Deadline until(Monotonic moment) { return Deadline(moment); }
  static Deadline never() { return Deadline(Monotonic::max()); }

  Duration left(Monotonic now) const {
    if (at_ == Monotonic::max()) return Duration::max();
    return std::max(Duration::zero(), std::chrono::duration_cast<Duration>(at_ - now));
  }
  bool passed(Monotonic now) const { return at_ <= now; }
  Deadline sooner(Monotonic now, Duration duration) const {
    return Deadline(std::min(at_, now + std::chrono::nanoseconds(duration)));
  }
  Monotonic at() const { return at_; }

 private:
  explicit Deadline(Monotonic at) : at_(at) {}
  Monotonic at_;
};

}  // namespace vortex
