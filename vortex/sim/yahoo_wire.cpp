#include "vortex/sim/yahoo_wire.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "vortex/base/json.hpp"
#include "vortex/sim/hash.hpp"
#include "vortex/sim/yahoo_query.hpp"
#include "vortex/sim/yahoo_rows.hpp"

namespace vortex {
namespace {

using std::chrono::days;

constexpr std::int64_t kScale = 3;

double rounded(double price, int decimals) {
  const double scale = std::pow(10.0, decimals);
  return std::round(price * scale) / scale;
}

// Everything the parts of one answer share.
struct Chart {
  const Market& market;
  const Listing& listing;
  const ChartQuery& query;
  ChartRows rows;
  TimePoint now;
  std::string symbol;
};

std::optional<SimBar> last_traded(const std::vector<SimBar>& bars) {
  const auto found =
      std::ranges::find_if(bars.rbegin(), bars.rend(), [](const SimBar& b) { return !b.empty; });
  if (found == bars.rend()) return std::nullopt;
  return *found;
}

// The last close before a session date.
std::optional<double> close_before(const Chart& chart, Date date) {
  constexpr days kReach(15);
  const auto bars = chart.market.daily(chart.listing, {date - kReach, date - days(1)}, chart.now);
  const auto bar = last_traded(bars);
  if (!bar) return std::nullopt;
  return bar->close;
}

void write_period(JsonWriter& json, const Chart& chart, TimePoint start, TimePoint end) {
  VenueClock clock(*chart.listing.venue);
  json.begin_object();
  json.member("timezone", clock.zone_name(start));
  json.member("start", to_unix_seconds(start));
  json.member("end", to_unix_seconds(end));
  json.member("gmtoffset", clock.offset_seconds(start));
  json.end_object();
}

// Yahoo ends a day that never closes one minute early.
TimePoint written_close(const Chart& chart, const TradingDay& day) {
  return chart.listing.venue->around_the_clock() ? day.close - std::chrono::minutes(1) : day.close;
}

void write_current_period(JsonWriter& json, const Chart& chart) {
  VenueClock clock(*chart.listing.venue);
  const Venue& venue = *chart.listing.venue;
  TradingDay day = clock.day(trading_date_on_or_after(venue, clock.local_date(chart.now)));
  const TimePoint close = written_close(chart, day);
  json.key("currentTradingPeriod");
  json.begin_object();
  json.key("pre");
  write_period(json, chart, day.pre, day.open);
  json.key("regular");
  write_period(json, chart, day.open, close);
  json.key("post");
  write_period(json, chart, close, std::max(close, day.post == day.close ? close : day.post));
  json.end_object();
}

std::vector<TradingDay> days_of_rows(const Chart& chart) {
  VenueClock clock(*chart.listing.venue);
  std::vector<TradingDay> found;
  for (const std::int64_t stamp : chart.rows.stamps) {
    const Date date = clock.local_date(from_unix_seconds(stamp));
    if (found.empty() || found.back().date != date) found.push_back(clock.day(date));
  }
  return found;
}

template <class Bounds>
void write_period_lists(JsonWriter& json, const Chart& chart, const std::vector<TradingDay>& all,
                        Bounds bounds) {
  json.begin_array();
  for (const TradingDay& day : all) {
    const auto [start, end] = bounds(day);
    json.begin_array();
    write_period(json, chart, start, end);
    json.end_array();
  }
  json.end_array();
}

// A list of lists; with pre- and post-market asked for, an object of three.
void write_trading_periods(JsonWriter& json, const Chart& chart) {
  const auto all = days_of_rows(chart);
  if (all.empty()) return;
  using Pair = std::pair<TimePoint, TimePoint>;
  const auto regular = [&](const TradingDay& d) {
    return Pair(d.open, written_close(chart, d));
  };
  json.key("tradingPeriods");
  if (!chart.query.off_session) return write_period_lists(json, chart, all, regular);
  json.begin_object();
  json.key("pre");
  write_period_lists(json, chart, all, [](const TradingDay& d) { return Pair(d.pre, d.open); });
  json.key("post");
  write_period_lists(json, chart, all, [](const TradingDay& d) { return Pair(d.close, d.post); });
  json.key("regular");
  write_period_lists(json, chart, all, regular);
  json.end_object();
}

void write_day_figures(JsonWriter& json, const Chart& chart, const std::vector<SimBar>& year,
                       const SimBar& today) {
  const int decimals = chart.listing.price_decimals;
  json.member("regularMarketPrice", rounded(today.close, decimals));
  double high = today.high;
  double low = today.low;
  for (const SimBar& bar : year) {
    if (bar.empty) continue;
    high = std::max(high, bar.high);
    low = std::min(low, bar.low);
  }
  json.member("fiftyTwoWeekHigh", rounded(high, decimals));
  json.member("fiftyTwoWeekLow", rounded(low, decimals));
  if (chart.listing.kind == ListingKind::fund) return;
  json.member("regularMarketDayHigh", rounded(today.high, decimals));
  json.member("regularMarketDayLow", rounded(today.low, decimals));
  json.member("regularMarketVolume", today.volume);
}

std::int64_t market_time(const Chart& chart, const std::optional<SimBar>& today) {
  if (!today) return to_unix_seconds(chart.now);
  VenueClock clock(*chart.listing.venue);
  const TradingDay day = clock.day(clock.local_date(today->start));
  return chart.now < day.close ? to_unix_seconds(chart.now) : to_unix_seconds(day.close) + 1;
}

void write_previous_closes(JsonWriter& json, const Chart& chart) {
  VenueClock clock(*chart.listing.venue);
  const TimePoint first = chart.rows.bars.empty() ? from_unix_seconds(chart.query.period1)
                                                  : chart.rows.bars.front().start;
  const int decimals = chart.listing.price_decimals == 4 ? 4 : 3;
  if (const auto close = close_before(chart, clock.local_date(first))) {
    json.member("chartPreviousClose", rounded(*close, decimals));
  }
  if (!chart.query.interval.intraday()) return;
  if (const auto close = close_before(chart, clock.local_date(chart.now))) {
    json.member("previousClose", rounded(*close, decimals));
  }
  json.member("scale", kScale);
}

void write_identity(JsonWriter& json, const Chart& chart, std::int64_t market_time) {
  const Listing& listing = chart.listing;
  VenueClock clock(*listing.venue);
  json.member("currency", listing.currency);
  json.member("symbol", chart.symbol);
  json.member("exchangeName", listing.venue->code);
  json.member("fullExchangeName", listing.venue->name);
  json.member("instrumentType", yahoo_type(listing.kind));
  json.member("firstTradeDate", to_unix_seconds(clock.day(listing.first_trade).open));
  json.member("regularMarketTime", market_time);
  json.member("hasPrePostMarketData", listing.venue->holidays == HolidayRule::us &&
                                          listing.venue->pre_minute != listing.venue->open_minute);
  json.member("gmtoffset", clock.offset_seconds(chart.now));
  json.member("timezone", clock.zone_name(chart.now));
  json.member("exchangeTimezoneName", listing.venue->zone);
}

void write_meta(JsonWriter& json, const Chart& chart) {
  const Listing& listing = chart.listing;
  VenueClock clock(*listing.venue);
  const Date local_today = clock.local_date(chart.now);
  auto year = chart.market.daily(listing, {local_today - days(365), local_today}, chart.now);
  auto today = last_traded(year);
  if (!today)
    today = last_traded(chart.market.daily(listing, {listing.first_trade, local_today}, chart.now));
  json.key("meta");
  json.begin_object();
  write_identity(json, chart, market_time(chart, today));
  if (today) write_day_figures(json, chart, year, *today);
  json.member("longName", listing.long_name);
  json.member("shortName", listing.short_name);
  write_previous_closes(json, chart);
  json.member("priceHint", listing.price_decimals);
  write_current_period(json, chart);
  if (chart.query.interval.intraday()) write_trading_periods(json, chart);
  json.member("dataGranularity", chart.query.interval.name);
  json.member("range", chart.query.range);
  json.key("validRanges");
  json.begin_array();
  for (const std::string_view range : valid_ranges(listing)) json.value(range);
  json.end_array();
  json.end_object();
}

// Under which key an event stands: its bar's stamp. `date` inside it is the event's own.
struct EventPlace {
  std::string key;
  std::int64_t date = 0;
};

EventPlace place_of(const Chart& chart, Date ex_date) {
  VenueClock clock(*chart.listing.venue);
  const std::int64_t open = to_unix_seconds(clock.day(ex_date).open);
  const ChartUnit unit = chart.query.interval.unit;
  const bool grouped = unit != ChartUnit::day && unit != ChartUnit::minute;
  const std::int64_t stamp =
      grouped ? to_unix_seconds(clock.midnight_of(group_date(unit, ex_date))) : open;
  return {std::to_string(stamp), open};
}

void write_payments(JsonWriter& json, const Chart& chart, std::string_view name,
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
    json.member("amount", rounded(payment.amount, 6));
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

void write_splits(JsonWriter& json, const Chart& chart, const std::vector<StockSplit>& splits) {
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

DateSpan event_dates(const Chart& chart) {
  VenueClock clock(*chart.listing.venue);
  const TimePoint start = from_unix_seconds(chart.query.period1);
  const TimePoint end = std::min(from_unix_seconds(chart.query.period2), chart.now);
  DateSpan dates{clock.local_date(start), clock.local_date(end)};
  if (clock.day(dates.first).open < start) dates.first += days(1);
  if (clock.day(dates.last).open > end) dates.last -= days(1);
  return dates;
}

void write_events(JsonWriter& json, const Chart& chart) {
  const DateSpan dates = event_dates(chart);
  const ChartQuery& query = chart.query;
  std::vector<CashPayment> dividends;
  std::vector<CashPayment> gains;
  std::vector<StockSplit> splits;
  if (query.wants_dividends) dividends = chart.market.dividends(chart.listing, dates, chart.now);
  if (query.wants_gains) gains = chart.market.capital_gains(chart.listing, dates, chart.now);
  if (query.wants_splits) splits = chart.market.splits(chart.listing, dates);
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
void write_indicators(JsonWriter& json, const Chart& chart) {
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

std::string write_chart(const Chart& chart) {
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
    return {500, to_json(ChartRefusal{500, "Internal Server Error", listing.error().to_line()})};
  }
  if (!*listing) return {404, to_json(unknown_symbol_refusal())};
  const auto query = read_chart_query(request.params, **listing, now);
  if (!query) return {query.error().status, to_json(query.error())};
  const std::string& named = request.answer_symbol.empty() ? request.symbol : request.answer_symbol;
  return {200, write_chart({market, **listing, *query, chart_rows(market, **listing, *query, now),
                            now, named})};
}

}  // namespace vortex
