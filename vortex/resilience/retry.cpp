#include "vortex/resilience/retry.hpp"

#include <algorithm>
#include <cmath>

#include "vortex/resilience/time_math.hpp"

namespace vortex {

bool worth_another_attempt(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::resolve:
    case ErrorClass::network:
    case ErrorClass::timeout:
    case ErrorClass::server:
    case ErrorClass::truncated:
    case ErrorClass::bad_payload:
    case ErrorClass::mismatch:
    case ErrorClass::rate_limited: return true;
    default: return false;
  }
}

RetryPolicy::RetryPolicy(const RetryOptions& options) : options_(options) {
  options_.base = std::max(options_.base, Duration::zero());
  options_.cap = std::max(options_.cap, Duration::zero());
  options_.budget = options_.budget > 0 ? std::min(options_.budget, 1.0) : 0.0;  // NaN is 0 too
}

void RetryPolicy::on_call() {
  tokens_ = std::min(kTokensMax, tokens_ + options_.budget);
}

std::optional<Duration> RetryPolicy::delay_after(const Error& error, int attempt, TimePoint now,
                                                 Random& random, Duration time_left) {
  if (!error.retryable() || !worth_another_attempt(error.error_class())) return std::nullopt;
  if (attempt >= options_.attempts_max || tokens_ < 1) return std::nullopt;
  const bool throttled = error.error_class() == ErrorClass::rate_limited;
  if (throttled && !error.retry_at) return std::nullopt;  // sending into a block prolongs it

  const Duration hint = error.retry_at ? wait_until(now, *error.retry_at) : Duration::zero();
  if (hint > options_.hint_max) return std::nullopt;
  const Duration delay{saturating_add(hint.count(), jitter(attempt, random).count())};
  if (delay >= time_left) return std::nullopt;
  tokens_ -= 1;
  return delay;
}

// Uniform below the doubling ceiling; the cap comes first, so that it does not gather the waits at
// one moment.
Duration RetryPolicy::jitter(int attempt, Random& random) const {
  const double step =
      std::ldexp(static_cast<double>(options_.base.count()), std::max(attempt, 1) - 1);
  const double ceiling = std::min(step, static_cast<double>(options_.cap.count()));
  const double drawn = random.uniform() * ceiling;
  if (drawn >= static_cast<double>(Duration::max().count())) return Duration::max();
  return Duration{static_cast<std::int64_t>(drawn)};
}

}  // namespace vortex
