#include "vortex/model/time_range.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace vortex {
namespace {

std::string edge(TimePoint time) {
  const bool is_midnight = time.time_since_epoch() % std::chrono::days(1) == Duration::zero();
  return is_midnight ? format_date(date_of(time)) : format_time(time);
}

}  // namespace

std::string to_string(const TimeRange& range) {
  return fmt::format("{}..{}", edge(range.start), edge(range.end));
}

void RangeSet::add(TimeRange range) {
  if (range.empty()) return;
  const auto first = std::ranges::lower_bound(ranges_, range.start, {}, &TimeRange::end);
  auto last = first;
  while (last != ranges_.end() && last->start <= range.end) {
    range.start = std::min(range.start, last->start);
    range.end = std::max(range.end, last->end);
    ++last;
  }
  ranges_.insert(ranges_.erase(first, last), range);
}

void RangeSet::remove(TimeRange range) {
  if (range.empty()) return;
  std::vector<TimeRange> kept;
  for (const TimeRange& have : ranges_) {
    const TimeRange before{have.start, std::min(have.end, range.start)};
    const TimeRange after{std::max(have.start, range.end), have.end};
    if (!before.empty()) kept.push_back(before);
    if (!after.empty()) kept.push_back(after);
  }
  ranges_ = std::move(kept);
}

bool RangeSet::covers(TimeRange range) const {
  return missing_in(range).empty();
}

std::vector<TimeRange> RangeSet::missing_in(TimeRange wanted) const {
  std::vector<TimeRange> missing;
  TimePoint at = wanted.start;
  for (const TimeRange& have : ranges_) {
    if (have.end <= at) continue;
    if (have.start >= wanted.end) break;
    if (have.start > at) missing.push_back({at, have.start});
    at = have.end;
  }
  if (at < wanted.end) missing.push_back({at, wanted.end});
  return missing;
}

}  // namespace vortex
