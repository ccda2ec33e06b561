#include "vortex/sim/yahoo_wire.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "vortex/sim/hash.hpp"
#include "vortex/sim/yahoo_meta.hpp"

namespace vortex {
namespace {

using std::chrono::days;

// Under which key an event stands: its bar's stamp. `date` inside it is the event's own.
struct EventPlace {
  std::string key;
  std::int64_t date = 0;
};

EventPlace place_of(const ChartParts& chart, Date ex_date) {
  VenueClock clock(*chart.listing.venue);
  const std::int64_t open = to_unix_seconds(clock.day(ex_date).open);
  const ChartUnit unit = chart.query.interval.unit;
  const bool grouped = unit != ChartUnit::day && unit != ChartUnit::minute;
  const std::int64_t stamp =
      grouped ? to_unix_seconds(clock.midnight_of(group_date(unit, ex_date))) : open;
  return {.key = std::to_string(stamp), .date = open};
}

void write_payments(JsonWriter& json, const ChartParts& chart, std::string_view name,
                    const std::vector<CashPayment>& payments) {
  if (payments.empty()) return;
  json.key(name);
  json.begin_object();
  std::string last_key;
  for (const CashPayment& payment : payments) {
    const EventPlace place = place_of(chart, payment.ex_date);
    if (place.key == last_key) continue;  // one event a bar, as a JSON object has it
    last_key = place.key;
    json.key(place.key);
    json.begin_object();
    json.member("amount", round_to_decimals(payment.amount, 6));
    json.member("date", place.date);
    json.end_object();
  }
  json.end_object();
}

std::string plain_number(double number) {
  std::string text;
  append_double(text, number);
  return text;
}

void write_splits(JsonWriter& json, const ChartParts& chart,
                  const std::vector<StockSplit>& splits) {
  if (splits.empty()) return;
  json.key("splits");
  json.begin_object();
  for (const StockSplit& split : splits) {
    const EventPlace place = place_of(chart, split.date);
    json.key(place.key);
    json.begin_object();
    json.member("date", place.date);
    json.member("numerator", split.numerator);
    json.member("denominator", split.denominator);
    json.member("splitRatio",
                plain_number(split.numerator) + ":" + plain_number(split.denominator));
    json.end_object();
  }
  json.end_object();
}

DateSpan event_dates(const ChartParts& chart) {
  VenueClock clock(*chart.listing.venue);
  const TimePoint start = from_unix_seconds(chart.query.period1);
  const TimePoint end = std::min(from_unix_seconds(chart.query.period2), chart.now);
  DateSpan dates{.first = clock.local_date(start), .last = clock.local_date(end)};
  if (clock.day(dates.first).open < start) dates.first += days(1);
  if (clock.day(dates.last).open > end) dates.last -= days(1);
  return dates;
}

void write_events(JsonWriter& json, const ChartParts& chart) {
  const DateSpan dates = event_dates(chart);
  const ChartQuery& query = chart.query;
  std::vector<CashPayment> dividends;
  std::vector<CashPayment> gains;
  std::vector<StockSplit> splits;
  if (query.wants_dividends) dividends = chart.market->dividends(chart.listing, dates, chart.now);
  if (query.wants_gains) gains = chart.market->capital_gains(chart.listing, dates, chart.now);
  if (query.wants_splits) splits = chart.market->splits(chart.listing, dates);
  if (dividends.empty() && gains.empty() && splits.empty()) return;
  json.key("events");
  json.begin_object();
  write_payments(json, chart, "dividends", dividends);
  write_payments(json, chart, "capitalGains", gains);
  write_splits(json, chart, splits);
  json.end_object();
}

template <class Get>
void write_column(JsonWriter& json, std::string_view name, const std::vector<SimBar>& bars,
                  Get get) {
  json.key(name);
  json.begin_array();
  for (const SimBar& bar : bars) {
    if (bar.empty) {
      json.null();
    } else {
      json.value(get(bar));
    }
  }
  json.end_array();
}

void write_quote_column(JsonWriter& json, int which, const std::vector<SimBar>& bars) {
  switch (which) {
    case 0: return write_column(json, "open", bars, [](const SimBar& b) { return b.open; });
    case 1: return write_column(json, "volume", bars, [](const SimBar& b) { return b.volume; });
    case 2: return write_column(json, "close", bars, [](const SimBar& b) { return b.close; });
    case 3: return write_column(json, "low", bars, [](const SimBar& b) { return b.low; });
    default: return write_column(json, "high", bars, [](const SimBar& b) { return b.high; });
  }
}

void write_adjusted(JsonWriter& json, const ChartRows& rows) {
  json.key("adjclose");
  json.begin_array();
  json.begin_object();
  if (!rows.bars.empty()) {
    json.key("adjclose");
    json.begin_array();
    for (std::size_t i = 0; i < rows.bars.size(); ++i) {
      if (rows.bars[i].empty) {
        json.null();
      } else {
        json.value(rows.adjusted_closes[i]);
      }
    }
    json.end_array();
  }
  json.end_object();
  json.end_array();
}

// The five columns stand in no fixed order, and change it from request to request.
void write_indicators(JsonWriter& json, const ChartParts& chart) {
  json.key("indicators");
  json.begin_object();
  json.key("quote");
  json.begin_array();
  json.begin_object();
  if (!chart.rows.bars.empty()) {
    const auto first = static_cast<int>(hash_at(hash_text(chart.symbol), chart.query.period1) % 5);
    for (int i = 0; i < 5; ++i) write_quote_column(json, (first + i) % 5, chart.rows.bars);
  }
  json.end_object();
  json.end_array();
  if (!chart.query.interval.intraday()) write_adjusted(json, chart.rows);
  json.end_object();
}

std::string write_chart(const ChartParts& chart) {
  JsonWriter json;
  json.begin_object();
  json.key("chart");
  json.begin_object();
  json.key("result");
  json.begin_array();
  json.begin_object();
  write_meta(json, chart);
  if (!chart.rows.stamps.empty()) {
    json.key("timestamp");
    json.begin_array();
    for (const std::int64_t stamp : chart.rows.stamps) json.value(stamp);
    json.end_array();
  }
  write_events(json, chart);
  write_indicators(json, chart);
  json.end_object();
  json.end_array();
  json.key("error");
  json.null();
  json.end_object();
  json.end_object();
  return json.take();
}

}  // namespace

WireAnswer chart_answer(Market& market, const ChartRequest& request, TimePoint now) {
  const auto listing = market.find(request.symbol);
  if (!listing) {
    return {.status = 500,
            .body = to_json(ChartRefusal{.status = 500,
                                         .code = "Internal Server Error",
                                         .description = listing.error().to_line()})};
  }
  if (!*listing) return {.status = 404, .body = to_json(unknown_symbol_refusal())};
  const auto query = read_chart_query(request.params, **listing, now);
  if (!query) return {.status = query.error().status, .body = to_json(query.error())};
  const std::string& named = request.answer_symbol.empty() ? request.symbol : request.answer_symbol;
  return {.status = 200,
          .body = write_chart({.market = &market,
                               .listing = **listing,
                               .query = *query,
                               .rows = chart_rows(market, **listing, *query, now),
                               .now = now,
                               .symbol = named})};
}

}  // namespace vortex
