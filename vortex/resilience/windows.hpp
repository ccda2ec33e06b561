// The two ways in which allowances are counted. Plain values.
#pragma once

#include <cstdint>

#include "vortex/base/time.hpp"
#include "vortex/base/time_zone.hpp"

namespace vortex {

// At most `count` in any stretch of that length.
struct RollingWindow {
  std::int64_t count = 1;  // > 0
  Duration length{};       // > 0
};

// At most `count` from midnight to midnight of the zone.
struct DayWindow {
  std::int64_t count = 1;  // > 0
  TimeZone zone = TimeZone::utc();
};

}  // namespace vortex
