// What stored bars say against a calendar: days on which it knows no session and bars are there,
// bars outside a session's hours, sessions in which no series has a bar. Calendars err, and so do
// providers; which of them does is for people to see. One entry a contradiction, over all series:
// a holiday the calendar lacks is one line, not one for each symbol and minute. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "vortex/base/time.hpp"
#include "vortex/model/interval.hpp"
#include "vortex/model/session_calendar.hpp"

namespace vortex {

enum class ContradictionKind : std::uint8_t { traded_when_closed, outside_hours, silent_session };
std::string_view to_string(ContradictionKind kind);  // "traded_when_closed"

struct Contradiction {
  ContradictionKind kind = ContradictionKind::traded_when_closed;
  Date first;  // of a stretch of such days without another session in between, the last included
  Date last;
  std::int64_t days = 0;
  std::int64_t bars = 0;
  std::int64_t series = 0;     // that have the bars; at most on one day
  std::int64_t series_of = 0;  // of those whose bars lie before and after
  bool operator==(const Contradiction&) const = default;
};

class CalendarDiff {
 public:
  explicit CalendarDiff(SessionCalendar calendar) : calendar_(std::move(calendar)) {}

  // The stored stamps of one series, ascending.
  void add(Interval interval, const std::vector<TimePoint>& stamps);

  std::vector<Contradiction> contradictions() const;  // ascending
  std::int64_t series() const { return series_; }
  std::int64_t bars() const { return bars_; }

 private:
  struct Day {
    std::int64_t bars_closed = 0;  // although the calendar knows no session
    std::int64_t bars_outside = 0;
    std::int64_t series_closed = 0;
    std::int64_t series_outside = 0;
    std::int64_t series_trading = 0;
  };
  struct Tally;
  std::vector<Contradiction> daily() const;
  void add_days(Interval interval, const std::vector<TimePoint>& stamps, Tally& tally) const;
  void add_intraday(Interval interval, const std::vector<TimePoint>& stamps, Tally& tally) const;

  SessionCalendar calendar_;
  std::map<Date, Day> days_;
  std::map<Date, std::int64_t> spans_;  // how many series begin that day, less those that ended
  std::int64_t series_ = 0;
  std::int64_t bars_ = 0;
};

// Bars among the stamps that no session of the calendar holds; those of which it knows nothing are
// not counted.
std::int64_t count_outside_sessions(const SessionCalendar& calendar, Interval interval,
                                    const std::vector<TimePoint>& stamps);

}  // namespace vortex
