// The table of sessions that is compiled in: reading its text form. The text is
// vortex/model/calendars.table, made by tools/make_calendars.py, which describes it in its head.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/model/calendar_rules.hpp"

namespace vortex {

struct CalendarCheck {
  std::int64_t sessions = 0;
  std::uint32_t hash = 0;  // over the minutes of all opens, closes and pauses
};

struct CalendarTable {
  std::string source;                          // "exchange_calendars 4.13.2"
  std::map<std::string, std::string> aliases;  // name → calendar
  std::map<std::string, CalendarRules> calendars;
  std::map<std::string, CalendarCheck> checks;
};

// Errors name the line.
Result<CalendarTable> read_calendar_table(std::span<const std::string_view> lines);

// The lines compiled in.
std::span<const std::string_view> calendar_table_lines();

}  // namespace vortex
