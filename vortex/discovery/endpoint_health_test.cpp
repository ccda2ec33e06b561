#include "vortex/discovery/endpoint_health.hpp"

#include <gtest/gtest.h>

namespace vortex {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Monotonic kBegin{minutes(60)};
constexpr HealthOptions kHealth{};

Duration ejected_for(EndpointHealth& health, Monotonic now) {
  health.eject(now, kHealth);
  return std::chrono::duration_cast<Duration>(health.ejected_until() - now);
}

TEST(EndpointHealthTest, FailuresInARowCountAndASuccessForgetsThem) {
  EndpointHealth health;
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(health.failed(kBegin, kHealth));
    EXPECT_FALSE(health.failed(kBegin, kHealth));
    health.succeeded(kBegin);
  }
  EXPECT_FALSE(health.failed(kBegin, kHealth));
  EXPECT_FALSE(health.failed(kBegin, kHealth));
  EXPECT_TRUE(health.failed(kBegin, kHealth));
}

TEST(EndpointHealthTest, TheTimeAsideGrowsAndIsBounded) {
  EndpointHealth health;
  Monotonic now = kBegin;
  for (const int expected : {30, 60, 120, 240, 300, 300, 300}) {
    EXPECT_EQ(ejected_for(health, now), seconds(expected));
    now = health.ejected_until();
    EXPECT_FALSE(health.is_ejected(now));
    EXPECT_TRUE(health.failed(now, kHealth)) << "on probation one failure is enough";
  }
  for (int i = 0; i < 1000; ++i) now += ejected_for(health, now);
  EXPECT_EQ(ejected_for(health, now), seconds(300));
}

TEST(EndpointHealthTest, ACalmTimeForgetsEarlierEjections) {
  EndpointHealth health;
  (void)ejected_for(health, kBegin);
  (void)ejected_for(health, health.ejected_until());
  EXPECT_EQ(ejected_for(health, health.ejected_until() + kHealth.ejection_max + seconds(1)),
            seconds(30));
}

TEST(EndpointHealthTest, WhatIsSeenWhileAsideHelpsButNeverHarms) {
  EndpointHealth health;
  health.eject(kBegin, kHealth);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(health.failed(kBegin + seconds(1), kHealth));
  EXPECT_TRUE(health.is_ejected(kBegin + seconds(1)));
  health.succeeded(kBegin + seconds(2));
  EXPECT_FALSE(health.is_ejected(kBegin + seconds(2)));
}

TEST(EndpointHealthTest, ComesBackByAndBy) {
  EndpointHealth health;
  EXPECT_EQ(health.ramp(kBegin, kHealth), 1);
  health.eject(kBegin, kHealth);
  const Monotonic back = health.ejected_until();
  EXPECT_DOUBLE_EQ(health.ramp(back, kHealth), 0.1);
  EXPECT_DOUBLE_EQ(health.ramp(back + seconds(15), kHealth), 0.55);
  EXPECT_EQ(health.ramp(back + seconds(30), kHealth), 1);
  EXPECT_EQ(health.ramp(back + seconds(15), {.ramp = Duration::zero()}), 1);
}

TEST(LatencyAverageTest, RisesAtOnceAndFallsSlowly) {
  LatencyAverage latency;
  EXPECT_FALSE(latency.is_known());
  latency.observe(milliseconds(10), kBegin, seconds(10));
  EXPECT_DOUBLE_EQ(latency.at(kBegin, seconds(10)), 10'000);
  latency.observe(milliseconds(100), kBegin, seconds(10));
  EXPECT_DOUBLE_EQ(latency.at(kBegin, seconds(10)), 100'000);
  latency.observe(milliseconds(10), kBegin + seconds(10), seconds(10));
  EXPECT_NEAR(latency.at(kBegin + seconds(10), seconds(10)), 43'109, 1);
}

TEST(LatencyAverageTest, FadesWhileNobodyMeasures) {
  LatencyAverage latency;
  latency.observe(seconds(1), kBegin, seconds(10));
  EXPECT_NEAR(latency.at(kBegin + seconds(10), seconds(10)), 367'879, 1);
  EXPECT_LT(latency.at(kBegin + minutes(10), seconds(10)), 1e-9);
}

TEST(LatencyAverageTest, F6EqualAndBackwardReadingsAreHarmless) {
  LatencyAverage latency;
  latency.observe(milliseconds(10), kBegin, seconds(10));
  latency.observe(milliseconds(5), kBegin, seconds(10));
  EXPECT_DOUBLE_EQ(latency.at(kBegin, seconds(10)), 10'000);
  latency.observe(milliseconds(5), kBegin - seconds(5), seconds(10));
  EXPECT_DOUBLE_EQ(latency.at(kBegin - seconds(5), seconds(10)), 10'000);
  latency.observe(Duration(-3), kBegin + seconds(50), seconds(10));
  EXPECT_GT(latency.at(kBegin + seconds(50), seconds(10)), 0);
}

}  // namespace
}  // namespace vortex
