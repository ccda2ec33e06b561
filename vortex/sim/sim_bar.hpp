// One bar of the simulated world. Plain value.
#pragma once

#include <cstdint>
#include <vector>

#include "vortex/base/time.hpp"

namespace vortex {

struct SimBar {
  TimePoint start;
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  std::int64_t volume = 0;
  bool empty = false;  // nobody traded: written as nulls
  bool operator==(const SimBar&) const = default;
};

// The bar over several, in time order: first open, highest, lowest, last close, sum; empty when all
// are.
SimBar merge_bars(const SimBar* first, const SimBar* last);

}  // namespace vortex
