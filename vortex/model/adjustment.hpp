// Which corporate actions are already in a price.
#pragma once

#include <cstdint>
#include <string_view>

#include "vortex/base/error.hpp"

namespace vortex {

enum class Adjustment : std::uint8_t { none, split, all };

std::string_view to_string(Adjustment adjustment);
Result<Adjustment> parse_adjustment(std::string_view text);

}  // namespace vortex
