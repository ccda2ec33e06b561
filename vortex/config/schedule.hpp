// The five fields of a cron line: minute, hour, day of month, month, day of week.
#pragma once

#include <string_view>

#include "vortex/base/error.hpp"

namespace vortex {

// Fields of `*`, numbers, ranges `1-5`, lists `1,15` and steps `*/10`; 0 and 7 are both Sunday.
// Fails with config and names the field.
Result<void> check_schedule(std::string_view text);

}  // namespace vortex
