#include "vortex/engine/calendar_diff.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace vortex {
namespace {

using std::chrono::days;

// The dates on which a bar of that stamp can have traded: one, or those of its week or month.
struct DateSpan {
  Date from;
  Date to;  // not included
};

DateSpan dates_of(Interval interval, TimePoint stamp) {
  const Date date = date_of(stamp);
  return {date, next_bar_date(interval, date)};
}

// Bars that begin before the open and reach into the session are counted from the full hour.
bool holds(const TradingSession& session, TimePoint stamp, Duration length) {
  if (stamp >= session.close || stamp + length <= session.open) return false;
  return !session.pause || stamp < session.pause->start || stamp + length > session.pause->end;
}

// Is there a session in the bar's day, week or month, or is none known not to be?
bool may_have_traded(const SessionCalendar& calendar, Interval interval, TimePoint stamp) {
  const DateSpan span = dates_of(interval, stamp);
  for (Date date = span.from; date < span.to; date += days(1)) {
    if (!calendar.knows(date) || calendar.rules().hours_on(date)) return true;
  }
  return false;
}

// The sessions around ascending stamps, one after the other.
class SessionWalk {
 public:
  SessionWalk(const SessionCalendar& calendar, const std::vector<TimePoint>& stamps)
      : sessions_(calendar.sessions(date_of(stamps.front()) - days(2),
                                    date_of(stamps.back()) + days(3))) {}

  // The first that closes after the stamp.
  const TradingSession* session_until(TimePoint stamp) {
    while (at_ < sessions_.size() && sessions_[at_].close <= stamp) ++at_;
    return at_ < sessions_.size() ? &sessions_[at_] : nullptr;
  }

 private:
  std::vector<TradingSession> sessions_;
  std::size_t at_ = 0;
};

}  // namespace

std::string_view to_string(ContradictionKind kind) {
  switch (kind) {
    case ContradictionKind::traded_when_closed: return "traded_when_closed";
    case ContradictionKind::outside_hours: return "outside_hours";
    case ContradictionKind::silent_session: return "silent_session";
  }
  return "traded_when_closed";
}

// What one series says, by date.
struct CalendarDiff::Tally {
  std::map<Date, std::int64_t> closed;
  std::map<Date, std::int64_t> outside;
  std::set<Date> trading;
};

void CalendarDiff::add_days(Interval interval, const std::vector<TimePoint>& stamps,
                            Tally& tally) const {
  for (const TimePoint stamp : stamps) {
    const DateSpan span = dates_of(interval, stamp);
    if (!may_have_traded(calendar_, interval, stamp)) ++tally.closed[span.from];
    for (Date date = span.from; date < span.to; date += days(1)) {
      if (calendar_.rules().hours_on(date)) tally.trading.insert(date);
    }
  }
}

void CalendarDiff::add_intraday(Interval interval, const std::vector<TimePoint>& stamps,
                                Tally& tally) const {
  const Duration length = nominal_length(interval);
  SessionWalk walk(calendar_, stamps);
  for (const TimePoint stamp : stamps) {
    const TradingSession* session = walk.session_until(stamp);
    if (session != nullptr && holds(*session, stamp, length)) {
      tally.trading.insert(session->date);
      continue;
    }
    const Date date = calendar_.zone().local_date(stamp);
    if (!calendar_.knows(date)) continue;
    const bool has_session = calendar_.rules().hours_on(date).has_value();
    ++(has_session ? tally.outside : tally.closed)[date];
  }
}

void CalendarDiff::add(Interval interval, const std::vector<TimePoint>& stamps) {
  if (stamps.empty()) return;
  ++series_;
  bars_ += std::ssize(stamps);
  Tally tally;
  if (is_intraday(interval)) {
    add_intraday(interval, stamps, tally);
  } else {
    add_days(interval, stamps, tally);
  }
  for (const auto& [date, bars] : tally.closed) {
    days_[date].bars_closed += bars;
    ++days_[date].series_closed;
  }
  for (const auto& [date, bars] : tally.outside) {
    days_[date].bars_outside += bars;
    ++days_[date].series_outside;
  }
  for (const Date date : tally.trading) ++days_[date].series_trading;
  if (tally.trading.empty()) return;
  ++spans_[*tally.trading.begin()];
  --spans_[*tally.trading.rbegin() + days(1)];
}

// Day by day, from the first to the last of which anything is known.
std::vector<Contradiction> CalendarDiff::daily() const {
  std::vector<Contradiction> found;
  if (days_.empty()) return found;
  std::int64_t spanning = 0;
  const auto add = [&](ContradictionKind kind, Date date, std::int64_t bars, std::int64_t series) {
    found.push_back({.kind = kind,
                     .first = date,
                     .last = date,
                     .days = 1,
                     .bars = bars,
                     .series = series,
                     .series_of = std::max(series, spanning)});
  };
  for (Date date = days_.begin()->first; date <= days_.rbegin()->first; date += days(1)) {
    if (const auto span = spans_.find(date); span != spans_.end()) spanning += span->second;
    const auto seen = days_.find(date);
    const Day day = seen == days_.end() ? Day{} : seen->second;
    if (day.bars_closed > 0) {
      add(ContradictionKind::traded_when_closed, date, day.bars_closed, day.series_closed);
    }
    if (day.bars_outside > 0) {
      add(ContradictionKind::outside_hours, date, day.bars_outside, day.series_outside);
    }
    if (spanning > 0 && day.series_trading == 0 && calendar_.rules().hours_on(date))
      add(ContradictionKind::silent_session, date, 0, 0);
  }
  return found;
}

// Those of one kind are one where no session lies between that does not contradict.
std::vector<Contradiction> CalendarDiff::contradictions() const {
  std::vector<Contradiction> found;
  std::map<ContradictionKind, std::size_t> latest;
  for (const Contradiction& one : daily()) {
    const auto open = latest.find(one.kind);
    Contradiction* before = open == latest.end() ? nullptr : &found[open->second];
    const auto next =
        before == nullptr ? std::nullopt : calendar_.next_session(before->last + days(1));
    const bool is_closed = one.kind == ContradictionKind::traded_when_closed;
    const bool adjoins = next && (is_closed ? next->date > one.first : next->date == one.first);
    if (before == nullptr || !adjoins || before->series != one.series) {
      latest[one.kind] = found.size();
      found.push_back(one);
      continue;
    }
    before->last = one.last;
    ++before->days;
    before->bars += one.bars;
    before->series_of = std::max(before->series_of, one.series_of);
  }
  return found;
}

std::int64_t count_outside_sessions(const SessionCalendar& calendar, Interval interval,
                                    const std::vector<TimePoint>& stamps) {
  if (stamps.empty()) return 0;
  if (!is_intraday(interval)) {
    return std::ranges::count_if(
        stamps, [&](TimePoint stamp) { return !may_have_traded(calendar, interval, stamp); });
  }
  const Duration length = nominal_length(interval);
  SessionWalk walk(calendar, stamps);
  return std::ranges::count_if(stamps, [&](TimePoint stamp) {
    const TradingSession* session = walk.session_until(stamp);
    if (session != nullptr && holds(*session, stamp, length)) return false;
    return calendar.knows(calendar.zone().local_date(stamp));
  });
}

}  // namespace vortex
