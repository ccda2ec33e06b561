#include "vortex/base/suggest.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "vortex/base/ascii.hpp"

namespace vortex {
namespace {

// Optimal string alignment distance (Damerau–Levenshtein without repeated edits of one place).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> previous(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution =
          previous[j - 1] + (to_lower(a[i - 1]) == to_lower(b[j - 1]) ? 0 : 1);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, substitution});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view typed,
                              std::span<const std::string_view> candidates) {
  constexpr std::size_t kLengthMax =
      64;  // longer words are no typing errors, and distance is quadratic
  if (typed.empty() || typed.size() > kLengthMax) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, typed.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(typed, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view typed, std::span<const std::string_view> candidates) {
  const std::string_view nearest = nearest_name(typed, candidates);
  if (nearest.empty()) return {};
  return fmt::format(" (did you mean '{}'?)", nearest);
}

}  // namespace vortex
