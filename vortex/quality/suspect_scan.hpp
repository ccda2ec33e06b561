// The fast pass: which blocks of rows can hold a row that breaks a rule. A clean series is read
// once, at the speed of memory; only suspect blocks are judged row by row (row_judge.hpp).
#pragma once

#include <cstdint>
#include <vector>

#include "vortex/quality/series_columns.hpp"

namespace vortex {

inline constexpr std::int64_t kScanBlockRows = 512;  // six columns of it fit the first-level cache

// One flag a block of kScanBlockRows rows. A block is suspect also when its last row and the row
// after it do not fit together.
std::vector<bool> suspect_blocks(const SeriesColumns& columns);

}  // namespace vortex
