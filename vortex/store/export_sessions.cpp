#include "vortex/store/export_sessions.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/core.h>

namespace vortex {
namespace {

constexpr std::size_t kDatesShownMax = 5;

std::string first_few(const std::vector<Date>& dates) {
  std::string text;
  for (std::size_t i = 0; i < std::min(dates.size(), kDatesShownMax); ++i) {
    text += (i == 0 ? "" : ", ") + format_date(dates[i]);
  }
  return dates.size() > kDatesShownMax ? text + ", …" : text;
}

std::vector<Date> without(const std::vector<Date>& some, const std::vector<Date>& others) {
  std::vector<Date> left;
  std::ranges::set_difference(some, others, std::back_inserter(left));
  return left;
}

}  // namespace

std::string session_differences(const SessionCalendar& calendar, const std::vector<Date>& dates) {
  if (dates.empty()) return {};
  std::vector<Date> sessions;
  for (const TradingSession& session :
       calendar.sessions(dates.front(), dates.back() + std::chrono::days{1})) {
    sessions.push_back(session.date);
  }
  std::vector<Date> known;  // of a day the calendar knows nothing of, nothing is claimed
  std::ranges::copy_if(dates, std::back_inserter(known),
                       [&](Date date) { return calendar.knows(date); });
  const auto missing = without(sessions, dates);
  const auto outside = without(known, sessions);
  std::string text;
  if (missing.size() == 1) text = fmt::format("1 session of {} has", calendar.name());
  if (missing.size() > 1) {
    text = fmt::format("{} sessions of {} have", missing.size(), calendar.name());
  }
  if (!missing.empty()) text += fmt::format(" no bar ({})", first_few(missing));
  if (!outside.empty()) {
    if (!text.empty()) text += "; ";
    text +=
        fmt::format("{} in no session of {} ({})",
                    outside.size() == 1 ? "1 bar is" : fmt::format("{} bars are", outside.size()),
                    calendar.name(), first_few(outside));
  }
  return text;
}

}  // namespace vortex
