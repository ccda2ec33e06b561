// Splits and dividends as a row of a file can carry them, for tools that adjust prices themselves.
// Pure.
//
// A tool that meets `split` s on a row divides the prices of all earlier rows by s; one that meets
// `dividend` a multiplies them by (1 - a / close of the row before). An event of a day that has no
// row therefore goes to the next row: every row keeps its factor. Events up to the first row act on
// nothing and are left out.
#pragma once

#include <vector>

#include "vortex/base/time.hpp"
#include "vortex/model/adjustment.hpp"
#include "vortex/store/adjust.hpp"

namespace vortex {

struct RowEvents {
  double dividend = 0;  // a share of the row before, as its price is quoted
  double split = 1;     // new shares for an old one
  bool operator==(const RowEvents&) const = default;
};

// `sessions`: the rows' dates, ascending. `in_prices`: what the rows have in them already (up to
// `basis`, for `split`), so that the events are what is left to apply.
std::vector<RowEvents> events_on_rows(const std::vector<Date>& sessions,
                                      const std::vector<ActionOnBasis>& actions,
                                      Adjustment in_prices, Date basis);

}  // namespace vortex
