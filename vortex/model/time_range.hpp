// Half-open stretches of UTC, [start, end), and sets of them.
#pragma once

#include <string>
#include <vector>

#include "vortex/base/time.hpp"

namespace vortex {

struct TimeRange {
  TimePoint start;
  TimePoint end;

  bool empty() const { return end <= start; }
  bool holds(TimePoint time) const { return start <= time && time < end; }
  bool operator==(const TimeRange&) const = default;
};

std::string to_string(const TimeRange& range);  // "2024-01-02..2024-06-30", with times where needed

// Disjoint ranges in ascending order; ranges that touch are joined.
class RangeSet {
 public:
  RangeSet() = default;
  void add(TimeRange range);
  void remove(TimeRange range);
  const std::vector<TimeRange>& ranges() const { return ranges_; }
  bool empty() const { return ranges_.empty(); }
  bool covers(TimeRange range) const;
  // What of `wanted` is not in the set.
  std::vector<TimeRange> missing_in(TimeRange wanted) const;
  bool operator==(const RangeSet&) const = default;

 private:
  std::vector<TimeRange> ranges_;
};

}  // namespace vortex
