// Splits, dividends and capital gains: kept apart from prices, applied when read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vortex/base/time.hpp"

namespace vortex {

enum class ActionKind : std::uint8_t { dividend, split, capital_gain };

struct CorporateAction {
  ActionKind kind = ActionKind::dividend;
  Date ex_date;          // session date in the exchange's zone
  double amount = 0;     // dividend, capital gain: per share, in split-adjusted units as of `basis`
  double numerator = 1;  // split: new shares …
  double denominator = 1;  // … for this many old ones
  std::string currency;    // empty: the instrument's
  bool operator==(const CorporateAction&) const = default;
};

std::string_view to_string(ActionKind kind);

}  // namespace vortex
