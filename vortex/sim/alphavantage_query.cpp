#include "vortex/sim/alphavantage_query.hpp"

#include <algorithm>
#include <array>

#include "vortex/base/query_params.hpp"

namespace vortex {
namespace {

struct Function {
  std::string_view name;
  SeriesMarket market;
  SeriesLength length;
  bool with_actions;
};

constexpr auto kFunctions = std::to_array<Function>({
    {"TIME_SERIES_INTRADAY", SeriesMarket::share, SeriesLength::intraday, false},
    {"TIME_SERIES_DAILY", SeriesMarket::share, SeriesLength::day, false},
    {"TIME_SERIES_DAILY_ADJUSTED", SeriesMarket::share, SeriesLength::day, true},
    {"TIME_SERIES_WEEKLY", SeriesMarket::share, SeriesLength::week, false},
    {"TIME_SERIES_WEEKLY_ADJUSTED", SeriesMarket::share, SeriesLength::week, true},
    {"TIME_SERIES_MONTHLY", SeriesMarket::share, SeriesLength::month, false},
    {"TIME_SERIES_MONTHLY_ADJUSTED", SeriesMarket::share, SeriesLength::month, true},
    {"FX_INTRADAY", SeriesMarket::currency, SeriesLength::intraday, false},
    {"FX_DAILY", SeriesMarket::currency, SeriesLength::day, false},
    {"FX_WEEKLY", SeriesMarket::currency, SeriesLength::week, false},
    {"FX_MONTHLY", SeriesMarket::currency, SeriesLength::month, false},
    {"CRYPTO_INTRADAY", SeriesMarket::coin, SeriesLength::intraday, false},
    {"DIGITAL_CURRENCY_DAILY", SeriesMarket::coin, SeriesLength::day, false},
    {"DIGITAL_CURRENCY_WEEKLY", SeriesMarket::coin, SeriesLength::week, false},
    {"DIGITAL_CURRENCY_MONTHLY", SeriesMarket::coin, SeriesLength::month, false},
});

// The vendor's suffix and the market's.
constexpr auto kSuffixes = std::to_array<std::pair<std::string_view, std::string_view>>({
    {".LON", ".L"},
    {".TRT", ".TO"},
    {".TRV", ".V"},
    {".DEX", ".DE"},
    {".BSE", ".BO"},
    {".SHH", ".SS"},
    {".SHZ", ".SZ"},
});

constexpr auto kSteps = std::to_array<std::pair<std::string_view, int>>(
    {{"1min", 1}, {"5min", 5}, {"15min", 15}, {"30min", 30}, {"60min", 60}});

// The simulated market writes Yahoo's way; a class of shares has a hyphen there.
std::string share_listing(std::string_view symbol) {
  std::string text(symbol);
  for (const auto& [vendors, markets] : kSuffixes) {
    if (symbol.ends_with(vendors))
      return text.substr(0, text.size() - vendors.size()) + std::string(markets);
  }
  const std::size_t dot = text.rfind('.');
  if (dot != std::string::npos && text.size() - dot == 2) text[dot] = '-';
  return text;
}

std::string listing_of(const SeriesQuery& query) {
  if (query.market == SeriesMarket::share) return share_listing(query.symbol);
  if (query.market == SeriesMarket::currency) return query.symbol + query.quote + "=X";
  return query.symbol + "-" + query.quote;
}

bool read_interval(const QueryParams& params, SeriesQuery& query) {
  query.interval = find_param(params, "interval");
  const auto* step =
      std::ranges::find(kSteps, query.interval, [](const auto& s) { return s.first; });
  if (step == kSteps.end()) return false;
  query.step_minutes = step->second;
  const std::string_view month = find_param(params, "month");
  if (month.empty()) return true;
  const auto first = parse_date(std::string(month) + "-01");
  if (!first || month < "2000-01") return false;
  const std::chrono::year_month_day ymd(*first);
  query.month = ymd.year() / ymd.month();
  return true;
}

}  // namespace

bool SeriesQuery::is_premium() const {
  return length == SeriesLength::intraday || function == "TIME_SERIES_DAILY_ADJUSTED";
}

std::string invalid_call(std::string_view function) {
  return "Invalid API call. Please retry or visit the documentation "
         "(https://www.alphavantage.co/documentation/) for " +
         std::string(function) + ".";
}

std::expected<SeriesQuery, std::string> read_series_query(const QueryParams& params) {
  SeriesQuery query;
  query.function = find_param(params, "function");
  const auto* function = std::ranges::find(kFunctions, query.function, &Function::name);
  if (function == kFunctions.end()) {
    return std::unexpected("This API function (" + query.function.substr(0, 60) +
                           ") does not exist.");
  }
  query.market = function->market;
  query.length = function->length;
  query.with_actions = function->with_actions;
  const bool currency = query.market == SeriesMarket::currency;
  query.symbol = find_param(params, currency ? "from_symbol" : "symbol");
  query.quote = find_param(params, currency ? "to_symbol" : "market");
  const bool pair = query.market != SeriesMarket::share;
  if (query.symbol.empty() || (pair && query.quote.empty())) {
    return std::unexpected(invalid_call(query.function));
  }
  query.listing = listing_of(query);
  if (query.length == SeriesLength::intraday && !read_interval(params, query)) {
    return std::unexpected(invalid_call(query.function));
  }
  const bool sized = query.length == SeriesLength::intraday ||
                     (query.length == SeriesLength::day && query.market != SeriesMarket::coin);
  query.full = !sized || find_param(params, "outputsize") == "full";
  query.adjusted = find_param(params, "adjusted") != "false";
  query.extended_hours = find_param(params, "extended_hours") != "false";
  query.csv = find_param(params, "datatype") == "csv";
  return query;
}

}  // namespace vortex
