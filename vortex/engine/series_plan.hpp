// Which ranges of a series must be asked, and what an answer teaches about coverage. Pure.
#pragma once

#include <optional>
#include <vector>

#include "vortex/model/interval.hpp"
#include "vortex/model/time_range.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex {

// The end of "until now" for an interval: for day-or-longer bars the session dates that have begun
// anywhere on earth.
TimePoint default_until(Interval interval, TimePoint now);

// What of `wanted` is neither stored nor known to be empty, plus the last `overlap_bars` stored
// bars as far as they lie in `wanted`.
std::vector<TimeRange> ranges_to_ask(const SeriesState& state, TimeRange wanted, int overlap_bars);

// What may be marked after the whole of `asked` was answered: an answer about the past is settled,
// one that reaches to the present only up to the end of its last bar.
struct Answered {
  TimeRange asked;
  Interval interval = Interval::d1;
  std::optional<TimePoint> last_bar;  // stamp of the newest bar that came; none: no bars at all
  TimePoint now;
};
std::vector<CoverageMark> coverage_after(const Answered& answered);

}  // namespace vortex
