// The rows of a chart answer: which bars, under which stamps, with the live row where Yahoo has
// one. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "vortex/sim/market.hpp"
#include "vortex/sim/yahoo_query.hpp"

namespace vortex {

struct ChartRows {
  std::vector<std::int64_t> stamps;
  std::vector<SimBar> bars;
  std::vector<double> adjusted_closes;  // a day and longer
};

// A day and longer: stamped by session open, Monday or first of the month; both ends of the window
// included; a week or month whose stamp is inside comes whole. Today's row: a daily one carries the
// last trade's time instead of the open's; a longer interval gets it as an additional row.
// Intraday: the running slot, then a row without volume at the last trade's time; after the close
// that row stands at the close, and is added to windows that ended up to a day before it, as Yahoo
// does.
ChartRows chart_rows(const Market& market, const Listing& listing, const ChartQuery& query,
                     TimePoint now);

// Stamp of the week, month or quarter that holds this session date (local date).
Date group_date(ChartUnit unit, Date session);

}  // namespace vortex
