#include "vortex/sim/yahoo_rows.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

namespace vortex {
namespace {

using std::chrono::days;
using std::chrono::year_month_day;

constexpr std::int64_t kLiveRowReach = 86400;

bool inside(const ChartQuery& query, TimePoint start) {
  const std::int64_t stamp = to_unix_seconds(start);
  return query.period1 <= stamp && stamp <= query.period2;
}

// Today's session, once it has begun. A fund has none: its price of the day comes after the close.
std::optional<TradingDay> live_day(const Listing& listing, TimePoint now) {
  VenueClock clock(*listing.venue);
  const Date today = clock.local_date(now);
  if (listing.kind == ListingKind::fund || !is_trading_date(*listing.venue, today))
    return std::nullopt;
  const TradingDay day = clock.day(today);
  if (day.open > now) return std::nullopt;
  return day;
}

std::int64_t last_trade(const TradingDay& day, TimePoint now) {
  return now < day.close ? to_unix_seconds(now) : to_unix_seconds(day.close) + 1;
}

void append(ChartRows& rows, std::int64_t stamp, const SimBar& bar, double adjusted) {
  rows.stamps.push_back(stamp);
  rows.bars.push_back(bar);
  rows.adjusted_closes.push_back(adjusted);
}

DateSpan dates_of(const Listing& listing, const ChartQuery& query) {
  VenueClock clock(*listing.venue);
  return {.first = clock.local_date(from_unix_seconds(query.period1)),
          .last = clock.local_date(from_unix_seconds(query.period2))};
}

Date last_date_of_group(ChartUnit unit, Date session) {
  const Date first = group_date(unit, session);
  switch (unit) {
    case ChartUnit::week: return first + days(6);
    case ChartUnit::month:
    case ChartUnit::quarter: {
      const year_month_day ymd(first);
      const auto next =
          ymd.year() / ymd.month() + std::chrono::months(unit == ChartUnit::month ? 1 : 3);
      return std::chrono::sys_days(next / 1) - days(1);
    }
    default: return session;
  }
}

std::vector<SimBar> known_daily(const Market& market, const Listing& listing, DateSpan dates,
                                TimePoint now) {
  auto bars = market.daily(listing, dates, now);
  const bool price_comes_after_close = listing.kind == ListingKind::fund && !bars.empty();
  if (price_comes_after_close) {
    VenueClock clock(*listing.venue);
    if (clock.day(clock.local_date(bars.back().start)).close > now) bars.pop_back();
  }
  return bars;
}

ChartRows daily_rows(const Market& market, const Listing& listing, const ChartQuery& query,
                     TimePoint now) {
  ChartRows rows;
  const auto bars = known_daily(market, listing, dates_of(listing, query), now);
  const auto adjusted = market.adjusted_closes(listing, bars, now);
  const auto live = live_day(listing, now);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (!inside(query, bars[i].start)) continue;
    const bool is_live = live && bars[i].start == live->open;
    append(rows, is_live ? last_trade(*live, now) : to_unix_seconds(bars[i].start), bars[i],
           adjusted[i]);
  }
  return rows;
}

ChartRows grouped_rows(const Market& market, const Listing& listing, const ChartQuery& query,
                       TimePoint now) {
  ChartRows rows;
  VenueClock clock(*listing.venue);
  DateSpan dates = dates_of(listing, query);
  dates.last = last_date_of_group(query.interval.unit, dates.last);
  const auto bars = known_daily(market, listing, dates, now);
  const auto adjusted = market.adjusted_closes(listing, bars, now);
  for (std::size_t at = 0; at < bars.size();) {
    const Date group = group_date(query.interval.unit, clock.local_date(bars[at].start));
    std::size_t end = at;
    while (end < bars.size() &&
           group_date(query.interval.unit, clock.local_date(bars[end].start)) == group) {
      ++end;
    }
    const TimePoint start = clock.midnight_of(group);
    if (inside(query, start)) {
      append(rows, to_unix_seconds(start), merge_bars(bars.data() + at, bars.data() + end),
             adjusted[end - 1]);
    }
    at = end;
  }
  const auto live = live_day(listing, now);
  const bool separate = live && !listing.venue->around_the_clock() && !bars.empty() &&
                        bars.back().start == live->open && inside(query, live->open);
  if (separate) append(rows, last_trade(*live, now), bars.back(), adjusted.back());
  return rows;
}

ChartRows intraday_rows(const Market& market, const Listing& listing, const ChartQuery& query,
                        TimePoint now) {
  ChartRows rows;
  const IntradayQuery wanted{
      .dates = dates_of(listing, query),
      .step_minutes = query.interval.minutes,
      .off_session = query.off_session && listing.kind != ListingKind::index};
  for (const SimBar& bar : market.intraday(listing, wanted, now)) {
    if (inside(query, bar.start)) append(rows, to_unix_seconds(bar.start), bar, bar.close);
  }
  const auto live = live_day(listing, now);
  if (!live) return rows;
  const std::int64_t stamp = std::min(to_unix_seconds(now), to_unix_seconds(live->close));
  if (stamp < query.period1 || query.period2 < stamp - kLiveRowReach) return rows;
  const auto today = market.daily(listing, {.first = live->date, .last = live->date}, now);
  if (today.empty() || today.back().empty) return rows;
  if (!rows.stamps.empty() && rows.stamps.back() >= stamp) return rows;
  const double price = today.back().close;
  append(rows, stamp,
         SimBar{.start = from_unix_seconds(stamp),
                .open = price,
                .high = price,
                .low = price,
                .close = price,
                .volume = 0,
                .empty = false},
         price);
  return rows;
}

}  // namespace

Date group_date(ChartUnit unit, Date session) {
  const year_month_day ymd(session);
  switch (unit) {
    case ChartUnit::week: return session - (std::chrono::weekday(session) - std::chrono::Monday);
    case ChartUnit::month: return std::chrono::sys_days(ymd.year() / ymd.month() / 1);
    case ChartUnit::quarter: {
      const unsigned month = (static_cast<unsigned>(ymd.month()) - 1) / 3 * 3 + 1;
      return std::chrono::sys_days(ymd.year() / std::chrono::month(month) / 1);
    }
    default: return session;
  }
}

ChartRows chart_rows(const Market& market, const Listing& listing, const ChartQuery& query,
                     TimePoint now) {
  if (query.interval.intraday()) return intraday_rows(market, listing, query, now);
  if (query.interval.unit == ChartUnit::day) return daily_rows(market, listing, query, now);
  return grouped_rows(market, listing, query, now);
}

}  // namespace vortex
