// What of a series is there, what is not, and why: each bar the calendar lets expect gets a state,
// and bars in a row that say the same become one range. Pure; gap_report.hpp brings the facts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/model/session_calendar.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex {

// A provider is given this long after a bar's end, or its last session's close, to have it.
inline constexpr Duration kDueLag = std::chrono::minutes(30);

enum class GapState : std::uint8_t {
  have,
  empty,    // with a reason; nothing is to be asked
  failed,   // with the error's code; asked again
  missing,  // never asked
  not_due,  // its session has not closed, or only just
  unknown,  // no calendar tells whether there should be bars
};
std::string_view to_string(GapState state);  // "have", "not yet due"

// Why nothing is there although nothing is wrong.
inline constexpr std::string_view kHoliday = "holiday";
inline constexpr std::string_view kHalt = "halt";
inline constexpr std::string_view kNotListed = "not listed";
inline constexpr std::string_view kBeforeHistory = "before history";
inline constexpr std::string_view kNoTrades = "no trades";

struct StatedRange {
  TimeRange range;  // of stamps
  GapState state = GapState::missing;
  std::string reason;
  std::int64_t bars = 0;  // expected in it; of holidays and the unknown none
  bool operator==(const StatedRange&) const = default;
};

struct SeriesFacts {
  SeriesState state;
  std::vector<TimePoint> stamps;            // stored, ascending
  std::optional<SessionCalendar> calendar;  // none: gaps are unknown
  std::optional<TimePoint> first_trade;     // of the instrument
  std::optional<TimePoint> served_from;     // the provider has nothing before
  TimeRange wanted;
  TimePoint now;
};

struct SeriesGaps {
  std::vector<StatedRange> ranges;  // ascending
  bool is_known = false;            // there is a calendar
  std::int64_t expected = 0;        // bars
  std::int64_t count(GapState state) const;
};

SeriesGaps find_gaps(const SeriesFacts& facts);

// What to ask for the missing and failed bars: one range for those with nothing else between them.
// Without a calendar: what coverage does not know.
std::vector<TimeRange> ranges_to_repair(const SeriesFacts& facts, const SeriesGaps& gaps);

// Does the calendar let expect a bar in the range that has ended by now? Where it knows nothing of
// a part of the range: yes, it must be asked.
bool may_hold_bars(const SessionCalendar& calendar, Interval interval, TimeRange range,
                   TimePoint now);

}  // namespace vortex
