// Yahoo's chart document → a page: one pass over the bytes with simdjson, straight into the columns
// of the batch. The room's own header; pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/time_zone.hpp"
#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/provider/adapter.hpp"

namespace vortex {

// What was asked, as decode needs it. Borrows.
struct ChartQuery {
  const BarsRequest& request;
  std::string_view symbol;  // Yahoo's spelling
  const IntervalSupport& support;
};

// `meta`, as far as it is used. Empty or none where Yahoo left it out or gave null.
struct ChartMeta {
  std::string symbol;
  std::string granularity;
  std::string currency;
  std::string exchange;
  std::string type;
  std::string zone;
  std::string name;
  std::optional<std::int64_t> first_trade;    // unix seconds, as all below
  std::optional<std::int64_t> market_time;    // the latest trade or quote
  std::optional<std::int64_t> price_hint;     // decimals
  std::optional<std::int64_t> regular_start;  // the current or coming session
  std::optional<std::int64_t> regular_end;
};

struct ChartAction {
  ActionKind kind = ActionKind::dividend;
  std::int64_t date = 0;  // unix seconds
  double amount = BarBatchBuilder::kMissing;
  double numerator = BarBatchBuilder::kMissing;
  double denominator = BarBatchBuilder::kMissing;
  std::string currency;
};

// One document as read, before anything is judged. The builder's timestamps hold unix seconds.
struct Chart {
  ChartMeta meta;
  BarBatchBuilder bars;
  std::vector<ChartAction> actions;
};

// The walk (yahoo_chart.cpp). Errors name the member and, where JSON itself is broken, the byte.
Result<Chart> read_yahoo_chart(const HttpReply& reply);

// Turns seconds into stamps of bars, drops what is no bar, outside, or unfinal (yahoo_bars.cpp).
Result<void> settle_yahoo_bars(const ChartQuery& query, TimeZone zone, TimePoint received_at,
                               Chart& chart, Page& page);

// The whole way (yahoo_page.cpp).
Result<Page> decode_yahoo_chart(const ChartQuery& query, const HttpReply& reply);
Page empty_yahoo_page();

}  // namespace vortex
