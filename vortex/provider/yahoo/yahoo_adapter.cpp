#include "vortex/provider/yahoo/yahoo_adapter.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "vortex/base/ascii.hpp"
#include "vortex/provider/yahoo/yahoo_chart.hpp"
#include "vortex/provider/yahoo/yahoo_errors.hpp"

namespace vortex {
namespace {

using std::chrono::days;

constexpr std::string_view kChartHost = "query2.finance.yahoo.com";
constexpr std::string_view kChartPath = "/v8/finance/chart/";

Capabilities make_capabilities() {
  constexpr Duration kWeek = days(7);
  constexpr Duration kSixtyDays = days(60);
  constexpr Duration kHourly = days(730);
  constexpr Duration kNinetyNineYears = days(36'159);
  return {
      .name = "yahoo",
      .title = "Yahoo Finance",
      .default_base_url = "https://query2.finance.yahoo.com",
      .intervals = {{Interval::m1, "1m", days(30), kWeek},
                    {Interval::m5, "5m", kSixtyDays, kSixtyDays},
                    {Interval::m15, "15m", kSixtyDays, kSixtyDays},
                    {Interval::m30, "30m", kSixtyDays, kSixtyDays},
                    {Interval::h1, "60m", kHourly, kHourly},
                    {Interval::d1, "1d", std::nullopt, kNinetyNineYears},
                    {Interval::wk1, "1wk", std::nullopt, kNinetyNineYears},
                    {Interval::mo1, "1mo", std::nullopt, kNinetyNineYears}},
      .limits = {"5/5s"},
      .concurrency = 4,
      .auth = "session",
      .cost = "free, unofficial, for personal use",
      .terms = "https://legal.yahoo.com/us/en/yahoo/terms/otos/index.html",
  };
}

// Sessions of a date lie within a day of its UTC midnight in every zone; decode cuts by session
// date.
constexpr Duration kZonePad = days(1);

TimePoint end_of_part(Interval interval, TimePoint start, Duration span_max) {
  const TimePoint end = start + span_max;
  return is_intraday(interval) ? end : midnight(bar_date(interval, date_of(end)));
}

HttpCall chart_call(const BarsRequest& request, const std::string& symbol,
                    const IntervalSupport& support, TimeRange part) {
  // A bar stamped exactly period2 is sent too: intraday, a second less is asked.
  const bool intraday = is_intraday(request.interval);
  const TimePoint first = intraday ? part.start : part.start - kZonePad;
  const TimePoint last = intraday ? part.end - std::chrono::seconds(1) : part.end + kZonePad;
  return {.host = std::string(kChartHost),
          .path = std::string(kChartPath) + percent_encode(symbol),
          .query = {{"interval", std::string(support.provider_word)},
                    {"period1", std::to_string(to_unix_seconds(first))},
                    {"period2", std::to_string(to_unix_seconds(last))},
                    {"events", "div,splits,capitalGains"},
                    {"includePrePost", "false"}}};
}

std::optional<TimePoint> time_param(const HttpCall& call, std::string_view name) {
  const auto found = std::ranges::find(call.query, name, &QueryParams::value_type::first);
  if (found == call.query.end()) return std::nullopt;
  const std::string& text = found->second;
  std::int64_t seconds = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return from_unix_seconds(seconds);
}

}  // namespace

const Capabilities& YahooAdapter::capabilities() const {
  static const Capabilities capabilities = make_capabilities();
  return capabilities;
}

Result<std::string> YahooAdapter::map_symbol(const Symbol& symbol) const {
  const auto is_yahoos = [](char c) {
    return is_alnum(c) || std::string_view("^=.-&_").contains(c);
  };
  if (std::ranges::all_of(symbol.text(), is_yahoos)) return symbol.text();
  return std::unexpected(no_spelling(capabilities(), symbol));
}

Result<std::vector<HttpCall>> YahooAdapter::plan(const BarsRequest& request, TimePoint now) const {
  VORTEX_TRY(const IntervalSupport support, find_interval(capabilities(), request.interval));
  VORTEX_TRY(TimeRange range, served_range(capabilities(), request, now));
  VORTEX_TRY(const std::string symbol, spelling_of(*this, request));
  range = whole_bars(request.interval, range);

  std::vector<HttpCall> calls;
  for (TimePoint start = range.start; start < range.end;) {
    const TimePoint end =
        std::min(range.end, end_of_part(request.interval, start, *support.span_max));
    calls.push_back(chart_call(request, symbol, support, {start, end}));
    start = end;
  }
  return calls;
}

TimeRange YahooAdapter::range_of(const BarsRequest& request, const HttpCall& call) const {
  const auto first = time_param(call, "period1");
  const auto last = time_param(call, "period2");
  if (!first || !last) return request.range;
  const bool intraday = is_intraday(request.interval);
  const TimePoint start = intraday ? *first : *first + kZonePad;
  const TimePoint end = intraday ? *last + std::chrono::seconds(1) : *last - kZonePad;
  return {std::max(start, request.range.start), std::min(end, request.range.end)};
}

Result<Page> YahooAdapter::decode(const BarsRequest& request, const HttpReply& reply) const {
  VORTEX_TRY(const IntervalSupport support, find_interval(capabilities(), request.interval));
  VORTEX_TRY(const std::string symbol, spelling_of(*this, request));
  if (auto refusal = yahoo_refusal(reply)) {
    if (refusal->code == ErrorCode::empty) return empty_yahoo_page();
    return std::unexpected(std::move(*refusal));
  }
  return decode_yahoo_chart({.request = request, .symbol = symbol, .support = support}, reply);
}

}  // namespace vortex
