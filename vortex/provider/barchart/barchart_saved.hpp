// The content type by which decode knows a file of Barchart's website, so that a replay of its
// capture reads it the same way. The room's own header.
#pragma once

#include <string_view>

namespace vortex {

inline constexpr std::string_view kBarchartSavedType = "text/csv; origin=barchart.com-file";

}  // namespace vortex
