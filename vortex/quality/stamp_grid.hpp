// Is a stamp a multiple of a grid of microseconds? Asked for every row, so without a division, and
// in operations that every vector unit has: for d = 2^k · odd, the low k bits are zero, and the
// rest, as a double, is a whole number of times `odd`. A plain value.
#pragma once

#include <bit>
#include <cstdint>

namespace vortex {

class StampGrid {
 public:
  // Exact for stamps within ±kStampMax of 1970 (9,000 years), whatever lies beyond it.
  static constexpr std::int64_t kStampMax = std::int64_t{1} << 58;

  // Precondition: a multiple of 256 below 2^50, as minutes and days of microseconds are.
  explicit StampGrid(std::uint64_t divisor)
      : shift_(std::countr_zero(divisor)),
        low_bits_((std::uint64_t{1} << shift_) - 1),
        bias_((std::uint64_t{1} << 59) / divisor * divisor),
        odd_(static_cast<double>(divisor >> shift_)),
        inverse_(1 / odd_) {}

  // Not zero where `value` is no multiple.
  [[gnu::always_inline]] std::uint64_t misses(std::int64_t value) const {
    const std::uint64_t stamp = static_cast<std::uint64_t>(value) + bias_;
    // Below 2^52, so it can stand in the mantissa of 2^52 as it is.
    const double whole = std::bit_cast<double>((stamp >> shift_) | kTwo52Bits) - kTwo52;
    const double times = (whole * inverse_ + kTwo52) - kTwo52;  // rounded to an integer
    const auto off = static_cast<std::uint64_t>(times * odd_ != whole);
    return (stamp & low_bits_) | off;
  }

 private:
  static constexpr double kTwo52 = 4503599627370496.0;
  static constexpr std::uint64_t kTwo52Bits = std::bit_cast<std::uint64_t>(kTwo52);

  int shift_;
  std::uint64_t low_bits_;
  std::uint64_t bias_;  // makes stamps before 1970 positive and keeps their remainder
  double odd_;
  double inverse_;
};

}  // namespace vortex
