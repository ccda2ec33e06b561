// How many calls may leave in any window of time. Exact: no rolling window of that length ever
// holds more than its count. A plain state machine over a given `now`; belongs to one thread.
// Pauses asked for by the provider close it for everybody.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vortex/base/time.hpp"
#include "vortex/base/time_zone.hpp"

namespace vortex {

struct RollingWindow {
  std::int64_t count = 1;  // > 0
  Duration length{};       // > 0
};

struct DayWindow {
  std::int64_t count = 1;
  TimeZone zone = TimeZone::utc();  // whose midnight resets it
};

class RateLimiter {
 public:
  struct Options {
    std::vector<RollingWindow> rolling;
    std::vector<DayWindow> days;
  };
  // Either a permit, or how long to wait before asking again. A refusal costs nothing.
  struct Decision {
    bool admitted = false;
    Duration wait = Duration::zero();
    bool day_used_up = false;  // the wait is for a day's reset
  };

  explicit RateLimiter(const Options& options);

  Decision try_acquire(Monotonic now, TimePoint calendar_now);

  // No permits until then; an earlier pause is never shortened.
  void pause_until(Monotonic until) { paused_until_ = std::max(paused_until_, until); }

 private:
  struct Rolling {
    Duration length;
    std::vector<Monotonic> taken;  // ring: the moments of the last `count` permits
    std::size_t oldest = 0;
    std::int64_t used = 0;
  };
  struct Day {
    DayWindow window;
    Date date;
    std::int64_t used = 0;
  };

  Decision check(Monotonic now, TimePoint calendar_now);
  void take(Monotonic now);

  std::vector<Rolling> rolling_;
  std::vector<Day> days_;
  Monotonic paused_until_ = Monotonic::min();
};

}  // namespace vortex
