// The parameters of a chart request, read and judged as Yahoo does: intervals, ranges, how far back
// and how much at once. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "vortex/base/http_message.hpp"
#include "vortex/base/time.hpp"
#include "vortex/sim/listing.hpp"

namespace vortex {

enum class ChartUnit : std::uint8_t { minute, day, week, month, quarter };

struct ChartInterval {
  std::string_view name;  // "1h", "1wk"
  ChartUnit unit = ChartUnit::day;
  int minutes = 0;     // of a slot; 0 for a day and longer
  int depth_days = 0;  // how old a request may begin; 0: no limit
  int span_days = 0;   // how much a request may cover; 0: no limit

  bool intraday() const { return unit == ChartUnit::minute; }
};

struct ChartQuery {
  ChartInterval interval;
  std::string range;         // "" when period1/period2 were given
  std::int64_t period1 = 0;  // unix seconds; both ends included
  std::int64_t period2 = 0;
  bool off_session = false;  // includePrePost
  bool wants_dividends = false;
  bool wants_splits = false;
  bool wants_gains = false;
};

// What Yahoo writes instead of a chart.
struct ChartRefusal {
  int status = 400;
  std::string code;  // "Bad Request"
  std::string description;
};

std::expected<ChartQuery, ChartRefusal> read_chart_query(const QueryParams& params,
                                                         const Listing& listing, TimePoint now);

ChartRefusal unknown_symbol_refusal();

// {"chart":{"result":null,"error":{…}}}
std::string to_json(const ChartRefusal& refusal);

// meta.validRanges of a listing.
std::span<const std::string_view> valid_ranges(const Listing& listing);

}  // namespace vortex
