// When a market is open: sessions with their moments in UTC, by date or by instant. A cheap handle
// to an immutable calendar; any thread. What lies before a calendar's first day or beyond what is
// known gets no session and no claim: ask `knows`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"
#include "vortex/base/time_zone.hpp"
#include "vortex/model/calendar_rules.hpp"
#include "vortex/model/time_range.hpp"

namespace vortex {

enum class SessionKind : std::uint8_t { regular, early_close, late_open, other_hours, extra };
std::string_view to_string(SessionKind kind);

struct TradingSession {
  Date date;  // what the session is called, and the stamp of its daily bar
  TimePoint open;
  TimePoint close;
  std::optional<TimeRange> pause;  // lunch
  SessionKind kind = SessionKind::regular;
  bool by_rule = false;  // beyond the table's horizon: announced closures are not in it

  // The stretches of trading: one, or two around the pause.
  std::vector<TimeRange> segments() const;
  Duration length() const;  // without the pause
  bool operator==(const TradingSession&) const = default;
};

class SessionCalendar {
 public:
  // The zone must be one of the tz database.
  static Result<SessionCalendar> create(CalendarRules rules);

  const std::string& name() const { return rules_->name; }
  const CalendarRules& rules() const { return *rules_; }
  const TimeZone& zone() const { return zone_; }
  std::optional<Date> first() const { return rules_->first; }
  std::optional<Date> horizon() const { return rules_->horizon; }  // none: by rule, without an end
  bool knows(Date date) const { return rules_->knows(date); }

  std::optional<TradingSession> session(Date date) const;
  std::vector<TradingSession> sessions(Date from, Date to) const;  // [from, to)
  // The first session of that date or later whose date is known; none within kClosedDaysMax.
  std::optional<TradingSession> next_session(Date date) const;
  std::optional<TradingSession> previous_session(Date date) const;  // strictly before

  // The session whose [open, close) holds the instant, its pause included.
  std::optional<TradingSession> session_of(TimePoint instant) const;
  bool is_open(TimePoint instant) const;  // false in the pause

 private:
  SessionCalendar(std::shared_ptr<const CalendarRules> rules, TimeZone zone)
      : rules_(std::move(rules)), zone_(zone) {}
  TimePoint at(Date date, int minutes) const;
  SessionKind kind_of(Date date, const DayHours& hours) const;

  std::shared_ptr<const CalendarRules> rules_;
  TimeZone zone_;
};

}  // namespace vortex
