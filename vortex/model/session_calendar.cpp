#include "vortex/model/session_calendar.hpp"

#include <algorithm>
#include <utility>

namespace vortex {
namespace {

using std::chrono::days;
using std::chrono::minutes;

}  // namespace

std::string_view to_string(SessionKind kind) {
  switch (kind) {
    case SessionKind::regular: return "regular";
    case SessionKind::early_close: return "early close";
    case SessionKind::late_open: return "late open";
    case SessionKind::other_hours: return "other hours";
    case SessionKind::extra: return "extra";
  }
  return "regular";
}

std::vector<TimeRange> TradingSession::segments() const {
  if (!pause) return {{open, close}};
  return {{open, pause->start}, {pause->end, close}};
}

Duration TradingSession::length() const {
  return close - open - (pause ? pause->end - pause->start : Duration::zero());
}

Result<SessionCalendar> SessionCalendar::create(CalendarRules rules) {
  VORTEX_TRY(const TimeZone zone, TimeZone::find(rules.zone));
  return SessionCalendar(std::make_shared<const CalendarRules>(std::move(rules)), zone);
}

TimePoint SessionCalendar::at(Date date, int minutes_of_day) const {
  const Date day = date + std::chrono::floor<days>(minutes(minutes_of_day));
  const Duration in_day = minutes(minutes_of_day) - (day - date);
  return zone_.to_utc(day, in_day);
}

SessionKind SessionCalendar::kind_of(Date date, const DayHours& hours) const {
  const std::optional<DayHours>& regular = rules_->regular_on(date);
  if (!regular) return SessionKind::extra;
  if (*regular == hours) return SessionKind::regular;
  if (regular->open == hours.open && hours.close < regular->close) return SessionKind::early_close;
  if (regular->close == hours.close && hours.open > regular->open) return SessionKind::late_open;
  return SessionKind::other_hours;
}

std::optional<TradingSession> SessionCalendar::session(Date date) const {
  const std::optional<DayHours> hours = rules_->hours_on(date);
  if (!hours) return std::nullopt;
  TradingSession session{.date = date,
                         .open = at(date, hours->open),
                         .close = at(date, hours->close),
                         .kind = kind_of(date, *hours),
                         .by_rule = rules_->is_beyond_table(date)};
  if (hours->has_pause())
    session.pause = TimeRange{at(date, hours->pause_start), at(date, hours->pause_end)};
  return session;
}

std::vector<TradingSession> SessionCalendar::sessions(Date from, Date to) const {
  std::vector<TradingSession> found;
  if (rules_->first && rules_->changed.empty()) from = std::max(from, *rules_->first);
  for (Date date = from; date < to; date += days(1)) {
    if (auto one = session(date)) found.push_back(*one);
  }
  return found;
}

std::optional<TradingSession> SessionCalendar::next_session(Date date) const {
  if (rules_->first) date = std::max(date, *rules_->first);
  for (int i = 0; i <= kClosedDaysMax; ++i, date += days(1)) {
    if (auto found = session(date)) return found;
  }
  return std::nullopt;
}

std::optional<TradingSession> SessionCalendar::previous_session(Date date) const {
  for (int i = 0; i <= kClosedDaysMax; ++i) {
    date -= days(1);
    if (auto found = session(date)) return found;
  }
  return std::nullopt;
}

std::optional<TradingSession> SessionCalendar::session_of(TimePoint instant) const {
  const Date date = zone_.local_date(instant);
  // Night sessions are called by the day that follows.
  for (const Date candidate : {date, date + days(1), date - days(1)}) {
    const auto found = session(candidate);
    if (found && found->open <= instant && instant < found->close) return found;
  }
  return std::nullopt;
}

bool SessionCalendar::is_open(TimePoint instant) const {
  const auto found = session_of(instant);
  return found && !(found->pause && found->pause->holds(instant));
}

}  // namespace vortex
