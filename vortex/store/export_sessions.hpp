// Where a series and its exchange's calendar disagree, for tools that insist on exactly its
// sessions. Pure; nothing is made up or left out because of it.
#pragma once

#include <string>
#include <vector>

#include "vortex/base/time.hpp"
#include "vortex/model/session_calendar.hpp"

namespace vortex {

// "2 sessions of XNYS have no bar (2024-01-09, 2024-01-10); 1 bar is in no session of XNYS (…)",
// between the first and the last of the dates, which ascend; empty where all agree.
std::string session_differences(const SessionCalendar& calendar, const std::vector<Date>& dates);

}  // namespace vortex
