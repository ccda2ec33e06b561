// Brings prices from the basis they were received on to the one asked for, with splits and
// dividends. Pure.
//
// A bar belongs to its last session date d (for 1wk and 1mo the last day it spans). A split n:m
// with ex-date e > d means: prices before it are divided by n/m, volumes multiplied; on which
// shares a row stands is said in share_basis.hpp.
//   none   undoes the splits that are in the row: those with d < e <= basis
//   split  applies those that are not, up to `today`
//   all    split, and times the factor (1 - amount/close) for each dividend with e > d, where close
//          is the split-adjusted close of the last bar before e; amounts are brought to today's
//          shares by the splits after their own basis. Volume is left alone.
#pragma once

#include <optional>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/time_zone.hpp"
#include "vortex/model/adjustment.hpp"
#include "vortex/model/corporate_action.hpp"
#include "vortex/model/interval.hpp"
#include "vortex/store/bar_columns.hpp"
#include "vortex/store/share_basis.hpp"

namespace vortex {

// An action and the day up to which splits are in its amount.
struct ActionOnBasis {
  CorporateAction action;
  Date basis;
};

struct AdjustContext {
  Interval interval = Interval::d1;
  TimeZone zone = TimeZone::utc();  // of the exchange: which session an intraday bar belongs to
  Date today;                       // announced actions after it are not applied
  Adjustment target = Adjustment::split;
};

// The splits of a series up to a day, ascending; those without a sound ratio left out.
std::vector<Split> splits_of(const std::vector<ActionOnBasis>& actions, Date until);

// `corrupt` where the row's adjustment is no word we know.
Result<RowBasis> basis_of(const BarColumns& rows, std::size_t row);

// Rows ascending by time. `adjusted` and `basis` are set to what the rows now are. unsupported when
// rows with dividends in them shall lose those.
Result<void> adjust_rows(BarColumns& rows, const std::vector<ActionOnBasis>& actions,
                         const AdjustContext& asked);

}  // namespace vortex
