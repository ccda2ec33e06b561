#include "vortex/provider/alphavantage/alphavantage_adapter.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "vortex/base/ascii.hpp"
#include "vortex/base/time_zone.hpp"
#include "vortex/provider/alphavantage/alphavantage_errors.hpp"
#include "vortex/provider/alphavantage/alphavantage_series.hpp"

namespace vortex {
namespace {

using alphavantage::Asset;
using alphavantage::Query;
using alphavantage::Spelling;
using std::chrono::days;
using std::chrono::year_month;
using std::chrono::year_month_day;

constexpr year_month kFirstMonth = std::chrono::year(2000) / std::chrono::January;
// Compact answers have 100 rows. So many days never hold more, whatever is closed: five sessions a
// week for shares, for currencies up to seven.
constexpr Duration kShareCompact = days(135);
constexpr Duration kCurrencyCompact = days(95);
constexpr int kCompactRows = 95;
// Without a month the full size is the last 30 days; a day is left for their border.
constexpr Duration kRecent = days(29);

Capabilities make_capabilities() {
  return {
      .name = "alphavantage",
      .title = "Alpha Vantage",
      .default_base_url = "https://www.alphavantage.co",
      .intervals = {{Interval::m1, "1min", std::nullopt, std::nullopt},
                    {Interval::m5, "5min", std::nullopt, std::nullopt},
                    {Interval::m15, "15min", std::nullopt, std::nullopt},
                    {Interval::m30, "30min", std::nullopt, std::nullopt},
                    {Interval::h1, "60min", std::nullopt, std::nullopt},
                    {Interval::d1, "daily", std::nullopt, std::nullopt},
                    {Interval::wk1, "weekly", std::nullopt, std::nullopt},
                    {Interval::mo1, "monthly", std::nullopt, std::nullopt}},
      .limits = {"1/s", "25/day@America/New_York"},
      .concurrency = 1,
      .auth = "api_key",
      .credential_place = "query:apikey",
      .cost = "free: 25 calls a day, 100 sessions of daily bars; intraday and more by a paid plan",
      .terms = "https://www.alphavantage.co/terms_of_service/",
  };
}

// Yahoo's suffixes, in which symbols are mostly written, and Alpha Vantage's.
constexpr auto kSuffixes = std::to_array<std::pair<std::string_view, std::string_view>>({
    {".L", ".LON"},
    {".TO", ".TRT"},
    {".V", ".TRV"},
    {".DE", ".DEX"},
    {".BO", ".BSE"},
    {".SS", ".SHH"},
    {".SZ", ".SHZ"},
});
constexpr std::array<std::string_view, 12> kCurrencies = {"USD", "EUR", "GBP", "JPY", "CHF", "CAD",
                                                          "AUD", "NZD", "CNY", "INR", "KRW", "BRL"};

bool is_code(std::string_view text) {
  return text.size() >= 2 && text.size() <= 10 && std::ranges::all_of(text, is_alnum);
}
bool is_currency(std::string_view text) {
  return text.size() == 3 && std::ranges::all_of(text, is_alpha);
}

// "EURUSD=X" and "JPY=X" of Yahoo as pairs; empty for anything else.
std::string pair_of(std::string_view text) {
  if (!text.ends_with("=X")) return {};
  text.remove_suffix(2);
  const std::string_view base = text.size() == 6 ? text.substr(0, 3) : "USD";
  const std::string_view quote = text.size() == 6 ? text.substr(3) : text;
  if (!is_currency(base) || !is_currency(quote)) return {};
  return std::string(base) + "/" + std::string(quote);
}

std::string function_of(const Spelling& spelling, Interval interval, bool full) {
  const std::string length = interval == Interval::d1    ? "DAILY"
                             : interval == Interval::wk1 ? "WEEKLY"
                             : interval == Interval::mo1 ? "MONTHLY"
                                                         : "INTRADAY";
  if (spelling.asset == Asset::currency) return "FX_" + length;
  if (spelling.asset == Asset::share) {
    return "TIME_SERIES_" + length + (full && interval == Interval::d1 ? "_ADJUSTED" : "");
  }
  return is_intraday(interval) ? "CRYPTO_INTRADAY" : "DIGITAL_CURRENCY_" + length;
}

HttpCall call_of(const Spelling& spelling, const IntervalSupport& support, bool full) {
  const Interval interval = support.interval;
  HttpCall call{.host = "www.alphavantage.co", .path = "/query"};
  call.query.emplace_back("function", function_of(spelling, interval, full));
  if (spelling.asset == Asset::currency) {
    call.query.emplace_back("from_symbol", spelling.base);
    call.query.emplace_back("to_symbol", spelling.quote);
  } else {
    call.query.emplace_back("symbol", spelling.base);
    if (spelling.asset == Asset::coin) call.query.emplace_back("market", spelling.quote);
  }
  if (is_intraday(interval)) {
    call.query.emplace_back("interval", support.provider_word);
    if (spelling.asset == Asset::share) {
      call.query.emplace_back("adjusted", "false");
      call.query.emplace_back("extended_hours", "false");
    }
  }
  const bool sized =
      is_intraday(interval) || (interval == Interval::d1 && spelling.asset != Asset::coin);
  if (sized) call.query.emplace_back("outputsize", full ? "full" : "compact");
  return call;
}

Result<TimeZone> new_york() {
  return TimeZone::find("America/New_York");
}

// Between 16:00 and 02:00 in New York nobody trades: where a range begins or ends in the night
// between two months (midnight UTC does), no call is spent on it. In Asia sessions run then.
struct Night {
  Duration before_midnight{};
  Duration after_midnight{};
};
Night night_of(std::string_view symbol) {
  const bool asia =
      symbol.ends_with(".BSE") || symbol.ends_with(".SHH") || symbol.ends_with(".SHZ");
  if (asia) return {};
  return {.before_midnight = std::chrono::hours(8), .after_midnight = std::chrono::hours(2)};
}

year_month month_of(Date date) {
  const year_month_day ymd(date);
  return ymd.year() / ymd.month();
}

// A call a month of New York's calendar; one for all where the last 30 days hold the range.
Result<std::vector<HttpCall>> share_slices(const Spelling& spelling, const IntervalSupport& support,
                                           TimeRange range, TimePoint now) {
  VORTEX_TRY(const TimeZone zone, new_york());
  const TimePoint known_until = std::max(now, range.start) + days(1);
  const TimePoint last_moment = std::min(range.end, known_until) - Duration(1);
  const Night night = night_of(spelling.base);
  const year_month first =
      std::max(month_of(zone.local_date(range.start + night.before_midnight)), kFirstMonth);
  year_month last = month_of(zone.local_date(last_moment - night.after_midnight));
  if (last < kFirstMonth) {
    return fail(ErrorCode::range_limit, "intraday bars of " + to_string(range) +
                                            " are too old: alphavantage serves them from 2000-01");
  }
  last = std::max(last, first);
  std::vector<HttpCall> calls;
  if (first != last && range.start >= now - kRecent) {
    calls.push_back(call_of(spelling, support, true));
    return calls;
  }
  for (year_month month = first; month <= last; month += std::chrono::months(1)) {
    HttpCall& call = calls.emplace_back(call_of(spelling, support, true));
    call.query.emplace_back("month", format_date(Date(month / 1)).substr(0, 7));
  }
  return calls;
}

// Months are for shares alone.
Result<std::vector<HttpCall>> pair_intraday(const Spelling& spelling,
                                            const IntervalSupport& support, TimeRange range,
                                            TimePoint now) {
  if (range.start < now - days(30)) {
    return fail(ErrorCode::range_limit,
                "intraday bars of currencies and coins from " + format_time(range.start) +
                    " are too old: alphavantage serves them from " + format_time(now - kRecent));
  }
  const bool full = range.start < now - nominal_length(support.interval) * kCompactRows;
  return std::vector{call_of(spelling, support, full)};
}

Error no_symbol(const Symbol& symbol) {
  return no_spelling(AlphaVantageAdapter().capabilities(), symbol,
                     "look it up with its SYMBOL_SEARCH");
}

}  // namespace

Spelling alphavantage::read_spelling(std::string_view symbol) {
  const std::size_t at = symbol.find_last_of("/-");
  if (at != std::string_view::npos) {
    const std::string_view base = symbol.substr(0, at);
    const std::string_view quote = symbol.substr(at + 1);
    const bool pair = symbol[at] == '/' && is_code(base) && is_code(quote);
    if (pair) return {Asset::currency, std::string(base), std::string(quote)};
    const bool coin = is_code(base) && std::ranges::find(kCurrencies, quote) != kCurrencies.end();
    if (symbol[at] == '-' && coin) return {Asset::coin, std::string(base), std::string(quote)};
  }
  return {Asset::share, std::string(symbol), {}};
}

const Capabilities& AlphaVantageAdapter::capabilities() const {
  static const Capabilities capabilities = make_capabilities();
  return capabilities;
}

Result<std::string> AlphaVantageAdapter::map_symbol(const Symbol& symbol) const {
  const std::string& text = symbol.text();
  if (std::string pair = pair_of(text); !pair.empty()) return pair;
  const auto is_theirs = [](char c) {
    return is_alnum(c) || c == '.' || c == '-' || c == '/';
  };
  if (!std::ranges::all_of(text, is_theirs)) return std::unexpected(no_symbol(symbol));
  const std::size_t dot = text.rfind('.');
  if (dot == std::string::npos) return text;
  const std::string_view suffix = std::string_view(text).substr(dot);
  for (const auto& [yahoos, theirs] : kSuffixes) {
    if (suffix == yahoos) return text.substr(0, dot) + std::string(theirs);
  }
  // A class of shares (BRK.B), or a suffix of three letters; others are markets of other vendors.
  const bool known = suffix.size() == 4 || (suffix.size() == 2 && suffix != ".T" && suffix != ".F");
  if (!known) return std::unexpected(no_symbol(symbol));
  return text;
}

Result<std::vector<HttpCall>> AlphaVantageAdapter::plan(const BarsRequest& request,
                                                        TimePoint now) const {
  VORTEX_TRY(const IntervalSupport support, find_interval(capabilities(), request.interval));
  VORTEX_TRY(const TimeRange range, served_range(capabilities(), request, now));
  VORTEX_TRY(const std::string symbol, spelling_of(*this, request));
  const Spelling spelling = alphavantage::read_spelling(symbol);
  if (is_intraday(request.interval)) {
    return spelling.asset == Asset::share ? share_slices(spelling, support, range, now)
                                          : pair_intraday(spelling, support, range, now);
  }
  const Duration compact = spelling.asset == Asset::currency ? kCurrencyCompact : kShareCompact;
  return std::vector{call_of(spelling, support, range.start < now - compact)};
}

TimeRange AlphaVantageAdapter::range_of(const BarsRequest& request, const HttpCall& call) const {
  const auto month = std::ranges::find(call.query, "month", &QueryParams::value_type::first);
  const auto zone = new_york();
  if (month == call.query.end() || !zone) return request.range;
  const auto first = parse_date(month->second + "-01");
  if (!first) return request.range;
  const year_month here = month_of(*first);
  const auto symbol = std::ranges::find(call.query, "symbol", &QueryParams::value_type::first);
  const Night night = symbol == call.query.end() ? Night() : night_of(symbol->second);
  const TimePoint begin = zone->to_utc(Date(here / 1));
  const TimePoint next = zone->to_utc(Date((here + std::chrono::months(1)) / 1));
  // Before the first month nothing is served; its call stands for all that lies there.
  const TimePoint start = here == kFirstMonth
                              ? request.range.start
                              : std::max(request.range.start, begin - night.before_midnight);
  const bool ends_here = request.range.end <= next + night.after_midnight;
  return {start, ends_here ? request.range.end : next - night.before_midnight};
}

Result<Page> AlphaVantageAdapter::decode(const BarsRequest& request, const HttpReply& reply) const {
  VORTEX_TRY(const IntervalSupport support, find_interval(capabilities(), request.interval));
  VORTEX_TRY(const std::string symbol, spelling_of(*this, request));
  if (auto refusal = alphavantage_refusal(reply)) return std::unexpected(std::move(*refusal));
  const Spelling spelling = alphavantage::read_spelling(symbol);
  const Query query{
      .request = request, .spelling = spelling, .provider_word = support.provider_word};
  const std::string_view body = trim(reply.body.view());
  const bool json = !is_alpha(body.front()) || body == "null";
  VORTEX_TRY(auto series, json ? read_json(query, reply) : read_csv(query, reply));
  auto page = settle(query, reply.received_at, std::move(series));
  if (page) return page;
  // What settle finds wrong lacks the evidence that only the reply has.
  Error error = std::move(page).error();
  return std::unexpected(alphavantage_reply_error(error.code, std::move(error.message), reply));
}

}  // namespace vortex
