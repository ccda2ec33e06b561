// A Barchart answer as read, before anything is judged: one pass over JSON or CSV, straight into
// the columns of the batch. The room's own header; pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vortex/base/time_zone.hpp"
#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/provider/adapter.hpp"
#include "vortex/provider/barchart/barchart_symbol.hpp"

namespace vortex {

enum class BarchartForm : std::uint8_t { ondemand, saved };

// What was asked, as reading needs it. Borrows.
struct BarchartQuery {
  const BarsRequest& request;
  std::string_view symbol;  // Barchart's spelling
  BarchartForm form = BarchartForm::ondemand;
  bool labels_are_ends = false;  // of intraday bars
};

struct BarchartRows {
  // Timestamps in microseconds: of the session's date for day-or-longer intervals, else UTC where
  // `stamps_are_utc`, else of the wall clock in the zone of the instrument's class.
  BarBatchBuilder bars;
  bool stamps_are_utc = false;
  bool has_time_of_day = false;
  std::string symbol;              // of a symbol column; empty: there is none
  std::optional<TimePoint> as_of;  // the moment in a saved file's last line
};

// Errors name the member, or the column and line, with what was expected and what came.
Result<BarchartRows> read_barchart_json(const BarchartQuery& query, const HttpReply& reply);
Result<BarchartRows> read_barchart_csv(const BarchartQuery& query, const HttpReply& reply);

// Rows → page: order, zone, range, what is final, instrument (barchart_page.cpp).
Result<Page> settle_barchart(const BarchartQuery& query, const HttpReply& reply, BarchartRows rows);
Page empty_barchart_page();

}  // namespace vortex
