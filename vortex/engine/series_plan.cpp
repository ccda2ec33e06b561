#include "vortex/engine/series_plan.hpp"

#include <algorithm>

namespace vortex {
namespace {

using std::chrono::days;
using std::chrono::hours;

// Bars older than this do not appear late any more, so that "nothing came" may be believed.
Duration settling_time(Interval interval) {
  if (is_intraday(interval)) return days(2);
  return days(7) + nominal_length(interval);
}

TimePoint bar_end(Interval interval, TimePoint stamp) {
  if (is_intraday(interval)) return stamp + nominal_length(interval);
  return midnight(next_bar_date(interval, date_of(stamp)));
}

}  // namespace

TimePoint default_until(Interval interval, TimePoint now) {
  if (is_intraday(interval)) return now;
  constexpr hours kFurthestZone{14};  // UTC+14, Kiritimati
  return midnight(date_of(now + kFurthestZone)) + days(1);
}

std::vector<TimeRange> ranges_to_ask(const SeriesState& state, TimeRange wanted, int overlap_bars) {
  RangeSet known;
  for (const CoverageMark& mark : state.coverage) {
    if (mark.state != CoverageState::failed) known.add(mark.range);
  }
  RangeSet ask;
  for (const TimeRange& range : known.missing_in(wanted)) ask.add(range);
  if (overlap_bars > 0 && !state.last_bars.empty()) {
    const std::size_t back =
        std::min(static_cast<std::size_t>(overlap_bars), state.last_bars.size());
    const TimePoint start = std::max(wanted.start, state.last_bars[state.last_bars.size() - back]);
    const TimePoint end = std::min(wanted.end, bar_end(state.key.interval, state.last_bars.back()));
    ask.add({start, end});
  }
  return ask.ranges();
}

std::vector<CoverageMark> coverage_after(const Answered& answered) {
  // By whole days: an edge that moved with each second would be news in every run.
  const TimePoint settled = midnight(date_of(answered.now - settling_time(answered.interval)));
  TimePoint end = std::min(answered.asked.end, settled);
  if (answered.last_bar) {
    end =
        std::max(end, std::min(answered.asked.end, bar_end(answered.interval, *answered.last_bar)));
  }
  const TimeRange known{answered.asked.start, end};
  if (known.empty()) return {};
  if (answered.last_bar) return {{.range = known, .state = CoverageState::have}};
  return {
      {.range = known, .state = CoverageState::empty, .reason = "the provider has no bars there"}};
}

}  // namespace vortex
