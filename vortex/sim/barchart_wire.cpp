#include "vortex/sim/barchart_wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include "vortex/base/ascii.hpp"
#include "vortex/base/json.hpp"
#include "vortex/base/query_params.hpp"
#include "vortex/base/time_zone.hpp"
#include "vortex/sim/yahoo_rows.hpp"

namespace vortex {
namespace {

using std::chrono::days;

constexpr Date kHistoryFrom{std::chrono::year(1980) / std::chrono::January / 1};
constexpr int kContractDays = 400;  // a contract trades so long before its last day
constexpr std::string_view kMonths = "FGHJKMNQUVXZ";

struct HistoryRow {
  SimBar bar;
  Date day;
};

// A contract is a listing of its root over some months, dearer the later it ends.
struct Subject {
  Listing listing;
  std::string zone;
  Date first = kHistoryFrom;
  Date last = Date::max();
  double factor = 1;
};

std::optional<int> number_of(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// yyyymmdd, hours and minutes after it are not looked at.
std::optional<Date> compact_date(std::string_view text) {
  constexpr std::size_t kSize = 8;
  if (text.size() < kSize) return std::nullopt;
  return parse_date(
      fmt::format("{}-{}-{}", text.substr(0, 4), text.substr(4, 2), text.substr(6, 2)));
}

// "GCZ24" → "GC=F" and the end of December 2024.
std::optional<Subject> contract_of(Market& market, std::string_view symbol) {
  constexpr std::size_t kTail = 3;
  if (symbol.size() <= kTail) return std::nullopt;
  const std::size_t month = kMonths.find(symbol[symbol.size() - kTail]);
  const auto year = number_of(symbol.substr(symbol.size() - 2));
  if (month == std::string_view::npos || !year) return std::nullopt;
  const std::string root(symbol.substr(0, symbol.size() - kTail));
  auto listing = market.find(root + "=F");
  if (!listing || !*listing) return std::nullopt;
  constexpr int kPivot = 70;  // of two-digit years
  const std::chrono::year_month_day_last end{
      std::chrono::year(*year + (*year < kPivot ? 2000 : 1900)),
      std::chrono::month_day_last{std::chrono::month(static_cast<unsigned>(month) + 1)}};
  const Date last{end};
  constexpr double kCarryPerDay = 0.00005;
  const double ahead = static_cast<double>((last - Date{}).count());
  return Subject{.listing = std::move(**listing),
                 .zone = std::string(kBarchartZone),
                 .first = last - days(kContractDays),
                 .last = last,
                 .factor = 1 + ahead * kCarryPerDay / 100};
}

std::optional<Subject> subject_of(Market& market, std::string_view symbol) {
  const auto known = [&](const std::string& name, std::string_view zone) -> std::optional<Subject> {
    auto listing = market.find(name);
    if (!listing || !*listing) return std::nullopt;
    return Subject{.listing = std::move(**listing), .zone = std::string(zone)};
  };
  if (symbol == "$SPX") return known("^GSPC", "America/New_York");
  if (symbol.starts_with('^')) {
    return known(std::string(symbol.substr(1)) + "=X", kBarchartZone);
  }
  if (const auto star = symbol.find('*'); star != std::string_view::npos) {
    return known(std::string(symbol.substr(0, star)) + "=F", kBarchartZone);
  }
  if (symbol.contains('=') || symbol.contains('^')) return std::nullopt;  // spellings of others
  if (auto contract = contract_of(market, symbol)) return contract;
  return known(std::string(symbol), "America/New_York");
}

void scale(SimBar& bar, double factor) {
  for (double* price : {&bar.open, &bar.high, &bar.low, &bar.close}) {
    *price = std::round(*price * factor * 100) / 100;
  }
}

std::vector<HistoryRow> grouped(const std::vector<HistoryRow>& rows, ChartUnit unit) {
  std::vector<HistoryRow> groups;
  for (std::size_t at = 0; at < rows.size();) {
    const Date group = group_date(unit, rows[at].day);
    HistoryRow whole = rows[at];
    for (++at; at < rows.size() && group_date(unit, rows[at].day) == group; ++at) {
      const std::array pair = {whole.bar, rows[at].bar};
      whole.bar = merge_bars(pair.data(), pair.data() + pair.size());
      whole.day = rows[at].day;
    }
    groups.push_back(whole);
  }
  return groups;
}

std::vector<HistoryRow> rows_of(const Market& market, const Subject& subject,
                                const HistoryQuery& query, TimePoint now) {
  VenueClock clock(*subject.listing.venue);
  const Date today = clock.local_date(now);
  const DateSpan dates{
      .first = std::max(subject.first, query.start.value_or(kHistoryFrom)),
      .last = std::min({subject.last, today, query.end.value_or(today + days(1)) - days(1)})};
  if (dates.last < dates.first) return {};
  const bool minutes = query.length == HistoryLength::minutes;
  const auto bars = minutes
                        ? market.intraday(subject.listing,
                                          {.dates = dates, .step_minutes = query.step_minutes}, now)
                        : market.daily(subject.listing, dates, now);
  std::vector<HistoryRow> rows;
  for (const SimBar& bar : bars) {
    if (bar.empty) continue;
    HistoryRow& row = rows.emplace_back(bar, clock.local_date(bar.start));
    if (subject.factor != 1) scale(row.bar, subject.factor);
  }
  if (query.length == HistoryLength::week) return grouped(rows, ChartUnit::week);
  if (query.length == HistoryLength::month) return grouped(rows, ChartUnit::month);
  return rows;
}

// Of more rows than are wanted the newest, as order=asc with a cap gives them.
std::vector<HistoryRow> wanted_rows(const Market& market, const Subject& subject,
                                    const HistoryQuery& query, TimePoint now) {
  std::vector<HistoryRow> rows = rows_of(market, subject, query, now);
  if (rows.size() > query.rows_max) {
    rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(query.rows_max));
  }
  if (query.newest_first) std::ranges::reverse(rows);
  return rows;
}

// ISO 8601 with the zone's offset; of a day its midnight.
std::string stamp_of(const HistoryRow& row, TimeZone zone, bool minutes) {
  const TimePoint time = minutes ? row.bar.start : zone.to_utc(row.day);
  const Duration offset = zone.offset_at(time);
  const auto quarter = std::chrono::duration_cast<std::chrono::minutes>(offset).count();
  return fmt::format("{}{}{:02}:{:02}", format_time(time + offset).substr(0, 19),
                     quarter < 0 ? '-' : '+', std::abs(quarter) / 60, std::abs(quarter) % 60);
}

void write_row(std::string& out, bool csv, std::string_view symbol, const HistoryRow& row,
               std::string_view stamp) {
  const SimBar& bar = row.bar;
  const std::string day = format_date(row.day);
  if (csv) {
    out += fmt::format("{},{},{},{},{},{},{},{},\n", symbol, stamp, day, bar.open, bar.high,
                       bar.low, bar.close, bar.volume);
    return;
  }
  out += fmt::format(
      R"({{"symbol":{},"timestamp":"{}","tradingDay":"{}","open":{},"high":{},"low":{},)"
      R"("close":{},"volume":{},"openInterest":null}})",
      json_quote(symbol), stamp, day, bar.open, bar.high, bar.low, bar.close, bar.volume);
}

// The last line of a file of the website, by the server's clock.
std::string made_at(TimePoint now) {
  const TimeZone zone = TimeZone::find(kBarchartZone).value_or(TimeZone::utc());
  const Duration offset = zone.offset_at(now);
  const std::string wall = format_time(now + offset);
  const int hour = number_of(wall.substr(11, 2)).value_or(0);
  return fmt::format("\"Downloaded from Barchart.com as of {}-{}-{} {:02}:{}{} {}\"\n",
                     wall.substr(5, 2), wall.substr(8, 2), wall.substr(0, 4),
                     hour % 12 == 0 ? 12 : hour % 12, wall.substr(14, 2), hour < 12 ? "am" : "pm",
                     offset == -std::chrono::hours(5) ? "CDT" : "CST");
}

std::expected<HistoryLength, std::string> length_of(std::string_view type) {
  if (type == "minutes" || type == "nearbyMinutes" || type == "formTMinutes") {
    return HistoryLength::minutes;
  }
  if (type.starts_with("daily")) return HistoryLength::day;
  if (type.starts_with("weekly")) return HistoryLength::week;
  if (type.starts_with("monthly")) return HistoryLength::month;
  if (type.empty()) return std::unexpected("Missing required parameter: type");
  return std::unexpected("Invalid value for parameter: type");
}

}  // namespace

std::expected<HistoryQuery, std::string> read_history_query(const QueryParams& params, bool csv) {
  HistoryQuery query{.symbol = std::string(find_param(params, "symbol")), .csv = csv};
  if (query.symbol.empty()) return std::unexpected("Missing required parameter: symbol");
  const auto length = length_of(find_param(params, "type"));
  if (!length) return std::unexpected(length.error());
  query.length = *length;
  const auto whole = [&](std::string_view name, int fallback) -> std::optional<int> {
    const std::string_view text = find_param(params, name);
    if (text.empty()) return fallback;
    const auto number = number_of(text);
    return number && *number > 0 ? number : std::nullopt;
  };
  constexpr int kRowsUnlessAsked = 20;
  const auto step = whole("interval", 1);
  const auto rows = whole("maxRecords", kRowsUnlessAsked);
  if (!step) return std::unexpected("Invalid value for parameter: interval");
  if (!rows) return std::unexpected("Invalid value for parameter: maxRecords");
  query.step_minutes = *step;
  query.rows_max = static_cast<std::size_t>(*rows);
  for (const std::string_view name : {"startDate", "endDate"}) {
    const std::string_view text = find_param(params, name);
    if (text.empty()) continue;
    const auto date = compact_date(text);
    if (!date) return std::unexpected("Invalid value for parameter: " + std::string(name));
    (name == "startDate" ? query.start : query.end) = date;
  }
  query.newest_first = find_param(params, "order") == "desc";
  return query;
}

std::string history_answer(Market& market, const HistoryQuery& query, TimePoint now,
                           std::string_view as_symbol) {
  const auto subject = subject_of(market, query.symbol);
  if (!subject) return {};
  const auto rows = wanted_rows(market, *subject, query, now);
  if (rows.empty()) return {};
  const TimeZone zone = TimeZone::find(subject->zone).value_or(TimeZone::utc());
  const std::string_view symbol = as_symbol.empty() ? std::string_view(query.symbol) : as_symbol;
  std::string out = query.csv
                        ? "symbol,timestamp,tradingDay,open,high,low,close,volume,openInterest\n"
                        : R"({"status":{"code":200,"message":"Success."},"results":[)";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i > 0 && !query.csv) out += ',';
    write_row(out, query.csv, symbol, rows[i],
              stamp_of(rows[i], zone, query.length == HistoryLength::minutes));
  }
  return query.csv ? out : out + "]}";
}

