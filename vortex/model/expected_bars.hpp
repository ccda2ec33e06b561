// Which bars a calendar lets expect: their stamps, as DESIGN §3 defines stamps. Days and longer:
// the session's date, the Monday, the 1st, where a session falls into them. Within the day: from
// each segment's start on in steps of the interval, the last one cut by the close. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "vortex/model/interval.hpp"
#include "vortex/model/session_calendar.hpp"

namespace vortex {

// One bar that should be: the slot in which a provider may stamp it, its own stamp first. (Some
// count hours from the full hour and not from the open.)
struct ExpectedBar {
  TimePoint stamp;
  TimePoint end;  // of the slot: the next stamp, the pause or the close
  bool operator==(const ExpectedBar&) const = default;
};

// Of the bars with stamps in `range`, ascending. Where the calendar knows nothing, none.
std::vector<ExpectedBar> expected_bars(const SessionCalendar& calendar, Interval interval,
                                       TimeRange range);
std::int64_t count_expected_bars(const SessionCalendar& calendar, Interval interval,
                                 TimeRange range);

// The stretch of stamps that a session's bars have at this interval. Days and longer: the one bar
// that holds the session.
TimeRange stamps_of(const TradingSession& session, Interval interval);

// The moment from which the bar may be asked: its slot's end; of a day or longer: the close of its
// last session. None where the calendar does not know.
std::optional<TimePoint> bar_closes(const SessionCalendar& calendar, Interval interval,
                                    const ExpectedBar& bar);

}  // namespace vortex
