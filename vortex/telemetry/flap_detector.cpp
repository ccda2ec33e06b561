#include "vortex/telemetry/flap_detector.hpp"

namespace vortex {
namespace {

constexpr int kChanges = 20;  // between 21 observations
constexpr double kWeightNewest = 1.2;
constexpr double kWeightOldest = 0.8;  // mean 1, so that the share of all changes is 1

}  // namespace

void FlapDetector::observe(bool good) {
  constexpr std::uint32_t kMask = (1U << kChanges) - 1;
  const bool changed = observed_ && good != last_good_;
  changes_ = ((changes_ << 1) | (changed ? 1U : 0U)) & kMask;
  observed_ = true;
  last_good_ = good;
  const double now = share();
  flapping_ = flapping_ ? now >= options_.share_low : now >= options_.share_high;
}

// Observations not yet made count as no change: three answers are too few for a verdict.
double FlapDetector::share() const {
  double sum = 0;
  for (int age = 0; age < kChanges; ++age) {
    if ((changes_ >> age & 1U) == 0) continue;
    sum += kWeightNewest - (kWeightNewest - kWeightOldest) * age / (kChanges - 1);
  }
  return sum / kChanges;
}

}  // namespace vortex
