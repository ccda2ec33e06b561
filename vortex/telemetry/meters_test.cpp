#include "vortex/telemetry/meters.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace vortex {
namespace {

TEST(MetersTest, TheSameNamesAreTheSameMeter) {
  Meters meters;
  Counter& calls = meters.counter("calls", "yahoo");
  calls.add();
  meters.counter("calls", "yahoo").add(4);
  meters.counter("calls", "ib").add();
  meters.gauge("left", "yahoo").set(0.5);
  EXPECT_EQ(calls.value(), 5U);
  const auto readings = meters.counters();
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_EQ(readings[0].label, "ib");
  EXPECT_EQ(readings[1].value, 5.0);
  ASSERT_EQ(meters.gauges().size(), 1U);
  EXPECT_EQ(meters.gauges()[0].value, 0.5);
}

TEST(MetersTest, J6FiftyThousandLabelsBecomeOther) {
  Meters meters;
  for (int i = 0; i < 50'000; ++i) meters.counter("calls", "S" + std::to_string(i)).add();
  const auto readings = meters.counters();
  EXPECT_EQ(readings.size(), 65U);
  double sum = 0;
  double other = 0;
  for (const MeterReading& reading : readings) {
    sum += reading.value;
    if (reading.label == kOtherLabel) other = reading.value;
  }
  EXPECT_EQ(sum, 50'000.0) << "nothing is lost";
  EXPECT_EQ(other, 50'000.0 - 64);
  meters.counter("calls", "S3").add();
  EXPECT_EQ(meters.counter("calls", "S3").value(), 2U) << "a known label stays itself";
}

TEST(MetersTest, J6FamiliesAndLongLabelsAreBoundedToo) {
  Meters meters({.families_max = 2, .labels_max = 2});
  for (const char* family : {"a", "b", "c", "d"}) meters.counter(family, "x").add();
  const auto readings = meters.counters();
  ASSERT_EQ(readings.size(), 3U);
  EXPECT_EQ(readings.back().family, kOtherLabel);
  EXPECT_EQ(readings.back().value, 2.0);
  meters.counter("a", std::string(1'000'000, 'x')).add();
  EXPECT_EQ(meters.counter("a", kOtherLabel).value(), 1U);
}

TEST(MetersTest, CountsFromManyThreads) {
  Meters meters;
  {
    std::vector<std::jthread> threads;
    threads.reserve(3);
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) meters.counter("calls", i % 2 == 0 ? "yahoo" : "ib").add();
      });
    }
  }
  EXPECT_EQ(meters.counter("calls", "yahoo").value(), 1500U);
}

}  // namespace
}  // namespace vortex
