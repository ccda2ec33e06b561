#include "vortex/sim/day_calls.hpp"

#include <gtest/gtest.h>

namespace vortex {
namespace {

TEST(DayCallsTest, EachAccountHasItsDayAndItBeginsAtMidnightOfTheZone) {
  const TimePoint before = *parse_time("2024-07-16T04:59:59Z");  // 23:59:59 in Chicago
  const TimePoint after = *parse_time("2024-07-16T05:00:00Z");
  DayCalls calls("America/Chicago", 2);
  EXPECT_TRUE(calls.admit("a", before));
  EXPECT_TRUE(calls.admit("a", before));
  EXPECT_TRUE(calls.is_used_up("a", before));
  EXPECT_FALSE(calls.admit("a", before));
  EXPECT_EQ(calls.made("a", before), 2) << "what was refused is not counted";
  EXPECT_TRUE(calls.admit("b", before));
  EXPECT_TRUE(calls.admit("a", after));
  EXPECT_EQ(calls.made("a", after), 1);
}

TEST(DayCallsTest, WithoutAnEndAllAreCountedAndNoneRefused) {
  const TimePoint now = *parse_time("2024-07-16T12:00:00Z");
  DayCalls calls("America/New_York", 0);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(calls.admit("a", now));
  EXPECT_EQ(calls.made("a", now), 100);
  calls.clear();
  EXPECT_EQ(calls.made("a", now), 0);
}

TEST(DayCallsTest, BeyondTheAccountsItRemembersOneCountIsShared) {
  const TimePoint now = *parse_time("2024-07-16T12:00:00Z");
  DayCalls calls("America/New_York", 1);
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(calls.admit(std::to_string(i), now));
  EXPECT_TRUE(calls.admit("one more", now));
  EXPECT_FALSE(calls.admit("and one", now));
  EXPECT_FALSE(calls.admit("0", now)) << "the first are kept";
}

}  // namespace
}  // namespace vortex
