#include "vortex/engine/gap_plan.hpp"

#include <algorithm>
#include <utility>

#include "vortex/engine/series_plan.hpp"
#include "vortex/model/expected_bars.hpp"

namespace vortex {
namespace {

using std::chrono::days;

struct Verdict {
  GapState state = GapState::missing;
  std::string reason;
};

// Judges expected bars in ascending order; remembers how far it came in stamps and marks.
class BarJudge {
 public:
  explicit BarJudge(const SeriesFacts& facts) : facts_(facts) {}

  Verdict judge(const ExpectedBar& bar) {
    if (is_stored(bar)) return {GapState::have, ""};
    if (facts_.calendar->rules().halts.covers({bar.stamp, bar.end}))
      return {GapState::empty, std::string(kHalt)};
    const CoverageMark* mark = mark_at(bar.stamp);
    if (mark != nullptr && mark->state != CoverageState::failed) return unfilled(bar);
    if (is_before(facts_.first_trade, bar)) return {GapState::empty, std::string(kNotListed)};
    if (mark == nullptr && is_before(facts_.served_from, bar))
      return {GapState::empty, std::string(kBeforeHistory)};
    if (!is_due(bar)) return {GapState::not_due, ""};
    if (mark != nullptr) return {GapState::failed, mark->reason};
    return {GapState::missing, ""};
  }

 private:
  bool is_stored(const ExpectedBar& bar) {
    const auto& stamps = facts_.stamps;
    while (stamp_ < stamps.size() && stamps[stamp_] < bar.stamp) ++stamp_;
    return stamp_ < stamps.size() && stamps[stamp_] < bar.end;
  }

  const CoverageMark* mark_at(TimePoint stamp) {
    const auto& marks = facts_.state.coverage;
    while (mark_ < marks.size() && marks[mark_].range.end <= stamp) ++mark_;
    return mark_ < marks.size() && marks[mark_].range.holds(stamp) ? &marks[mark_] : nullptr;
  }

  // The provider was asked and gave no bar.
  Verdict unfilled(const ExpectedBar& bar) const {
    if (is_before(facts_.first_trade, bar)) return {GapState::empty, std::string(kNotListed)};
    const bool before_all = !facts_.state.first_bar || bar.end <= *facts_.state.first_bar;
    return {GapState::empty, std::string(before_all ? kBeforeHistory : kNoTrades)};
  }

  // The bar ends before that moment's day begins: its own day may be a part of one.
  static bool is_before(const std::optional<TimePoint>& moment, const ExpectedBar& bar) {
    return moment && bar.end <= midnight(date_of(*moment));
  }

  bool is_due(const ExpectedBar& bar) const {
    const auto closes = bar_closes(*facts_.calendar, facts_.state.key.interval, bar);
    return closes && *closes + kDueLag <= facts_.now;
  }

