// What is known of one endpoint from the calls it answered: is it put aside, for how long, how fast
// is it. A pure state machine over a given `now`; belongs to one thread.
#pragma once

#include <cstdint>

#include "vortex/base/time.hpp"

namespace vortex {

struct HealthOptions {
  int ejection_failures = 3;  // in a row; below the breaker's five, so that one bad endpoint of
                              // several is put aside before the whole provider is
  Duration ejection_base = std::chrono::seconds(30);  // doubled with every ejection that follows
  Duration ejection_max = std::chrono::minutes(5);
  Duration ramp = std::chrono::seconds(30);           // from a tenth of its share to all of it
  Duration latency_decay = std::chrono::seconds(10);  // after which a measurement counts for 37 %
};

// A mean of latencies that forgets: recent calls count more, a slow one at once, and what is not
// measured any more fades, so that an endpoint that was slow is tried again.
class LatencyAverage {
 public:
  void observe(Duration latency, Monotonic now, Duration decay);
  double at(Monotonic now, Duration decay) const;  // in microseconds
  bool is_known() const { return is_known_; }

 private:
  double mean_us_ = 0;
  Monotonic measured_at_;
  bool is_known_ = false;
};

// Failures in a row put an endpoint aside (eject it) for a growing time. Afterwards it is on
// probation: it comes back by and by, and a single failure puts it aside again.
class EndpointHealth {
 public:
  bool is_ejected(Monotonic now) const { return ejections_ > 0 && now < ejected_until_; }
  // Its share of the calls, 0.1 … 1: less than one only while it comes back.
  double ramp(Monotonic now, const HealthOptions& options) const;
  // From then on, unless something happens, neither the ramp nor the ejection is felt.
  Monotonic settled_at(const HealthOptions& options) const { return ejected_until_ + options.ramp; }

  // Calls begun before the last ejection do not decide any more: their epoch differs.
  std::uint32_t epoch() const { return epoch_; }

  void succeeded(Monotonic now);  // while ejected, it comes back at once
  // True when there were failures enough to eject it; those seen while ejected do not count.
  bool failed(Monotonic now, const HealthOptions& options);
  void eject(Monotonic now, const HealthOptions& options);

  int failures_in_row() const { return failures_in_row_; }
  int ejections() const { return ejections_; }
  Monotonic ejected_until() const { return ejected_until_; }

 private:
  int failures_in_row_ = 0;
  int ejections_ = 0;        // one after the other, without a calm time between them
  Monotonic ejected_until_;  // meaningless while ejections_ is 0
  std::uint32_t epoch_ = 0;
};

}  // namespace vortex
