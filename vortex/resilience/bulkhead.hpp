// How many calls may be in flight at once. Whoever was let in gives the place back once; Guard sees
// to that. Belongs to one thread.
#pragma once

#include <algorithm>

namespace vortex {

class Bulkhead {
 public:
  explicit Bulkhead(int places_max) noexcept : places_max_(std::max(places_max, 1)) {}

  bool try_enter() noexcept {
    if (in_flight_ >= places_max_) return false;
    ++in_flight_;
    return true;
  }
  void leave() noexcept { in_flight_ = std::max(in_flight_ - 1, 0); }

  int in_flight() const noexcept { return in_flight_; }
  int places_max() const noexcept { return places_max_; }

 private:
  int places_max_;
  int in_flight_ = 0;
};

}  // namespace vortex
