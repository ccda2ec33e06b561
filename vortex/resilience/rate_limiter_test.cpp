#include "vortex/resilience/rate_limiter.hpp"

#include <gtest/gtest.h>

#include "vortex/base/random.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

const TimePoint kWall = *parse_time("2024-03-08T12:00:00Z");

TEST(RateLimiterTest, NoWindowEverHoldsMoreThanItsCount) {
  RateLimiter limiter({.rolling = {{.count = 5, .length = 1s}, {.count = 12, .length = 10s}}});
  Random random(7);
  std::vector<Monotonic> permits;
  Monotonic now{};
  for (int i = 0; i < 20'000; ++i) {
    now += std::chrono::microseconds(random.below(300'000));
    if (limiter.try_acquire(now, kWall).admitted) permits.push_back(now);
  }
  ASSERT_GT(permits.size(), 1000u);
  for (std::size_t i = 0; i < permits.size(); ++i) {
    if (i >= 5) EXPECT_GE(permits[i] - permits[i - 5], 1s) << i;
    if (i >= 12) EXPECT_GE(permits[i] - permits[i - 12], 10s) << i;
  }
}

TEST(RateLimiterTest, SaysExactlyWhenTheNextPermitIsThere) {
  RateLimiter limiter({.rolling = {{.count = 2, .length = 1s}}});
  EXPECT_TRUE(limiter.try_acquire(Monotonic{100ms}, kWall).admitted);
  EXPECT_TRUE(limiter.try_acquire(Monotonic{400ms}, kWall).admitted);
  EXPECT_EQ(limiter.try_acquire(Monotonic{500ms}, kWall).wait, 600ms);
  EXPECT_FALSE(limiter.try_acquire(Monotonic{1099ms}, kWall).admitted);
  EXPECT_TRUE(limiter.try_acquire(Monotonic{1100ms}, kWall).admitted);
}

TEST(RateLimiterTest, APauseClosesItForEverybodyAndIsNeverShortened) {
  RateLimiter limiter({});
  limiter.pause_until(Monotonic{10s});
  limiter.pause_until(Monotonic{5s});
  EXPECT_EQ(limiter.try_acquire(Monotonic{4s}, kWall).wait, 6s);
  EXPECT_TRUE(limiter.try_acquire(Monotonic{10s}, kWall).admitted);
}

TEST(RateLimiterTest, ADaysAllowanceReturnsAtMidnightOfItsZone) {
  const TimeZone new_york = *TimeZone::find("America/New_York");
  RateLimiter limiter({.days = {{.count = 1, .zone = new_york}}});
  // The night in which New York's clocks go forward: midnight is at 05:00Z, the next at 04:00Z.
  const TimePoint saturday = *parse_time("2024-03-09T20:00:00Z");
  EXPECT_TRUE(limiter.try_acquire(Monotonic{}, saturday).admitted);
  const RateLimiter::Decision refused = limiter.try_acquire(Monotonic{}, saturday);
  EXPECT_TRUE(refused.day_used_up);
  EXPECT_EQ(refused.wait, 9h);
  EXPECT_TRUE(limiter.try_acquire(Monotonic{}, saturday + 9h).admitted);
  EXPECT_EQ(limiter.try_acquire(Monotonic{}, saturday + 9h).wait, 23h);
}

TEST(RateLimiterTest, AClockSetBackGivesNoSecondAllowance) {
  RateLimiter limiter({.days = {{.count = 1}}});
  EXPECT_TRUE(limiter.try_acquire(Monotonic{}, kWall).admitted);
  EXPECT_FALSE(limiter.try_acquire(Monotonic{}, kWall - 24h).admitted);
}

}  // namespace
}  // namespace vortex