std::expected<HistoryQuery, std::string> read_download_form(const QueryParams& form) {
  HistoryQuery query{.symbol = std::string(find_param(form, "symbol")), .csv = true};
  const auto rows = number_of(find_param(form, "limit"));
  if (query.symbol.empty() || !rows || *rows <= 0) return std::unexpected("no symbol or limit");
  query.rows_max = static_cast<std::size_t>(*rows);
  if (find_param(form, "type") == "minutes") {
    const auto step = number_of(find_param(form, "interval"));
    if (!step || *step <= 0) return std::unexpected("no interval");
    query.length = HistoryLength::minutes;
    query.step_minutes = *step;
  } else if (find_param(form, "type") != "eod" || find_param(form, "period") != "daily") {
    return std::unexpected("no type");
  }
  query.start = parse_date(find_param(form, "startDate"));
  const auto last = parse_date(find_param(form, "endDate"));
  if (!query.start || !last) return std::unexpected("no dates");
  query.end = *last + days(1);
  query.newest_first = find_param(form, "orderDir") == "desc";
  return query;
}

std::string download_answer(Market& market, const HistoryQuery& query, TimePoint now) {
  std::string out = "Time,Open,High,Low,Last,Volume\n";
  const auto subject = subject_of(market, query.symbol);
  const auto rows = subject ? wanted_rows(market, *subject, query, now) : std::vector<HistoryRow>();
  const TimeZone zone =
      TimeZone::find(subject ? subject->zone : kBarchartZone).value_or(TimeZone::utc());
  for (const HistoryRow& row : rows) {
    const std::string wall = format_time(row.bar.start + zone.offset_at(row.bar.start));
    out += query.length == HistoryLength::minutes ? wall.substr(0, 10) + " " + wall.substr(11, 5)
                                                  : format_date(row.day);
    out += fmt::format(",{},{},{},{},{}\n", row.bar.open, row.bar.high, row.bar.low, row.bar.close,
                       row.bar.volume);
  }
  return out + made_at(now);
}

bool knows_symbol(Market& market, std::string_view symbol) {
  return subject_of(market, symbol).has_value();
}

std::string history_status(int code, std::string_view message) {
  return fmt::format(R"({{"status":{{"code":{},"message":{}}},"results":null}})", code,
                     json_quote(message));
}

}  // namespace vortex
