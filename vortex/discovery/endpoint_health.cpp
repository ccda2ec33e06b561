#include "vortex/discovery/endpoint_health.hpp"

#include <algorithm>
#include <cmath>

namespace vortex {
namespace {

constexpr double kRampFloor = 0.1;
constexpr int kDoublingsMax = 20;  // 2^20 of any base is beyond every maximum

double faded(Monotonic since, Monotonic now, Duration decay) {
  if (now <= since) return 1;
  using Seconds = std::chrono::duration<double>;
  return std::exp(-Seconds(now - since).count() / Seconds(decay).count());
}

}  // namespace

void LatencyAverage::observe(Duration latency, Monotonic now, Duration decay) {
  const auto us = static_cast<double>(std::max<std::int64_t>(latency.count(), 1));
  const double weight = faded(measured_at_, now, decay);
  mean_us_ = !is_known_ || us > mean_us_ ? us : mean_us_ * weight + us * (1 - weight);
  measured_at_ = is_known_ ? std::max(measured_at_, now) : now;
  is_known_ = true;
}

double LatencyAverage::at(Monotonic now, Duration decay) const {
  return mean_us_ * faded(measured_at_, now, decay);
}

double EndpointHealth::ramp(Monotonic now, const HealthOptions& options) const {
  if (ejections_ == 0 || now < ejected_until_ || now >= settled_at(options)) return 1;
  using Seconds = std::chrono::duration<double>;
  const double part = Seconds(now - ejected_until_) / Seconds(options.ramp);
  return kRampFloor + (1 - kRampFloor) * part;
}

void EndpointHealth::succeeded(Monotonic now) {
  failures_in_row_ = 0;
  if (is_ejected(now)) ejected_until_ = now;
}

bool EndpointHealth::failed(Monotonic now, const HealthOptions& options) {
  if (is_ejected(now)) return false;
  if (failures_in_row_ < options.ejection_failures) ++failures_in_row_;
  return failures_in_row_ >= options.ejection_failures;
}

void EndpointHealth::eject(Monotonic now, const HealthOptions& options) {
  const bool was_calm = ejections_ > 0 && now - ejected_until_ > options.ejection_max;
  ejections_ = was_calm ? 1 : std::min(ejections_ + 1, kDoublingsMax);
  const auto grown = options.ejection_base * (std::int64_t{1} << (ejections_ - 1));
  ejected_until_ = now + std::min<Duration>(grown, options.ejection_max);
  failures_in_row_ = options.ejection_failures - 1;
  ++epoch_;
}

}  // namespace vortex
