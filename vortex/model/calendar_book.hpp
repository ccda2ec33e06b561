// All calendars by name: the table compiled in, those known by rule, and a user's changes to them.
// Immutable once made; any thread.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/model/instrument.hpp"
#include "vortex/model/session_calendar.hpp"

namespace vortex {

// What a user's file says of one calendar (config reads it).
struct CalendarChange {
  std::string name;
  // A calendar of one's own: both, with the weekdays from Sunday on; absent: a change of one that
  // is known.
  std::optional<std::string> zone;
  std::array<std::optional<DayHours>, 7> week;
  std::string title;
  std::map<Date, SpecialDay> days;
  std::vector<TimeRange> halts;
};

// All that a user's file says.
struct CalendarChanges {
  std::vector<CalendarChange> calendars;
  std::map<std::string, std::string, std::less<>> symbols;  // symbol → calendar
  bool empty() const { return calendars.empty() && symbols.empty(); }
};

class CalendarBook {
 public:
  static const CalendarBook& built_in();
  // With these changes. Fails with unknown_name where a calendar or zone is none.
  Result<CalendarBook> with(const CalendarChanges& changes) const;

  // By calendar, MIC or common name ("XNYS", "XNAS", "NYSE", "CME"). unknown_name with the nearest.
  Result<SessionCalendar> find(std::string_view name) const;
  // That of an instrument, or the one the user gave its symbol; none: nothing is known of its
  // hours, so nothing is missing either.
  std::optional<SessionCalendar> of(const Instrument& instrument) const;

  std::vector<std::string_view> names() const;           // of calendars, without the aliases
  const std::string& source() const { return source_; }  // "exchange_calendars 4.13.2"
  // Tells two books apart: the source and, where there are changes, a digest of them.
  const std::string& version() const { return version_; }

 private:
  CalendarBook() = default;
  static Result<CalendarBook> from_table();
  Result<void> apply(const CalendarChange& change);
  std::string_view resolve(std::string_view name) const;

  std::map<std::string, SessionCalendar, std::less<>> calendars_;
  std::map<std::string, std::string, std::less<>> aliases_;
  std::map<std::string, std::string, std::less<>> symbols_;
  std::string source_;
  std::string version_;
};

// The name of an instrument's calendar, after its MIC and type; empty: none is known.
std::string_view calendar_name_of(const Instrument& instrument);

}  // namespace vortex
