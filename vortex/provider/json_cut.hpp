// Whether a JSON document was cut: it ends inside a string, or with brackets open. For telling a
// truncated answer from a wrong one after parsing failed. Pure.
#pragma once

#include <string_view>

namespace vortex {

bool cut_short(std::string_view text);

}  // namespace vortex
