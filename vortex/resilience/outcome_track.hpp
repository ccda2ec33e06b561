// A run of outcomes, good or bad, and when there are too many bad ones: so many in a row, or such a
// share of the latest calls. Bounded in number and in age, no allocation. Belongs to one thread.
#pragma once

#include <array>
#include <cstdint>

#include "vortex/base/time.hpp"

namespace vortex {

class OutcomeTrack {
 public:
  static constexpr std::size_t kOutcomesMax = 100;

  struct Options {
    int failures_in_a_row = 5;
    double failure_rate = 0.5;  // of at least `rate_calls_min` outcomes not older than `window`
    int rate_calls_min = 10;
    Duration window = std::chrono::minutes(10);
  };
  enum class Finding : std::uint8_t { fine, too_many_in_a_row, rate_too_high };

  explicit OutcomeTrack(const Options& options) noexcept;

  Finding note(bool good, Monotonic now) noexcept;
  void clear() noexcept;

  int in_a_row() const noexcept { return in_a_row_; }

 private:
  void forget_old(Monotonic now) noexcept;
  void forget_oldest() noexcept;

  Options options_;
  std::array<Monotonic, kOutcomesMax> when_{};
  std::array<bool, kOutcomesMax> good_{};
  std::size_t oldest_ = 0;
  std::size_t size_ = 0;
  std::size_t bad_ = 0;
  int in_a_row_ = 0;
};

}  // namespace vortex
