// P5 and P7: what a failing provider sees of us, and how soon we are back.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/simulation/simulated_world.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr int kOffered = 400;

// Load on a dead provider ≤ 1.2 × offered + 10, however it is dead, with the breaker out of the
// way.
class DeadProviderTest : public testing::TestWithParam<const char*> {};

TEST_P(DeadProviderTest, B8LoadStaysWithinTheBudget) {
  SimulatedWorld world({.faults = GetParam()});
  world.settings.providers["yahoo"].breaker.failures = 10'000;
  const auto process = world.start();
  const auto report = process.engine->sync(world.request(SimulatedWorld::symbols(kOffered)));
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_LE(world.arrived(), kOffered * 1.2 + 10);
  EXPECT_LE(report->calls.sent, kOffered * 1.2 + 10);
  EXPECT_EQ(report->rows.fresh, 0);
  EXPECT_EQ(report->calls.failed, report->calls.sent) << "sent = failed, nothing else came";
}

INSTANTIATE_TEST_SUITE_P(HoweverItIsDead, DeadProviderTest,
                         testing::Values(R"([{"fault": "status", "status": 503}])",
                                         R"([{"fault": "reset", "at_byte": 0}])",
                                         R"([{"fault": "hang"}])", R"([{"fault": "refuse"}])",
                                         R"([{"fault": "garbage"}])", R"([{"fault": "cut"}])",
                                         R"([{"fault": "resolve"}])"));

TEST(StormTest, A1B8AnOpenBreakerLeavesADeadProviderAlone) {
  SimulatedWorld world({.faults = R"([{"fault": "status", "status": 503}])"});
  const auto process = world.start();
  const auto report = process.engine->sync(world.request(SimulatedWorld::symbols(kOffered)));
  ASSERT_TRUE(report.has_value());
  EXPECT_LE(world.arrived(), 5 + 4) << "five failures open it; those under way came too";
  const auto refused = std::ranges::count_if(report->items, [](const ItemReport& item) {
    return item.error && item.error->code == ErrorCode::breaker_open && item.error->retry_at;
  });
  EXPECT_GT(refused, kOffered - 10);
  EXPECT_EQ(report->exit_code(), 4);
}

TEST(StormTest, B8AFewPassingFaultsCostNoRow) {
  SimulatedWorld world({.faults = R"([{"probability": 0.1, "fault": "status", "status": 503}])"});
  const auto process = world.start();
  const auto report = process.engine->sync(world.request(SimulatedWorld::symbols(kOffered)));
  ASSERT_TRUE(report.has_value());
  EXPECT_LE(world.arrived(), kOffered * 1.2 + 10);
  EXPECT_GE(std::ranges::count(report->items, ItemStatus::ok, &ItemReport::status),
            kOffered * 95 / 100);
}

// Recovery within open wait + one probe + 1 s, without hands: one process asks every 5 s.
TEST(StormTest, A8RecoversAfterTheOpenWaitAndOneProbe) {
  SimulatedWorld world({.faults = R"([{"until": "10m", "fault": "status", "status": 503}])"});
  const auto process = world.start();
  const Monotonic began = world.clock.monotonic();
  const Monotonic mended = began + 10min;
  std::optional<Monotonic> back;
  Monotonic next_trial = began;
  while (!back && world.clock.monotonic() < mended + 10min) {
    const auto report = process.engine->sync(world.request({"S0001"}));
    ASSERT_TRUE(report.has_value());
    const ItemReport& item = report->items.front();
    if (item.status == ItemStatus::ok) back = world.clock.monotonic();
    if (item.error && item.error->code == ErrorCode::breaker_open) {
      next_trial = world.clock.monotonic() + (*item.error->retry_at - world.clock.now());
    }
    world.clock.advance(500ms);
  }
  ASSERT_TRUE(back.has_value());
  EXPECT_LE(*back, std::max(next_trial, mended) + 30s + 1s);
  EXPECT_LE(*back, mended + 5 * 60s + 30s + 1s) << "the wait grows to five times the reset at most";
  EXPECT_LE(world.arrived(), 5 + 8 + 2) << "while it was dead only trials went";
}

}  // namespace
}  // namespace vortex
