// What one commit changes for a series, and the form in which the changes of a large commit wait in
// state.db until somebody asks for states.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex {

struct SeriesChange {
  SeriesKey key;
  std::int64_t rows_new = 0;
  std::vector<TimePoint> stamps_new;  // ascending; the newest kLastBarsMax of the new rows suffice
  std::optional<TimePoint> first_new;
  std::vector<CoverageMark> marks;
};

inline constexpr std::size_t kLastBarsMax = 64;  // newest stamps that a state keeps

// Adds to a state what a change says; without rows its marks alone.
void merge_change(SeriesState& state, const SeriesChange& change, bool with_rows);

// For this machine's eyes: numbers as they lie in memory. Runs of series of which the same is told:
// that once, and their symbols.
std::string pack_changes(const std::vector<SeriesChange>& changes);
Result<std::vector<SeriesChange>> unpack_changes(std::string_view bytes);

}  // namespace vortex
