#include "vortex/resilience/rate_limiter.hpp"

#include <algorithm>

namespace vortex {

RateLimiter::RateLimiter(const Options& options) {
  for (const RollingWindow& window : options.rolling) {
    rolling_.push_back({.length = window.length,
                        .taken = std::vector<Monotonic>(static_cast<std::size_t>(window.count))});
  }
  for (const DayWindow& window : options.days) days_.push_back({.window = window});
}

RateLimiter::Decision RateLimiter::try_acquire(Monotonic now, TimePoint calendar_now) {
  const Decision decision = check(now, calendar_now);
  if (decision.admitted) take(now);
  return decision;
}

RateLimiter::Decision RateLimiter::check(Monotonic now, TimePoint calendar_now) {
  Monotonic free_at = paused_until_;
  for (const Rolling& window : rolling_) {
    if (window.used < static_cast<std::int64_t>(window.taken.size())) continue;
    free_at =
        std::max(free_at, window.taken[window.oldest] + std::chrono::nanoseconds(window.length));
  }
  Decision decision;
  if (free_at > now) decision.wait = std::chrono::ceil<Duration>(free_at - now);
  for (Day& day : days_) {
    const Date today = day.window.zone.local_date(calendar_now);
    if (today > day.date) {  // a clock set back never gives a day's allowance twice
      day.date = today;
      day.used = 0;
    }
    if (day.used < day.window.count) continue;
    const Duration until_reset =
        day.window.zone.to_utc(day.date + std::chrono::days(1)) - calendar_now;
    if (until_reset <= decision.wait) continue;
    decision.wait = until_reset;
    decision.day_used_up = true;
  }
  decision.admitted = decision.wait == Duration::zero();
  return decision;
}

void RateLimiter::take(Monotonic now) {
  for (Rolling& window : rolling_) {
    window.taken[window.oldest] = now;
    window.oldest = (window.oldest + 1) % window.taken.size();
    window.used = std::min(window.used + 1, static_cast<std::int64_t>(window.taken.size()));
  }
  for (Day& day : days_) ++day.used;
}

}  // namespace vortex
