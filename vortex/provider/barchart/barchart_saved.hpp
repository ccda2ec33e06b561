// The content type by which decode knows a file of Barchart's website, so that a replay of its
// capture reads it the same way. The room's own header.
#pragma once

#include <string_view>

namespace vortex {

inline constexpr std::string_view kBarchartSavedType = "text/csv; origin=barchart.com-file";
// The same, where the user says that its stamps are the ends of the bars.
inline constexpr std::string_view kBarchartSavedByEndType =
    "text/csv; origin=barchart.com-file; labels=end";

}  // namespace vortex
