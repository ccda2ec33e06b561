#include "vortex/quality/suspect_scan.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <limits>

#include "vortex/quality/validator.hpp"

namespace vortex {
namespace {

constexpr double kFiniteMax = std::numeric_limits<double>::max();

// Divisibility by a constant that is known at run time only, without a division: for d = 2^k · odd,
// n is a multiple of d where rotr(n · odd⁻¹, k) ≤ (2^64 − 1) / d, modulo 2^64.
class MultipleTest {
 public:
  explicit MultipleTest(std::uint64_t divisor)
      : shift_(std::countr_zero(divisor)),
        inverse_(inverse_of(divisor >> shift_)),
        limit_(std::numeric_limits<std::uint64_t>::max() / divisor),
        bias_((std::uint64_t{1} << 62) / divisor * divisor) {}

  // Exact within ±2^62 microseconds of 1970 (140,000 years).
  bool fails(std::int64_t value) const {
    const std::uint64_t scaled = (static_cast<std::uint64_t>(value) + bias_) * inverse_;
    return std::rotr(scaled, shift_) > limit_;
  }

 private:
  // Newton's iteration doubles the correct bits each time; 3 are right at the start.
  static std::uint64_t inverse_of(std::uint64_t odd) {
    std::uint64_t inverse = odd;
    for (int i = 0; i < 5; ++i) inverse *= 2 - odd * inverse;
    return inverse;
  }

  int shift_;
  std::uint64_t inverse_;
  std::uint64_t limit_;
  std::uint64_t bias_;  // makes stamps before 1970 positive and keeps their remainder
};

// Every comparison is written so that NaN counts as bad. Zero and negative prices, odd but not always
// wrong, make a block suspect too.
bool values_suspect(const SeriesColumns& columns, std::int64_t begin, std::int64_t end) {
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

// Rows i and i + 1: time rises, and the next bar lies within kJumpFactor of this close.
bool pairs_suspect(const SeriesColumns& columns, std::int64_t begin, std::int64_t end) {
  const std::int64_t* time = columns.time.values;
  const double* high = columns.high.values;
  const double* low = columns.low.values;
  const double* close = columns.close.values;
  const std::int64_t last = std::min(end, columns.rows - 1);
  std::uint64_t bad = 0;
  for (std::int64_t i = begin; i < last; ++i) {
    const bool good = (high[i + 1] < kJumpFactor * close[i]) &
                      (kJumpFactor * low[i + 1] > close[i]);
    bad |= static_cast<std::uint64_t>(!good);
  }
  for (std::int64_t i = begin; i < last; ++i) {
    bad |= static_cast<std::uint64_t>(time[i] >= time[i + 1]);
  }
  return bad != 0;
}

bool grid_suspect(const SeriesColumns& columns, std::int64_t begin, std::int64_t end) {
  if (columns.grid == 0) return false;
  const MultipleTest multiple(static_cast<std::uint64_t>(columns.grid));
  const std::int64_t* time = columns.time.values;
  std::uint64_t bad = 0;
  for (std::int64_t i = begin; i < end; ++i) {
    bad |= static_cast<std::uint64_t>(multiple.fails(time[i]));
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

bool block_suspect(const SeriesColumns& columns, std::int64_t begin, std::int64_t end) {
  if (values_suspect(columns, begin, end)) return true;
  if (pairs_suspect(columns, begin, end)) return true;
  // Time rises within the block, so its ends stand for all of it.
  if (columns.time[begin] < columns.range_min || columns.time[end - 1] > columns.range_max) {
    return true;
  }
  return grid_suspect(columns, begin, end) || holds_null(columns, begin, end);
}

}  // namespace

std::vector<bool> suspect_blocks(const SeriesColumns& columns) {
  const std::int64_t blocks = (columns.rows + kScanBlockRows - 1) / kScanBlockRows;
  std::vector<bool> suspect(static_cast<std::size_t>(blocks));
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t begin = block * kScanBlockRows;
    const std::int64_t end = std::min(begin + kScanBlockRows, columns.rows);
    suspect[static_cast<std::size_t>(block)] = block_suspect(columns, begin, end);
  }
  return suspect;
}

}  // namespace vortex
