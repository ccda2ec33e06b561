// The nearest valid name, for messages that name what was meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace vortex {

// The candidate with the smallest edit distance (a swap of neighbours counts as one), or empty when
// none is near enough to be a likely typing error.
std::string_view nearest_name(std::string_view typed, std::span<const std::string_view> candidates);

// " (did you mean 'sync'?)", or empty.
std::string did_you_mean(std::string_view typed, std::span<const std::string_view> candidates);

}  // namespace vortex
