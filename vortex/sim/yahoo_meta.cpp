#include "vortex/sim/yahoo_meta.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

namespace vortex {
namespace {

using std::chrono::days;

constexpr std::int64_t kScale = 3;

std::optional<SimBar> last_traded(const std::vector<SimBar>& bars) {
  const auto found =
      std::ranges::find_if(bars.rbegin(), bars.rend(), [](const SimBar& b) { return !b.empty; });
  if (found == bars.rend()) return std::nullopt;
  return *found;
}

// The last close before a session date.
std::optional<double> close_before(const ChartParts& chart, Date date) {
  constexpr days kReach(15);
  const auto bars = chart.market->daily(
      chart.listing, {.first = date - kReach, .last = date - days(1)}, chart.now);
  const auto bar = last_traded(bars);
  if (!bar) return std::nullopt;
  return bar->close;
}

void write_period(JsonWriter& json, const ChartParts& chart, TimePoint start, TimePoint end) {
  VenueClock clock(*chart.listing.venue);
  json.begin_object();
  json.member("timezone", clock.zone_name(start));
  json.member("start", to_unix_seconds(start));
  json.member("end", to_unix_seconds(end));
  json.member("gmtoffset", clock.offset_seconds(start));
  json.end_object();
}

// Yahoo ends a day that never closes one minute early.
TimePoint written_close(const ChartParts& chart, const TradingDay& day) {
  return chart.listing.venue->around_the_clock() ? day.close - std::chrono::minutes(1) : day.close;
}

void write_current_period(JsonWriter& json, const ChartParts& chart) {
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

std::vector<TradingDay> days_of_rows(const ChartParts& chart) {
  VenueClock clock(*chart.listing.venue);
  std::vector<TradingDay> found;
  for (const std::int64_t stamp : chart.rows.stamps) {
    const Date date = clock.local_date(from_unix_seconds(stamp));
    if (found.empty() || found.back().date != date) found.push_back(clock.day(date));
  }
  return found;
}

template <class Bounds>
void write_period_lists(JsonWriter& json, const ChartParts& chart,
                        const std::vector<TradingDay>& all, Bounds bounds) {
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
void write_trading_periods(JsonWriter& json, const ChartParts& chart) {
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

void write_day_figures(JsonWriter& json, const ChartParts& chart, const std::vector<SimBar>& year,
                       const SimBar& today) {
  const int decimals = chart.listing.price_decimals;
  json.member("regularMarketPrice", round_to_decimals(today.close, decimals));
  double high = today.high;
  double low = today.low;
  for (const SimBar& bar : year) {
    if (bar.empty) continue;
    high = std::max(high, bar.high);
    low = std::min(low, bar.low);
  }
  json.member("fiftyTwoWeekHigh", round_to_decimals(high, decimals));
  json.member("fiftyTwoWeekLow", round_to_decimals(low, decimals));
  if (chart.listing.kind == ListingKind::fund) return;
  json.member("regularMarketDayHigh", round_to_decimals(today.high, decimals));
  json.member("regularMarketDayLow", round_to_decimals(today.low, decimals));
  json.member("regularMarketVolume", today.volume);
}

std::int64_t market_time(const ChartParts& chart, const std::optional<SimBar>& today) {
  if (!today) return to_unix_seconds(chart.now);
  VenueClock clock(*chart.listing.venue);
  const TradingDay day = clock.day(clock.local_date(today->start));
  return chart.now < day.close ? to_unix_seconds(chart.now) : to_unix_seconds(day.close) + 1;
}

void write_previous_closes(JsonWriter& json, const ChartParts& chart) {
  VenueClock clock(*chart.listing.venue);
  const TimePoint first = chart.rows.bars.empty() ? from_unix_seconds(chart.query.period1)
                                                  : chart.rows.bars.front().start;
  const int decimals = chart.listing.price_decimals == 4 ? 4 : 3;
  if (const auto close = close_before(chart, clock.local_date(first))) {
    json.member("chartPreviousClose", round_to_decimals(*close, decimals));
  }
  if (!chart.query.interval.intraday()) return;
  if (const auto close = close_before(chart, clock.local_date(chart.now))) {
    json.member("previousClose", round_to_decimals(*close, decimals));
  }
  json.member("scale", kScale);
}

void write_identity(JsonWriter& json, const ChartParts& chart, std::int64_t market_time) {
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

}  // namespace

double round_to_decimals(double price, int decimals) {
  const double scale = std::pow(10.0, decimals);
  return std::round(price * scale) / scale;
}

void write_meta(JsonWriter& json, const ChartParts& chart) {
  const Listing& listing = chart.listing;
  VenueClock clock(*listing.venue);
  const Date local_today = clock.local_date(chart.now);
  auto year = chart.market->daily(listing, {.first = local_today - days(365), .last = local_today},
                                  chart.now);
  auto today = last_traded(year);
  if (!today)
    today = last_traded(chart.market->daily(
        listing, {.first = listing.first_trade, .last = local_today}, chart.now));
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

}  // namespace vortex
