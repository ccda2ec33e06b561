#include "vortex/model/expected_bars.hpp"

#include <algorithm>

namespace vortex {
namespace {

using std::chrono::days;

// The dates whose sessions can have a stamp in the range. Sessions start a day before their date
// and zones lie up to 14 hours off, so for intraday stamps a margin.
struct DateSpan {
  Date from;
  Date to;
};

DateSpan dates_for(Interval interval, TimeRange range) {
  if (is_intraday(interval)) return {date_of(range.start) - days(1), date_of(range.end) + days(3)};
  const Date first = bar_date(interval, date_of(range.start));
  const Date last = bar_date(interval, date_of(range.end));
  return {first, next_bar_date(interval, last)};
}

void add_segment(std::vector<ExpectedBar>& bars, TimeRange segment, Duration step,
                 TimeRange range) {
  TimePoint stamp = segment.start;
  if (stamp < range.start) stamp += (range.start - stamp + step - Duration{1}) / step * step;
  for (; stamp < segment.end && stamp < range.end; stamp += step)
    bars.push_back({.stamp = stamp, .end = std::min(stamp + step, segment.end)});
}

// Walks the sessions' dates without a conversion to UTC.
std::vector<ExpectedBar> day_bars(const SessionCalendar& calendar, Interval interval,
                                  TimeRange range) {
  std::vector<ExpectedBar> bars;
  const DateSpan span = dates_for(interval, range);
  Date date = span.from;
  if (const auto first = calendar.first()) date = std::max(date, *first);
  for (; date < span.to; date += days(1)) {
    if (!calendar.rules().hours_on(date)) continue;
    const Date stamp = bar_date(interval, date);
    if (!bars.empty() && bars.back().stamp == midnight(stamp)) continue;
    if (!range.holds(midnight(stamp))) continue;
    bars.push_back({.stamp = midnight(stamp), .end = midnight(next_bar_date(interval, stamp))});
  }
  return bars;
}

}  // namespace

std::vector<ExpectedBar> expected_bars(const SessionCalendar& calendar, Interval interval,
                                       TimeRange range) {
  if (range.empty()) return {};
  if (!is_intraday(interval)) return day_bars(calendar, interval, range);
  std::vector<ExpectedBar> bars;
  const DateSpan span = dates_for(interval, range);
  const Duration step = nominal_length(interval);
  for (const TradingSession& session : calendar.sessions(span.from, span.to)) {
    for (const TimeRange& segment : session.segments()) add_segment(bars, segment, step, range);
  }
  return bars;
}

std::int64_t count_expected_bars(const SessionCalendar& calendar, Interval interval,
                                 TimeRange range) {
  return std::ssize(expected_bars(calendar, interval, range));
}

TimeRange stamps_of(const TradingSession& session, Interval interval) {
  if (is_intraday(interval)) return {session.open, session.close};
  const Date bar = bar_date(interval, session.date);
  return {midnight(bar), midnight(bar) + Duration{1}};
}

std::optional<TimePoint> bar_closes(const SessionCalendar& calendar, Interval interval,
                                    const ExpectedBar& bar) {
  if (is_intraday(interval)) return bar.end;
  const auto last = calendar.previous_session(date_of(bar.end));
  if (!last || midnight(last->date) < bar.stamp) return std::nullopt;
  return last->close;
}

}  // namespace vortex
