// One exchange's calendar as rules: regular hours by weekday, which change now and then, and the
// days that differ. It comes from the table (calendar_table.hpp), from code (market_rules.hpp) or
// from a user's file (calendar_change.hpp). A plain value; what it means in UTC says
// session_calendar.hpp.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/time.hpp"
#include "vortex/model/time_range.hpp"

namespace vortex {

// A session's hours as minutes of the wall clock from midnight of its date; below zero: on the day
// before; 1440: the next midnight. A pause from 0 to 0 is none.
struct DayHours {
  int open = 0;
  int close = 0;
  int pause_start = 0;
  int pause_end = 0;
  bool has_pause() const { return pause_end > pause_start; }
  bool operator==(const DayHours&) const = default;
};

Date easter_sunday(int year);  // the Western one

// "09:30-16:00", "09:30-12:00+13:00-16:00", "<17:00-16:00" (from the day before).
std::optional<DayHours> parse_hours(std::string_view text);
std::string to_string(const DayHours& hours);

// A day that differs from its weekday. No hours: closed.
struct SpecialDay {
  std::optional<DayHours> hours;
  std::string reason;  // where it is known: "holiday", "typhoon"
};

// Days on which no session opens, one after the other, at most: the longest closure known is
// Istanbul's or Athens' of some weeks; the search for a next session ends there.
inline constexpr int kClosedDaysMax = 366;

struct CalendarRules {
  // The regular hours from a day on, by weekday (0 is Sunday).
  struct Week {
    Date from;
    std::array<std::optional<DayHours>, 7> days;
  };

  std::string name;
  std::string title;
  std::string zone;              // IANA
  std::optional<Date> first;     // nothing is known before; none: all the past is
  std::optional<Date> horizon;   // of the table: its last known day
  std::vector<Week> weeks;       // ascending; the first also holds before its day
  std::vector<unsigned> every;   // month × 100 + day, ascending: closed in each year of the table
  std::vector<int> from_easter;  // days from Easter Sunday, the same
  std::map<Date, SpecialDay> special;
  // Beyond the table, or without one: the days that differ, by rule. Null: unknown beyond it.
  std::optional<SpecialDay> (*rule)(Date date) = nullptr;
  std::map<Date, SpecialDay> changed;  // by the user; before all else
  RangeSet halts;                      // no trading although a session was open

  bool knows(Date date) const;
  bool is_beyond_table(Date date) const { return horizon && date > *horizon; }
  const std::optional<DayHours>& regular_on(Date date) const;
  // Where that day is no regular one.
  std::optional<SpecialDay> special_on(Date date) const;
  // None: closed, or not known (ask `knows`).
  std::optional<DayHours> hours_on(Date date) const;
};

}  // namespace vortex
