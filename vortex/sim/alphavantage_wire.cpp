#include "vortex/sim/alphavantage_wire.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "vortex/base/time_zone.hpp"
#include "vortex/sim/yahoo_rows.hpp"

namespace vortex {
namespace {

using std::chrono::days;

constexpr std::size_t kCompactRows = 100;
constexpr Date kHistoryFrom{std::chrono::year(1999) / std::chrono::November / 1};
constexpr int kRecentDays = 30;

struct SeriesRow {
  std::string stamp;
  SimBar bar;
  double adjusted_close = 0;
  double dividend = 0;
  double split = 1;
};

TimeZone zone_of(const SeriesQuery& query) {
  if (query.market != SeriesMarket::share) return TimeZone::utc();
  return TimeZone::find("America/New_York").value_or(TimeZone::utc());
}

std::string stamp_of(TimePoint time, TimeZone zone) {
  std::string text = format_time(time + zone.offset_at(time)).substr(0, 19);
  text[10] = ' ';
  return text;
}

// How many of today's shares one share of that date is.
double later_splits(const Market& market, const Listing& listing, Date date, TimePoint now) {
  VenueClock clock(*listing.venue);
  double ratio = 1;
  for (const StockSplit& split :
       market.splits(listing, {.first = date + days(1), .last = clock.local_date(now)})) {
    ratio *= split.ratio();
  }
  return ratio;
}

void as_traded(SimBar& bar, double ratio) {
  for (double* price : {&bar.open, &bar.high, &bar.low, &bar.close}) *price *= ratio;
  bar.volume = std::llround(static_cast<double>(bar.volume) / ratio);
}

void add_actions(const Market& market, const Listing& listing, DateSpan dates, TimePoint now,
                 std::vector<SeriesRow>& rows) {
  const auto row_of = [&](Date date) {
    return std::ranges::find(rows, format_date(date), &SeriesRow::stamp);
  };
  for (const StockSplit& split : market.splits(listing, dates)) {
    if (const auto row = row_of(split.date); row != rows.end()) row->split = split.ratio();
  }
  for (const CashPayment& payment : market.dividends(listing, dates, now)) {
    const auto row = row_of(payment.ex_date);
    if (row == rows.end()) continue;
    row->dividend = payment.amount * later_splits(market, listing, payment.ex_date, now);
  }
}

std::vector<SeriesRow> daily_rows(const Market& market, const Listing& listing,
                                  const SeriesQuery& query, TimePoint now) {
  VenueClock clock(*listing.venue);
  const DateSpan dates{.first = kHistoryFrom, .last = clock.local_date(now)};
  const auto bars = market.daily(listing, dates, now);
  const auto adjusted = market.adjusted_closes(listing, bars, now);
  std::vector<SeriesRow> rows;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (bars[i].empty) continue;
    const Date date = clock.local_date(bars[i].start);
    SeriesRow& row = rows.emplace_back(format_date(date), bars[i], adjusted[i]);
    as_traded(row.bar, later_splits(market, listing, date, now));
  }
  if (query.with_actions) add_actions(market, listing, dates, now, rows);
  return rows;
}

// A week or month is stamped with its last session, and what was paid in it is added up.
std::vector<SeriesRow> grouped_rows(std::vector<SeriesRow> rows, ChartUnit unit) {
  std::vector<SeriesRow> groups;
  for (std::size_t at = 0; at < rows.size();) {
    const Date group = group_date(unit, *parse_date(rows[at].stamp));
    SeriesRow whole = rows[at];
    for (++at; at < rows.size() && group_date(unit, *parse_date(rows[at].stamp)) == group; ++at) {
      const std::array pair = {whole.bar, rows[at].bar};
      whole.bar = merge_bars(pair.data(), pair.data() + pair.size());
      whole.stamp = rows[at].stamp;
      whole.adjusted_close = rows[at].adjusted_close;
      whole.dividend += rows[at].dividend;
    }
    groups.push_back(std::move(whole));
  }
  return groups;
}

std::vector<SeriesRow> intraday_rows(const Market& market, const Listing& listing,
                                     const SeriesQuery& query, TimePoint now) {
  VenueClock clock(*listing.venue);
  const Date today = clock.local_date(now);
  DateSpan dates{.first = today - days(kRecentDays), .last = today};
  if (query.month) {
    dates.first = Date(*query.month / 1);
    dates.last = Date((*query.month + std::chrono::months(1)) / 1) - days(1);
  }
  const IntradayQuery wanted{
      .dates = dates,
      .step_minutes = query.step_minutes,
      .off_session = query.extended_hours && query.market == SeriesMarket::share};
  const TimeZone zone = zone_of(query);
  std::vector<SeriesRow> rows;
  for (const SimBar& bar : market.intraday(listing, wanted, now)) {
    if (bar.empty) continue;
    SeriesRow& row = rows.emplace_back(stamp_of(bar.start, zone), bar, bar.close);
    if (query.adjusted) continue;
    as_traded(row.bar, later_splits(market, listing, clock.local_date(bar.start), now));
  }
  return rows;
}

std::vector<SeriesRow> rows_of(const Market& market, const Listing& listing,
                               const SeriesQuery& query, TimePoint now) {
  std::vector<SeriesRow> rows;
  if (query.length == SeriesLength::intraday) {
    rows = intraday_rows(market, listing, query, now);
  } else {
    rows = daily_rows(market, listing, query, now);
    if (query.length != SeriesLength::day) {
      const bool week = query.length == SeriesLength::week;
      rows = grouped_rows(std::move(rows), week ? ChartUnit::week : ChartUnit::month);
    }
  }
  std::ranges::reverse(rows);
  if (!query.full && rows.size() > kCompactRows) rows.resize(kCompactRows);
  return rows;
}

// The fields of a row in their order, as name and text.
using Fields = std::vector<std::pair<std::string_view, std::string>>;
Fields fields_of(const SeriesQuery& query, const SeriesRow& row) {
  const int decimals = query.market == SeriesMarket::share      ? 4
                       : query.market == SeriesMarket::currency ? 5
                                                                : 8;
  const auto price = [&](double value) {
    return fmt::format("{:.{}f}", value, decimals);
  };
  Fields fields = {{"open", price(row.bar.open)},
                   {"high", price(row.bar.high)},
                   {"low", price(row.bar.low)},
                   {"close", price(row.bar.close)}};
  if (query.with_actions) fields.emplace_back("adjusted close", price(row.adjusted_close));
  if (query.market != SeriesMarket::currency)
    fields.emplace_back("volume", std::to_string(row.bar.volume));
  if (!query.with_actions) return fields;
  fields.emplace_back("dividend amount", fmt::format("{:.4f}", row.dividend));
  if (query.length == SeriesLength::day)
    fields.emplace_back("split coefficient", fmt::format("{:.4f}", row.split));
  return fields;
}

std::string csv_of(const SeriesQuery& query, const std::vector<SeriesRow>& rows) {
  std::string body = "timestamp";
  for (const auto& [name, text] : fields_of(query, rows.front())) {
    std::string word(name);
    if (query.length == SeriesLength::day) std::ranges::replace(word, ' ', '_');
    body += "," + word;
  }
  body += "\r\n";
  for (const SeriesRow& row : rows) {
    body += row.stamp;
    for (const auto& [name, text] : fields_of(query, row)) body += "," + text;
    body += "\r\n";
  }
  return body;
}

std::string series_name(const SeriesQuery& query) {
  const std::string_view length = query.length == SeriesLength::day    ? "Daily"
                                  : query.length == SeriesLength::week ? "Weekly"
                                                                       : "Monthly";
  const std::string inner =
      query.length == SeriesLength::intraday ? query.interval : std::string(length);
  if (query.market == SeriesMarket::currency) return "Time Series FX (" + inner + ")";
  if (query.market == SeriesMarket::coin) {
    return query.length == SeriesLength::intraday ? "Time Series Crypto (" + inner + ")"
                                                  : "Time Series (Digital Currency " + inner + ")";
  }
  if (query.length == SeriesLength::week || query.length == SeriesLength::month) {
    return inner + (query.with_actions ? " Adjusted Time Series" : " Time Series");
  }
  return "Time Series (" + inner + ")";
}

std::string meta_of(const SeriesQuery& query, const SeriesRow& newest,
                    const std::string& answer_symbol) {
  const std::string& symbol = answer_symbol.empty() ? query.symbol : answer_symbol;
  Fields lines = {{"Information", query.function + " of the simulated market"}};
  if (query.market == SeriesMarket::share) lines.emplace_back("Symbol", symbol);
  if (query.market == SeriesMarket::currency) {
    lines.emplace_back("From Symbol", symbol);
    lines.emplace_back("To Symbol", query.quote);
  }
  if (query.market == SeriesMarket::coin) {
    lines.emplace_back("Digital Currency Code", symbol);
    lines.emplace_back("Digital Currency Name", symbol);
    lines.emplace_back("Market Code", query.quote);
    lines.emplace_back("Market Name", query.quote);
  }
  lines.emplace_back("Last Refreshed", newest.stamp);
  if (query.length == SeriesLength::intraday) lines.emplace_back("Interval", query.interval);
  const bool sized = query.length == SeriesLength::intraday || query.length == SeriesLength::day;
  if (sized) lines.emplace_back("Output Size", query.full ? "Full size" : "Compact");
  lines.emplace_back("Time Zone", query.market == SeriesMarket::share ? "US/Eastern" : "UTC");
  std::string body = "    \"Meta Data\": {";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    body += fmt::format("{}\n        \"{}. {}\": \"{}\"", i == 0 ? "" : ",", i + 1, lines[i].first,
                        untrusted(lines[i].second, 60));
  }
  return body + "\n    },\n";
}

