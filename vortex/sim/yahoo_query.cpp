#include "vortex/sim/yahoo_query.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <system_error>

#include "vortex/base/json.hpp"
#include "vortex/sim/trading_calendar.hpp"

namespace vortex {
namespace {

using enum ChartUnit;
using std::chrono::days;
using std::chrono::months;
using std::chrono::year_month_day;

// NOLINTBEGIN(modernize-use-designated-initializers): a table
constexpr std::array kIntervals = {
    ChartInterval{"1m", minute, 1, 30, 8},      ChartInterval{"2m", minute, 2, 60, 60},
    ChartInterval{"5m", minute, 5, 60, 60},     ChartInterval{"15m", minute, 15, 60, 60},
    ChartInterval{"30m", minute, 30, 60, 60},   ChartInterval{"60m", minute, 60, 730, 730},
    ChartInterval{"90m", minute, 90, 60, 60},   ChartInterval{"1h", minute, 60, 730, 730},
    ChartInterval{"4h", minute, 240, 730, 730}, ChartInterval{"1d", day, 0, 0, 0},
    ChartInterval{"5d", week, 0, 0, 0},         ChartInterval{"1wk", week, 0, 0, 0},
    ChartInterval{"1mo", month, 0, 0, 0},       ChartInterval{"3mo", quarter, 0, 0, 0},
};

// NOLINTEND(modernize-use-designated-initializers)

constexpr std::array<std::string_view, 11> kRanges = {"1d", "5d", "1mo", "3mo", "6mo", "1y",
                                                      "2y", "5y", "10y", "ytd", "max"};
constexpr std::array<std::string_view, 9> kFundRanges = {"1mo", "3mo", "6mo", "ytd", "1y",
                                                         "2y",  "5y",  "10y", "max"};

constexpr std::int64_t kDaySeconds = 86400;
constexpr std::int64_t kRangeSessionsMax = 10;  // "5d" means sessions, "60d" calendar days
constexpr std::int64_t kSpanYearsMax = 100;
// Above this history a daily range=max comes in quarters, as it does for old indices and funds.
constexpr int kCoarsenedYears = 40;

std::string join(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

ChartRefusal bad_request(std::string description) {
  return {.status = 400, .code = "Bad Request", .description = std::move(description)};
}

std::string_view param(const QueryParams& params, std::string_view name) {
  const auto found =
      std::ranges::find(params, name, [](const auto& p) { return std::string_view(p.first); });
  return found == params.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::expected<ChartInterval, ChartRefusal> read_interval(std::string_view name) {
  const auto* found = std::ranges::find(kIntervals, name, &ChartInterval::name);
  if (found != kIntervals.end()) return *found;
  std::array<std::string_view, kIntervals.size()> names;
  std::ranges::transform(kIntervals, names.begin(), &ChartInterval::name);
  return std::unexpected(bad_request("Invalid input - interval=" + std::string(name) +
                                     " is not supported. Valid intervals: [" + join(names) + "]"));
}

struct Amount {
  std::int64_t count = 0;
  std::string_view unit;
};

// "30m", "7d", "5w", "2y": a number and its unit.
std::optional<Amount> read_amount(std::string_view range) {
  const std::size_t digits = std::min(range.find_first_not_of("0123456789"), range.size());
  const auto count = whole_number(range.substr(0, digits));
  if (!count || *count <= 0 || *count > 100000) return std::nullopt;
  return Amount{.count = *count, .unit = range.substr(digits)};
}

// How much history a range names, in days; 0: not counted in days.
std::int64_t nominal_days(std::string_view range) {
  const auto amount = read_amount(range);
  if (!amount) return 0;
  if (amount->unit == "d") return amount->count;
  if (amount->unit == "w" || amount->unit == "wk") return 7 * amount->count;
  if (amount->unit == "mo") return 30 * amount->count;
  if (amount->unit == "y") return 365 * amount->count;
  return 0;
}

// The open of the session `count` sessions back, the one in progress or just past included.
TimePoint sessions_back(const Listing& listing, std::int64_t count, TimePoint now) {
  VenueClock clock(*listing.venue);
  Date date = clock.local_date(now);
  if (!is_trading_date(*listing.venue, date) || clock.day(date).open > now) {
    date = trading_date_before(*listing.venue, date);
  }
  for (; count > 1 && date > listing.first_trade; --count) {
    date = trading_date_before(*listing.venue, date);
  }
  return clock.day(date).open;
}

std::optional<TimePoint> months_back(const Listing& listing, std::int64_t count, TimePoint now) {
  VenueClock clock(*listing.venue);
  const year_month_day today(clock.local_date(now));
  const auto month = today.year() / today.month() - months(count);
  const auto last = month / std::chrono::last;
  const auto day = std::min(today.day(), last.day());
  const Date date = std::chrono::sys_days(month / day);
  return clock.midnight_of(std::max(date, listing.first_trade));
}

std::optional<TimePoint> range_start(std::string_view range, const Listing& listing,
                                     TimePoint now) {
  VenueClock clock(*listing.venue);
  if (range == "max") return clock.midnight_of(listing.first_trade);
  if (range == "ytd") {
    const year_month_day today(clock.local_date(now));
    return clock.midnight_of(std::chrono::sys_days(today.year() / 1 / 1));
  }
  const auto amount = read_amount(range);
  if (!amount) return std::nullopt;
  const std::string_view unit = amount->unit;
  if (unit == "m") return now - std::chrono::minutes(amount->count);
  if (unit == "h") return now - std::chrono::hours(amount->count);
  if (unit == "d" && amount->count <= kRangeSessionsMax) {
    return sessions_back(listing, amount->count, now);
  }
  if (unit == "d") return clock.midnight_of(clock.local_date(now) - days(amount->count));
  if (unit == "w" || unit == "wk")
    return clock.midnight_of(clock.local_date(now) - days(7 * amount->count));
  if (unit == "mo") return months_back(listing, amount->count, now);
  if (unit == "y") return months_back(listing, 12 * amount->count, now);
  return std::nullopt;
}

std::optional<ChartRefusal> read_window(const QueryParams& params, const Listing& listing,
                                        TimePoint now, ChartQuery& query) {
  const std::string_view period1 = param(params, "period1");
  const std::string_view period2 = param(params, "period2");
  query.period2 = to_unix_seconds(now);
  if (!period1.empty()) {
    const auto start = whole_number(period1);
    const auto end = period2.empty() ? std::optional(query.period2) : whole_number(period2);
    if (!start || !end) return bad_request("Invalid input - period1 and period2 must be numbers");
    query.period1 = *start;
    query.period2 = *end;
    if (*start < *end) return std::nullopt;
    return bad_request("Invalid input - start date cannot be after end date. startDate = " +
                       std::to_string(*start) + ", endDate = " + std::to_string(*end));
  }
  const std::string_view asked = param(params, "range");
  query.range = asked.empty() ? "1d" : asked;
  const auto start = range_start(query.range, listing, now);
  if (!start) {
    return bad_request("Invalid input - range=" + query.range +
                       " is not supported. Valid ranges: [" + join(valid_ranges(listing)) + "]");
  }
  query.period1 = to_unix_seconds(*start);
  return std::nullopt;
}

std::optional<ChartRefusal> beyond_limits(const ChartQuery& query, TimePoint now) {
  const ChartInterval& interval = query.interval;
  const std::int64_t span = query.period2 - query.period1;
  const std::int64_t named = nominal_days(query.range);
  if (named > 0 && named <= interval.span_days) return std::nullopt;  // judged by its name
  std::string limit;
  if (!interval.intraday()) {
    if (span <= kSpanYearsMax * 366 * kDaySeconds) return std::nullopt;
    limit = "Only 100 years worth of day granularity data are allowed to be fetched per request.";
  } else if (query.period1 < to_unix_seconds(now) - interval.depth_days * kDaySeconds) {
    limit = "The requested range must be within the last " + std::to_string(interval.depth_days) +
            " days.";
  } else if (span > interval.span_days * kDaySeconds) {
    limit = "Only " + std::to_string(interval.span_days) + " days worth of " +
            std::string(interval.name) + " granularity data are allowed to be fetched per request.";
  } else {
    return std::nullopt;
  }
  return ChartRefusal{
      .status = 422,
      .code = "Unprocessable Entity",
      .description = std::string(interval.name) +
                     " data not available for startTime=" + std::to_string(query.period1) +
                     " and endTime=" + std::to_string(query.period2) + ". " + limit};
}

// Nothing can exist before the first trade, nor after now.
std::optional<ChartRefusal> outside_history(const ChartQuery& query, const Listing& listing,
                                            TimePoint now) {
  VenueClock clock(*listing.venue);
  const std::int64_t first = to_unix_seconds(clock.day(listing.first_trade).open);
  if (query.period2 >= first && query.period1 <= to_unix_seconds(now)) return std::nullopt;
  return bad_request("Data doesn't exist for startDate = " + std::to_string(query.period1) +
                     ", endDate = " + std::to_string(query.period2));
}

void read_events(std::string_view events, ChartQuery& query) {
  query.wants_dividends = events.contains("div");
  query.wants_splits = events.contains("split");
  query.wants_gains = events.contains("capitalGain");
}

}  // namespace

std::span<const std::string_view> valid_ranges(const Listing& listing) {
  if (listing.kind == ListingKind::fund) return kFundRanges;
  return kRanges;
}

std::expected<ChartQuery, ChartRefusal> read_chart_query(const QueryParams& params,
                                                         const Listing& listing, TimePoint now) {
  ChartQuery query;
  const std::string_view asked = param(params, "interval");
  const bool nothing_asked =
      asked.empty() && param(params, "period1").empty() && param(params, "range").empty();
  auto interval = read_interval(asked.empty() ? (nothing_asked ? "1m" : "1d") : asked);
  if (!interval) return std::unexpected(std::move(interval).error());
  query.interval = *interval;
  if (auto refusal = read_window(params, listing, now, query))
    return std::unexpected(std::move(*refusal));
  if (auto refusal = outside_history(query, listing, now))
    return std::unexpected(std::move(*refusal));
  if (auto refusal = beyond_limits(query, now)) return std::unexpected(std::move(*refusal));
  const bool whole_history = query.range == "max" && query.interval.unit == day;
  if (whole_history && query.period2 - query.period1 > kDaySeconds * 365 * kCoarsenedYears) {
    query.interval = kIntervals.back();
  }
  query.off_session =
      param(params, "includePrePost") == "true" || param(params, "includePrePost") == "True";
  read_events(param(params, "events"), query);
  return query;
}

ChartRefusal unknown_symbol_refusal() {
  return {
      .status = 404, .code = "Not Found", .description = "No data found, symbol may be delisted"};
}

std::string to_json(const ChartRefusal& refusal) {
  return R"({"chart":{"result":null,"error":{"code":)" + json_quote(refusal.code) +
         R"(,"description":)" + json_quote(refusal.description) + "}}}";
}

}  // namespace vortex
