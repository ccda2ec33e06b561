// Sums and differences of times that stop at the ends of their range instead of wrapping around:
// hints of providers and limits of users may be absurd, the answer must still lie on the right side
// of now.
#pragma once

#include <limits>

#include "vortex/base/time.hpp"

namespace vortex {

inline std::int64_t saturating_add(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? std::numeric_limits<std::int64_t>::max()
               : std::numeric_limits<std::int64_t>::min();
}

inline std::int64_t saturating_subtract(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return b < 0 ? std::numeric_limits<std::int64_t>::max()
               : std::numeric_limits<std::int64_t>::min();
}

inline Monotonic later_by(Monotonic time, Duration by) noexcept {
  std::int64_t ns = 0;
  if (__builtin_mul_overflow(by.count(), std::int64_t{1000}, &ns)) {
    ns = by.count() > 0 ? std::numeric_limits<std::int64_t>::max()
                        : std::numeric_limits<std::int64_t>::min();
  }
  return Monotonic{std::chrono::nanoseconds{saturating_add(time.time_since_epoch().count(), ns)}};
}

inline TimePoint later_by(TimePoint time, Duration by) noexcept {
  return TimePoint{Duration{saturating_add(time.time_since_epoch().count(), by.count())}};
}

// How long until `until`; zero where it has passed. Never shorter than the truth.
inline Duration wait_until(Monotonic now, Monotonic until) noexcept {
  if (until <= now) return Duration::zero();
  const std::int64_t ns =
      saturating_subtract(until.time_since_epoch().count(), now.time_since_epoch().count());
  return Duration{ns / 1000 + (ns % 1000 == 0 ? 0 : 1)};
}

inline Duration wait_until(TimePoint now, TimePoint until) noexcept {
  if (until <= now) return Duration::zero();
  return Duration{
      saturating_subtract(until.time_since_epoch().count(), now.time_since_epoch().count())};
}

}  // namespace vortex
