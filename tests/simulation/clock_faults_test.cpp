// Clocks that step, processes that stand still, timers that come late: no burst, no early retry.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/simulation/simulated_sync_for_test.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

TEST(ClockFaultsTest, F1ASteppedClockMakesNoBurstAndNoEarlyRetry) {
  for (const auto step : {-3h, 3h, -1h * 24 * 30}) {
    SimulatedWorld world(
        {.faults = R"([{"calls": [7], "fault": "rate_limit", "retry_after": "20"}])",
         .limits = {{.count = 5, .window = 5s}}});
    world.on_send = [&world, step](std::int64_t number) {
      if (number == 8) world.clock.step(step);
    };
    const SyncReport report = sync(world, world.start(), 30);
    EXPECT_EQ(report.status(), "ok");
    EXPECT_LE(most_in(world.net.arrivals(), 3750ms), 5);
    const auto& arrivals = world.net.arrivals();
    const auto throttled = std::ranges::find(arrivals, 429, &Arrival::status);
    ASSERT_NE(throttled, arrivals.end());
    for (auto later = throttled + 1; later != arrivals.end(); ++later)
      EXPECT_TRUE(later->at - throttled->at < 1s || later->at - throttled->at >= 19s);
  }
}

// Stands still for eight hours while it asks for its fourth lease.
class StoppedLedger final : public Ledger {
 public:
  StoppedLedger(std::shared_ptr<MemoryAccounts> accounts, ManualClock& clock)
      : inner_(std::move(accounts), "stopped"), clock_(clock) {}
  Result<Lease> lease(const std::string& account, const AccountLimits& limits,
                      const LeaseRequest& request, Now now) override {
    auto lease = inner_.lease(account, limits, request, now);
    if (++leases_ == 4) clock_.advance(8h);
    return lease;
  }
  Result<void> give_back(const std::string& account, std::uint64_t lease, std::int64_t permits,
                         int places, Now now) override {
    return inner_.give_back(account, lease, permits, places, now);
  }
  Result<void> close_until(const std::string& account, const LeaseRefusal& refusal,
                           Now now) override {
    return inner_.close_until(account, refusal, now);
  }
  Result<void> correct(const std::string& account, const AccountLimits& limits,
                       const ProviderCount& count, Now now) override {
    return inner_.correct(account, limits, count, now);
  }
  Result<AccountUse> use(const std::string& account, const AccountLimits& limits,
                         Now now) override {
    return inner_.use(account, limits, now);
  }

 private:
  MemoryLedger inner_;
  ManualClock& clock_;
  int leases_ = 0;
};

TEST(ClockFaultsTest, F3AProcessThatStoodStillForEightHoursMakesNoBurst) {
  SimulatedWorld world({.limits = {{.count = 5, .window = 5s}}, .concurrency = 1});
  world.make_ledger = [&world] {
    return std::make_unique<StoppedLedger>(world.accounts, world.clock);
  };
  const SyncReport report = sync(world, world.start(), 40);
  EXPECT_EQ(report.status(), "ok");
  EXPECT_EQ(report.calls.sent, 40);
  EXPECT_LE(most_in(world.net.arrivals(), 3750ms), 5);
}

TEST(ClockFaultsTest, F4LateTimersMakeNoEarlyCall) {
  SimulatedWorld world({.timers_late_max = 500ms, .limits = {{.count = 5, .window = 5s}}});
  EXPECT_EQ(sync(world, world.start(), 60).status(), "ok");
  EXPECT_LE(most_in(world.net.arrivals(), 3750ms), 5);
}

}  // namespace
}  // namespace vortex
