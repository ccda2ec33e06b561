#include "vortex/resilience/outcome_track.hpp"

#include <algorithm>

#include "vortex/resilience/time_math.hpp"

namespace vortex {

OutcomeTrack::OutcomeTrack(const Options& options) noexcept : options_(options) {
  options_.failures_in_a_row = std::max(options_.failures_in_a_row, 1);
  options_.rate_calls_min = std::clamp(options_.rate_calls_min, 1, static_cast<int>(kOutcomesMax));
}

OutcomeTrack::Finding OutcomeTrack::note(bool good, Monotonic now) noexcept {
  forget_old(now);
  if (size_ == kOutcomesMax) forget_oldest();
  std::size_t slot = oldest_ + size_;
  if (slot >= kOutcomesMax) slot -= kOutcomesMax;
  when_[slot] = now;
  good_[slot] = good;
  ++size_;
  if (good) {
    in_a_row_ = 0;
    return Finding::fine;
  }
  ++bad_;
  in_a_row_ = std::min(in_a_row_ + 1, options_.failures_in_a_row);
  if (in_a_row_ >= options_.failures_in_a_row) return Finding::too_many_in_a_row;
  const bool enough = size_ >= static_cast<std::size_t>(options_.rate_calls_min);
  const double limit = options_.failure_rate * static_cast<double>(size_);
  return enough && static_cast<double>(bad_) >= limit ? Finding::rate_too_high : Finding::fine;
}

void OutcomeTrack::clear() noexcept {
  oldest_ = size_ = bad_ = 0;
  in_a_row_ = 0;
}

void OutcomeTrack::forget_old(Monotonic now) noexcept {
  while (size_ > 0 && later_by(when_[oldest_], options_.window) <= now) forget_oldest();
}

void OutcomeTrack::forget_oldest() noexcept {
  if (!good_[oldest_]) --bad_;
  oldest_ = oldest_ + 1 == kOutcomesMax ? 0 : oldest_ + 1;
  --size_;
}

}  // namespace vortex
