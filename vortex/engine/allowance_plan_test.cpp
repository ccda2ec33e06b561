#include "vortex/engine/allowance_plan.hpp"

#include <gtest/gtest.h>

#include "vortex/base/random.hpp"

namespace vortex {
namespace {

const TimePoint kReset = *parse_time("2024-01-03T05:00:00Z");

TEST(AllowancePlanTest, AllGoesWhereTheDayAllowsIt) {
  const WantedCalls wanted[] = {{.calls = 3}, {.calls = 2, .is_update = true}};
  const AllowancePlan plan =
      plan_allowance(wanted, {.limit = 25, .left = 25, .resets_at = kReset}, 0.2);
  EXPECT_EQ(plan.calls_now, (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(plan.wait, 0);
  EXPECT_FALSE(plan.done_after.has_value());
}

TEST(AllowancePlanTest, UpdatesGoBeforeBacklogsWhateverTheOrder) {
  const WantedCalls wanted[] = {{.calls = 100}, {.calls = 10, .is_update = true}};
  const AllowancePlan plan =
      plan_allowance(wanted, {.limit = 25, .left = 25, .resets_at = kReset}, 0.2);
  EXPECT_EQ(plan.calls_now, (std::vector<std::int64_t>{15, 10}));
  EXPECT_EQ(plan.reserved, 0) << "the update used more than the reserve";
}

TEST(AllowancePlanTest, BacklogsLeaveTheReserveAlone) {
  const WantedCalls wanted[] = {{.calls = 60}};
  const AllowancePlan plan =
      plan_allowance(wanted, {.limit = 25, .left = 25, .resets_at = kReset}, 0.2);
  EXPECT_EQ(plan.go, 20);
  EXPECT_EQ(plan.reserved, 5);
  EXPECT_EQ(plan.wait, 40);
  EXPECT_EQ(plan.done_after, kReset + std::chrono::days(1)) << "20 more on each of two days";
}

TEST(AllowancePlanTest, AUsedUpDayDefersAll) {
  const WantedCalls wanted[] = {{.calls = 2}, {.calls = 1, .is_update = true}};
  const AllowancePlan plan =
      plan_allowance(wanted, {.limit = 25, .left = 0, .resets_at = kReset}, 0.2);
  EXPECT_EQ(plan.go, 0);
  EXPECT_EQ(plan.done_after, kReset);
}

TEST(AllowancePlanTest, NoPlanExceedsWhatIsLeft) {
  Random random(11);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<WantedCalls> wanted(random.below(20));
    for (WantedCalls& item : wanted) {
      item = {.calls = static_cast<std::int64_t>(random.below(40)),
              .is_update = random.below(2) == 0};
    }
    const auto limit = static_cast<std::int64_t>(1 + random.below(100));
    const auto left = static_cast<std::int64_t>(random.below(120));
    const double reserve = random.uniform();
    const AllowancePlan plan =
        plan_allowance(wanted, {.limit = limit, .left = left, .resets_at = kReset}, reserve);
    std::int64_t go = 0;
    std::int64_t all = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      ASSERT_GE(plan.calls_now[i], 0);
      ASSERT_LE(plan.calls_now[i], wanted[i].calls);
      go += plan.calls_now[i];
      all += wanted[i].calls;
    }
    ASSERT_EQ(go, plan.go);
    ASSERT_EQ(all, plan.go + plan.wait);
    ASSERT_LE(plan.go + plan.reserved, std::min(limit, left));
    ASSERT_EQ(plan.wait > 0, plan.done_after.has_value());
  }
}

}  // namespace
}  // namespace vortex
