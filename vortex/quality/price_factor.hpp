// The ratios that two providers' numbers of one bar have to each other for a known reason: units of
// a hundred (pence and pounds, cents), and what splits and stock dividends leave behind. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vortex {

enum class FactorKind : std::uint8_t { none, units, split };  // none: 1:1
std::string_view to_string(FactorKind kind);                  // "units"

// What the second provider says is numerator / denominator times what the first says.
struct Factor {
  int numerator = 1;
  int denominator = 1;

  double value() const { return static_cast<double>(numerator) / denominator; }
  Factor inverse() const { return {.numerator = denominator, .denominator = numerator}; }
  bool is_one() const { return numerator == denominator; }
  FactorKind kind() const;
  bool operator==(const Factor&) const = default;
};

std::string to_string(Factor factor);  // "4:1"

// The known factor within a hundredth of the ratio; none where there is none. Never 1:1.
std::optional<Factor> nearest_factor(double ratio);

}  // namespace vortex
