#include "vortex/quality/price_factor.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace vortex {
namespace {

constexpr double kNear = 0.01;  // no two of the table lie nearer than four hundredths

// Units first, then splits as companies make them, then stock dividends of 20, 10 and 5 %.
constexpr auto kFactors = std::to_array<Factor>({
    {100, 1}, {2, 1},  {3, 1},  {4, 1},  {5, 1},  {6, 1},  {7, 1},   {8, 1},   {9, 1},
    {10, 1},  {12, 1}, {15, 1}, {20, 1}, {25, 1}, {30, 1}, {40, 1},  {50, 1},  {3, 2},
    {4, 3},   {5, 2},  {5, 3},  {5, 4},  {7, 2},  {6, 5},  {11, 10}, {21, 20},
});

bool is_near(double ratio, Factor factor) {
  return std::abs(ratio / factor.value() - 1) <= kNear;
}

}  // namespace

std::string_view to_string(FactorKind kind) {
  switch (kind) {
    case FactorKind::none: return "none";
    case FactorKind::units: return "units";
    case FactorKind::split: return "split";
  }
  return "none";
}

FactorKind Factor::kind() const {
  if (is_one()) return FactorKind::none;
  return std::max(numerator, denominator) == 100 ? FactorKind::units : FactorKind::split;
}

std::string to_string(Factor factor) {
  return fmt::format("{}:{}", factor.numerator, factor.denominator);
}

std::optional<Factor> nearest_factor(double ratio) {
  if (!std::isfinite(ratio) || ratio <= 0) return std::nullopt;
  const bool above = ratio > 1;
  for (const Factor known : kFactors) {
    const Factor factor = above ? known : known.inverse();
    if (is_near(ratio, factor)) return factor;
  }
  return std::nullopt;
}

}  // namespace vortex