  const SeriesFacts& facts_;
  std::size_t stamp_ = 0;
  std::size_t mark_ = 0;
};

void append(std::vector<StatedRange>& ranges, StatedRange next) {
  if (!ranges.empty() && ranges.back().state == next.state && ranges.back().reason == next.reason) {
    ranges.back().range.end = next.range.end;
    ranges.back().bars += next.bars;
    return;
  }
  ranges.push_back(std::move(next));
}

// Days on which the weekday has a session and the calendar none.
std::vector<StatedRange> holidays(const SeriesFacts& facts) {
  std::vector<StatedRange> found;
  const CalendarRules& rules = facts.calendar->rules();
  Date date = date_of(facts.wanted.start);
  if (rules.first) date = std::max(date, *rules.first);
  for (; midnight(date) < facts.wanted.end; date += days(1)) {
    if (!rules.knows(date) || !rules.regular_on(date) || rules.hours_on(date)) continue;
    found.push_back({.range = {midnight(date), midnight(date + days(1))},
                     .state = GapState::empty,
                     .reason = std::string(kHoliday)});
  }
  return found;
}

// What of the range the calendar knows.
TimeRange known_part(const SessionCalendar& calendar, TimeRange range) {
  if (calendar.first()) range.start = std::max(range.start, midnight(*calendar.first()));
  const auto horizon = calendar.horizon();
  if (horizon && !calendar.knows(*horizon + days(1)))
    range.end = std::min(range.end, midnight(*horizon + days(1)));
  return range;
}

// Without a calendar, what was asked is all that is known.
SeriesGaps gaps_by_marks(const SeriesFacts& facts) {
  SeriesGaps gaps;
  TimePoint at = facts.wanted.start;
  const auto unknown_until = [&](TimePoint end) {
    if (at < end) append(gaps.ranges, {.range = {at, end}, .state = GapState::unknown});
  };
  for (const CoverageMark& mark : facts.state.coverage) {
    const TimeRange part{std::max(at, mark.range.start),
                         std::min(facts.wanted.end, mark.range.end)};
    if (part.empty()) continue;
    unknown_until(part.start);
    const GapState state = mark.state == CoverageState::have    ? GapState::have
                           : mark.state == CoverageState::empty ? GapState::empty
                                                                : GapState::failed;
    append(gaps.ranges, {.range = part, .state = state, .reason = mark.reason});
    at = part.end;
  }
  unknown_until(facts.wanted.end);
  return gaps;
}

// How far a range is searched for a session: mostly the first days decide, and a longer one than
// that holds some for sure.
constexpr Duration kLookedFirst = days(4);
constexpr Duration kLookedMax = days(40);

bool holds_ended_bar(const SessionCalendar& calendar, Interval interval, TimeRange range,
                     TimePoint now) {
  return std::ranges::any_of(expected_bars(calendar, interval, range), [&](const ExpectedBar& bar) {
    const auto closes = bar_closes(calendar, interval, bar);
    return closes && *closes <= now;
  });
}

}  // namespace

std::string_view to_string(GapState state) {
  switch (state) {
    case GapState::have: return "have";
    case GapState::empty: return "empty";
    case GapState::failed: return "failed";
    case GapState::missing: return "missing";
    case GapState::not_due: return "not yet due";
    case GapState::unknown: return "unknown";
  }
  return "unknown";
}

std::int64_t SeriesGaps::count(GapState state) const {
  std::int64_t bars = 0;
  for (const StatedRange& range : ranges) bars += range.state == state ? range.bars : 0;
  return bars;
}

SeriesGaps find_gaps(const SeriesFacts& facts) {
  if (!facts.calendar) return gaps_by_marks(facts);
  const Interval interval = facts.state.key.interval;
  const TimeRange known = known_part(*facts.calendar, facts.wanted);
  SeriesGaps gaps{.is_known = true};
  const auto unknown = [&](TimeRange range) {
    if (!range.empty()) append(gaps.ranges, {.range = range, .state = GapState::unknown});
  };
  unknown({facts.wanted.start, std::min(known.start, facts.wanted.end)});
  std::vector<StatedRange> closed;
  if (interval <= Interval::d1) closed = holidays(facts);  // weeks and months outlast them
  auto next_closed = closed.begin();
  BarJudge judge(facts);
  for (const ExpectedBar& bar : expected_bars(*facts.calendar, interval, known)) {
    for (; next_closed != closed.end() && next_closed->range.start < bar.stamp; ++next_closed)
      append(gaps.ranges, *next_closed);
    Verdict verdict = judge.judge(bar);
    append(gaps.ranges, {.range = {bar.stamp, bar.end},
                         .state = verdict.state,
                         .reason = std::move(verdict.reason),
                         .bars = 1});
    ++gaps.expected;
  }
  for (; next_closed != closed.end(); ++next_closed) append(gaps.ranges, *next_closed);
  unknown({std::max(known.end, facts.wanted.start), facts.wanted.end});
  return gaps;
}

std::vector<TimeRange> ranges_to_repair(const SeriesFacts& facts, const SeriesGaps& gaps) {
  if (!gaps.is_known) return ranges_to_ask(facts.state, facts.wanted, /*overlap_bars=*/0);
  std::vector<TimeRange> asks;
  bool is_open = false;  // the last ask may go on
  for (const StatedRange& range : gaps.ranges) {
    if (range.reason == kHoliday) continue;
    const bool wants = range.state == GapState::missing || range.state == GapState::failed;
    if (wants && is_open) {
      asks.back().end = range.range.end;
    } else if (wants) {
      asks.push_back(range.range);
    }
    is_open = wants;
  }
  return asks;
}

bool may_hold_bars(const SessionCalendar& calendar, Interval interval, TimeRange range,
                   TimePoint now) {
  if (known_part(calendar, range) != range) return true;
  for (const Duration look : {kLookedFirst, kLookedMax}) {
    const TimeRange looked{range.start, std::min(range.end, range.start + look)};
    if (holds_ended_bar(calendar, interval, looked, now)) return true;
    if (looked.end == range.end) return false;
  }
  return range.start + kLookedMax < now;
}

}  // namespace vortex
