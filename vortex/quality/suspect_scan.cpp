#include "vortex/quality/suspect_scan.hpp"

#include <algorithm>
#include <limits>

#include "vortex/quality/stamp_grid.hpp"
#include "vortex/quality/validator.hpp"

// Inlined into one copy for each instruction set below.
#define VORTEX_INLINE [[gnu::always_inline]] inline

namespace vortex {
namespace {

constexpr double kFiniteMax = std::numeric_limits<double>::max();

// Every comparison is written so that NaN counts as bad. Zero and negative prices, odd but not
// always wrong, make a block suspect too.
VORTEX_INLINE bool values_suspect(const SeriesColumns& columns, std::int64_t begin,
                                  std::int64_t end) {
  const double* open = columns.open.values;
  const double* high = columns.high.values;
  const double* low = columns.low.values;
  const double* close = columns.close.values;
  const double* volume = columns.volume.values;
  std::uint64_t bad = 0;
  for (std::int64_t i = begin; i < end; ++i) {
    const double o = open[i], h = high[i], l = low[i], c = close[i], v = volume[i];
    const bool good = (h >= o) & (h >= c) & (l <= o) & (l <= c) & (l > 0) & (h <= kFiniteMax) &
                      (v >= 0) & (v <= kFiniteMax);
    bad |= static_cast<std::uint64_t>(!good);
  }
  return bad != 0;
}

// Rows i and i + 1: the next bar lies within kJumpFactor of this close.
VORTEX_INLINE bool levels_suspect(const SeriesColumns& columns, std::int64_t begin,
                                  std::int64_t last) {
  const double* high = columns.high.values;
  const double* low = columns.low.values;
  const double* close = columns.close.values;
  std::uint64_t bad = 0;
  for (std::int64_t i = begin; i < last; ++i) {
    const bool good =
        (high[i + 1] < kJumpFactor * close[i]) & (kJumpFactor * low[i + 1] > close[i]);
    bad |= static_cast<std::uint64_t>(!good);
  }
  return bad != 0;
}

// Rows i and i + 1: time rises where the difference is negative. Subtracting beats comparing, for
// which the oldest instruction sets have nothing; it is exact while no stamp is beyond ±2^62.
VORTEX_INLINE bool order_suspect(const SeriesColumns& columns, std::int64_t begin,
                                 std::int64_t last) {
  const std::int64_t* time = columns.time.values;
  std::uint64_t rising = ~std::uint64_t{0};
  std::uint64_t beyond = 0;
  for (std::int64_t i = begin; i < last; ++i) {
    const auto here = static_cast<std::uint64_t>(time[i]);
    const auto next = static_cast<std::uint64_t>(time[i + 1]);
    rising &= here - next;
    beyond |= (here ^ (here + here)) | (next ^ (next + next));
  }
  constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;
  return (rising & kSignBit) == 0 || (beyond & kSignBit) != 0;
}

VORTEX_INLINE bool grid_suspect(const SeriesColumns& columns, std::int64_t begin,
                                std::int64_t end) {
  if (columns.grid == 0) return false;
  const StampGrid grid(static_cast<std::uint64_t>(columns.grid));
  const std::int64_t* time = columns.time.values;
  std::uint64_t bad = 0;
  for (std::int64_t i = begin; i < end; ++i) {
    bad |= grid.misses(time[i]);
  }
  return bad != 0;
}

bool holds_null(const SeriesColumns& columns, std::int64_t begin, std::int64_t end) {
  const auto any = [&](const auto& column) {
    if (!column.has_nulls()) return false;
    for (std::int64_t i = begin; i < end; ++i) {
      if (column.is_null(i)) return true;
    }
    return false;
  };
  // A missing volume is a warning that is counted from the column as a whole.
  return any(columns.time) || any(columns.open) || any(columns.high) || any(columns.low) ||
         any(columns.close);
}

VORTEX_INLINE bool block_suspect(const SeriesColumns& columns, std::int64_t begin,
                                 std::int64_t end) {
  const std::int64_t last = std::min(end, columns.rows - 1);  // the last row has no next one
  if (values_suspect(columns, begin, end) || levels_suspect(columns, begin, last)) return true;
  if (order_suspect(columns, begin, last)) return true;
  // Time rises within the block, so its ends stand for all of it.
  const std::int64_t first_time = columns.time[begin], last_time = columns.time[end - 1];
  if (first_time < columns.range_min || last_time > columns.range_max) return true;
  if (first_time < -StampGrid::kStampMax || last_time > StampGrid::kStampMax) return true;
  return grid_suspect(columns, begin, end) || holds_null(columns, begin, end);
}

VORTEX_INLINE void scan(const SeriesColumns& columns, std::vector<bool>& suspect) {
  for (std::size_t block = 0; block < suspect.size(); ++block) {
    const std::int64_t begin = static_cast<std::int64_t>(block) * kScanBlockRows;
    const std::int64_t end = std::min(begin + kScanBlockRows, columns.rows);
    suspect[block] = block_suspect(columns, begin, end);
  }
}

void scan_portable(const SeriesColumns& columns, std::vector<bool>& suspect) {
  scan(columns, suspect);
}

// The build is for any x86-64; the processor at hand usually compares four doubles at once.
#if defined(__x86_64__)
[[gnu::target("avx2")]] void scan_avx2(const SeriesColumns& columns, std::vector<bool>& suspect) {
  scan(columns, suspect);
}

bool has_avx2() {
  return __builtin_cpu_supports("avx2") != 0;
}
#else
void scan_avx2(const SeriesColumns& columns, std::vector<bool>& suspect) {
  scan(columns, suspect);
}

bool has_avx2() {
  return false;
}
#endif

}  // namespace

std::vector<bool> suspect_blocks(const SeriesColumns& columns) {
  const std::int64_t blocks = (columns.rows + kScanBlockRows - 1) / kScanBlockRows;
  std::vector<bool> suspect(static_cast<std::size_t>(blocks));
  if (has_avx2()) {
    scan_avx2(columns, suspect);
  } else {
    scan_portable(columns, suspect);
  }
  return suspect;
}

}  // namespace vortex
