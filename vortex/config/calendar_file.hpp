// calendars.toml: what a user knows better than the calendars compiled in. Closures, days with
// other hours, halts, calendars of one's own, and which calendar a symbol keeps.
//
//   [symbols]
//   "7203.T" = "XTKS"
//   [calendars.XNYS]
//   closed = ["2027-03-01"]
//   hours  = { "2027-07-02" = "09:30-13:00" }     # early close, late open, extra session
//   halts  = [{ from = "2020-03-09T13:34Z", to = "2020-03-09T13:49Z" }]
//   [calendars.MINE]                              # one of one's own
//   zone = "Europe/Paris"
//   days = "12345"                                # 1 is Monday
//   session = "09:00-17:30"                       # "<17:00-16:00": from the day before
#pragma once

#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/model/calendar_book.hpp"

namespace vortex {

// `config` errors begin "FILE:LINE: key: ".
Result<CalendarChanges> parse_calendar_file(std::string_view text, const std::string& name);
Result<CalendarChanges> read_calendar_file(const std::string& path);

// The book in force: that compiled in, with the file's changes where one is named.
Result<CalendarBook> load_calendars(const std::string& path);

}  // namespace vortex
