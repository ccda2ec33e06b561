#include "vortex/resilience/retry.hpp"

#include <algorithm>
#include <cmath>

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

void RetryPolicy::on_call() {
  tokens_ = std::min(kTokensMax, tokens_ + options_.budget);
}

std::optional<Duration> RetryPolicy::delay_after(const Error& error, int attempt, TimePoint now,
                                                 Random& random) {
  if (!error.retryable() || !worth_another_attempt(error.error_class())) return std::nullopt;
  if (attempt >= options_.attempts_max || tokens_ < 1) return std::nullopt;
  const bool throttled = error.error_class() == ErrorClass::rate_limited;
  if (throttled && !error.retry_at) return std::nullopt;  // sending into a block prolongs it

  const double step = std::ldexp(static_cast<double>(options_.base.count()), attempt - 1);
  const double ceiling = std::min(step, static_cast<double>(options_.cap.count()));
  Duration delay{static_cast<std::int64_t>(random.uniform() * ceiling)};
  if (error.retry_at) {
    const Duration hint = *error.retry_at - now;
    if (hint > options_.hint_max) return std::nullopt;
    delay += std::max(hint, Duration::zero());
  }
  tokens_ -= 1;
  return delay;
}

}  // namespace vortex
