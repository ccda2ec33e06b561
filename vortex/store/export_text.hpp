// One series as the text a back-testing tool reads (docs/exports.md). Pure: the same table, actions
// and zone give the same bytes.
#pragma once

#include <vector>

#include <arrow/type_fwd.h>

#include "vortex/base/time_zone.hpp"
#include "vortex/codec/bar_file.hpp"
#include "vortex/store/adjust.hpp"

namespace vortex {

struct ExportSeries {
  const arrow::Table& bars;  // bar_schema, ascending, as Dataset::read gives them
  Interval interval = Interval::d1;
  Adjustment adjust = Adjustment::split;  // what `bars` are on
  const std::vector<ActionOnBasis>& actions;
  TimeZone zone = TimeZone::utc();  // of the exchange
};

// date,open,high,low,close,volume,dividend,split; dates of sessions for 1d, else the end of the bar
// in UTC, without a zone; volumes whole; events in daily files alone. `unsupported` for prices that
// zipline's unsigned thousandths cannot hold.
Result<void> write_zipline(const ExportSeries& series, const ByteSink& sink);

// datetime,open,high,low,close,volume,openinterest; the end of the bar in the exchange's wall time;
// for 1d and longer the last day the bar spans. `unsupported` where those times do not rise,
// because clocks went back while the market was open.
Result<void> write_backtrader(const ExportSeries& series, const ByteSink& sink);

}  // namespace vortex