std::string json_of(const SeriesQuery& query, const std::vector<SeriesRow>& rows,
                    const std::string& answer_symbol) {
  std::string body =
      "{\n" + meta_of(query, rows.front(), answer_symbol) + "    \"" + series_name(query) + "\": {";
  const bool bare_volume =
      query.market == SeriesMarket::coin && query.length == SeriesLength::intraday;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    body += fmt::format("{}\n        \"{}\": {{", i == 0 ? "" : ",", rows[i].stamp);
    int number = 0;
    for (const auto& [name, text] : fields_of(query, rows[i])) {
      const char* quote = bare_volume && name == "volume" ? "" : "\"";
      body += fmt::format("{}\n            \"{}. {}\": {}{}{}", number == 0 ? "" : ",", number + 1,
                          name, quote, text, quote);
      ++number;
    }
    body += "\n        }";
  }
  return body + "\n    }\n}";
}

}  // namespace

std::optional<std::string> series_answer(Market& market, const SeriesQuery& query, TimePoint now,
                                         const std::string& answer_symbol) {
  const auto found = market.find(query.listing);
  if (!found || !*found) return std::nullopt;
  const auto rows = rows_of(market, **found, query, now);
  if (rows.empty()) return std::nullopt;
  return query.csv ? csv_of(query, rows) : json_of(query, rows, answer_symbol);
}

}  // namespace vortex
