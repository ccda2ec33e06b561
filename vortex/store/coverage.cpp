#include "vortex/store/coverage.hpp"

#include <algorithm>
#include <utility>

#include "vortex/base/json.hpp"

namespace vortex {
namespace {

// Higher knows more; a mark gives way to one that knows as much or more.
int knowledge(CoverageState state) {
  switch (state) {
    case CoverageState::have: return 2;
    case CoverageState::empty: return 1;
    case CoverageState::failed: return 0;
  }
  return 0;
}

bool says_the_same(const CoverageMark& a, const CoverageMark& b) {
  return a.state == b.state && a.reason == b.reason;
}

// The daily case: the mark begins where the last one ends, or later. False: it meets others.
bool add_behind(std::vector<CoverageMark>& marks, const CoverageMark& mark) {
  if (marks.empty() || marks.back().range.end < mark.range.start) {
    marks.push_back(mark);
    return true;
  }
  if (marks.back().range.end != mark.range.start) return false;
  if (says_the_same(marks.back(), mark)) {
    marks.back().range.end = mark.range.end;
  } else {
    marks.push_back(mark);
  }
  return true;
}

std::int64_t ticks(TimePoint time) {
  return time.time_since_epoch().count();
}

Result<CoverageState> parse_state(std::string_view text) {
  for (const auto state : {CoverageState::have, CoverageState::empty, CoverageState::failed}) {
    if (to_string(state) == text) return state;
  }
  return fail(ErrorCode::corrupt, "coverage: unknown state");
}

}  // namespace

std::string_view to_string(CoverageState state) {
  switch (state) {
    case CoverageState::have: return "have";
    case CoverageState::empty: return "empty";
    case CoverageState::failed: return "failed";
  }
  return "failed";
}

void add_mark(std::vector<CoverageMark>& marks, const CoverageMark& mark) {
  if (mark.range.empty() || add_behind(marks, mark)) return;
  RangeSet place;  // where the new mark will stand
  place.add(mark.range);
  std::vector<CoverageMark> kept;
  for (const CoverageMark& old : marks) {
    if (knowledge(old.state) > knowledge(mark.state)) {
      place.remove(old.range);
      kept.push_back(old);
      continue;
    }
    RangeSet rest;
    rest.add(old.range);
    rest.remove(mark.range);
    for (const TimeRange& range : rest.ranges()) {
      kept.push_back({.range = range, .state = old.state, .reason = old.reason});
    }
  }
  for (const TimeRange& range : place.ranges()) {
    kept.push_back({.range = range, .state = mark.state, .reason = mark.reason});
  }
  std::ranges::sort(kept, {}, [](const CoverageMark& m) { return m.range.start; });
  marks.clear();
  for (CoverageMark& next : kept) {
    if (!marks.empty() && marks.back().range.end == next.range.start &&
        says_the_same(marks.back(), next)) {
      marks.back().range.end = next.range.end;
    } else {
      marks.push_back(std::move(next));
    }
  }
}

std::string write_marks(const std::vector<CoverageMark>& marks) {
  JsonWriter writer;
  writer.begin_array();
  for (const CoverageMark& mark : marks) {
    writer.begin_array();
    writer.value(ticks(mark.range.start));
    writer.value(ticks(mark.range.end));
    writer.value(to_string(mark.state));
    writer.value(mark.reason);
    writer.end_array();
  }
  writer.end_array();
  return writer.take();
}

Result<std::vector<CoverageMark>> parse_marks(std::string_view json) {
  VORTEX_TRY(const auto parsed, Json::parse(json));
  const auto damaged = [] {
    return fail(ErrorCode::corrupt, "coverage: no list of marks");
  };
  if (parsed.as_array() == nullptr) return damaged();
  std::vector<CoverageMark> marks;
  for (const Json& item : *parsed.as_array()) {
    const Json::Array* fields = item.as_array();
    if (fields == nullptr || fields->size() != 4) return damaged();
    const auto* start = (*fields)[0].as_int();
    const auto* end = (*fields)[1].as_int();
    const auto* state = (*fields)[2].as_string();
    const auto* reason = (*fields)[3].as_string();
    if (start == nullptr || end == nullptr || state == nullptr || reason == nullptr) {
      return damaged();
    }
    VORTEX_TRY(const auto parsed_state, parse_state(*state));
    marks.push_back({.range = {TimePoint{Duration{*start}}, TimePoint{Duration{*end}}},
                     .state = parsed_state,
                     .reason = *reason});
  }
  return marks;
}

}  // namespace vortex
