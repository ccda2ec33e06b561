// Guards of several processes in front of one ledger: what the account promised its provider holds
// for all of them together.
#include <map>
#include <memory>

#include <gtest/gtest.h>

#include "vortex/resilience/guard_for_test.hpp"
#include "vortex/resilience/memory_ledger.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

const std::string kSharedAccount = "yahoo|query1.finance.yahoo.com|-";

struct GuardedProcess {
  GuardedProcess(const std::shared_ptr<MemoryAccounts>& accounts, const AccountLimits& account,
                 std::string name)
      : limits(account),
        ledger(accounts, std::move(name)),
        guard(std::make_unique<Guard>(GuardOptions{.limits = account, .concurrency = 4})) {}

  void give_back(Now now) {
    while (const auto back = guard->unused(now)) {
      ASSERT_TRUE(
          ledger.give_back(kSharedAccount, back->lease, back->permits, back->places_held, now));
    }
  }

  bool enter(Now now) {
    Admission admission = guard->try_enter(now);
    if (!admission && admission.error().lease_needed) {
      give_back(now);
      const auto lease = ledger.lease(kSharedAccount, limits, guard->lease_wanted(), now);
      if (!lease) return false;
      guard->accept(*lease, now);
      admission = guard->try_enter(now);
      EXPECT_TRUE(admission || !admission.error().lease_needed) << "asked for in a loop";
    }
    if (!admission) return false;
    in_flight.push_back(std::move(*admission));
    ++admitted;
    return true;
  }

  // The newest call ends.
  void leave(Now now) {
    if (in_flight.empty()) return;
    guard->leave(std::move(in_flight.back()), now, Verdict::success);
    in_flight.pop_back();
  }

  AccountLimits limits;
  MemoryLedger ledger;
  std::unique_ptr<Guard> guard;
  std::vector<Permit> in_flight;  // dies before the guard
  int admitted = 0;
};

struct SharedAccountWorld {
  SharedAccountWorld(std::uint64_t seed, const AccountLimits& limits) : random(seed) {
    for (int n = 0; n < 5; ++n) {
      processes.push_back(
          std::make_unique<GuardedProcess>(accounts, limits, "process" + std::to_string(n)));
    }
  }

  void step(Duration pause_max) {
    elapsed += Duration{
        static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(pause_max.count())))};
    if (stalls && random.below(3000) == 0) elapsed += 20s;
    const Now now = guard_now(elapsed);
    GuardedProcess& process = *processes[random.below(processes.size())];
    const std::uint64_t kind = random.below(10);
    if (kind < 6) {
      if (process.enter(now)) moments.push_back(now.elapsed);
    } else if (kind < 9) {
      process.leave(now);
    } else {
      process.give_back(now);
    }
  }

  int in_flight() const {
    std::size_t sum = 0;
    for (const auto& process : processes) sum += process->in_flight.size();
    return static_cast<int>(sum);
  }

  Random random;
  std::shared_ptr<MemoryAccounts> accounts = std::make_shared<MemoryAccounts>();
  std::vector<std::unique_ptr<GuardedProcess>> processes;
  std::vector<Monotonic> moments;  // of all calls let in
  Duration elapsed{};
  bool stalls = true;  // now and then nothing runs for 20 s
};

void expect_at_most(const std::vector<Monotonic>& moments, std::size_t count, Duration length) {
  for (std::size_t n = count; n < moments.size(); ++n) {
    ASSERT_GE(moments[n] - moments[n - count], length) << "call " << n;
  }
}

TEST(GuardLedgerTest, F3NoWindowOfAllProcessesHoldsMoreThanItsCount) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SharedAccountWorld world(
        seed, {.rolling = {{.count = 200, .length = 1s}, {.count = 1500, .length = 10s}}});
    for (int i = 0; i < 10'000; ++i) world.step(4ms);
    ASSERT_GT(world.moments.size(), 500u);
    // A permit is used up to 250 ms after its moment.
    expect_at_most(world.moments, 200, 750ms);
    expect_at_most(world.moments, 1500, 9750ms);
  }
}

TEST(GuardLedgerTest, B4TheDaysAllowanceIsNeverExceededAndWhollyUsed) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SharedAccountWorld world(seed, {.days = {{.count = 500}}});
    world.stalls = false;  // what comes back later than 10 s counts as used
    for (int i = 0; i < 5'000; ++i) world.step(20ms);
    EXPECT_LE(world.moments.size(), 500u);
    EXPECT_GE(world.moments.size(), 480u) << "what went stale was given back";
    const auto refused = world.processes[0]->guard->try_enter(guard_now(world.elapsed));
    if (refused || refused.error().lease_needed) continue;
    EXPECT_EQ(refused.error().code, ErrorCode::quota_exhausted);
  }
}

TEST(GuardLedgerTest, PlacesOfAllProcessesTogetherAreKept) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SharedAccountWorld world(seed, {.concurrent = 3});
    for (int i = 0; i < 10'000; ++i) {
      world.step(20ms);
      ASSERT_LE(world.in_flight(), 3) << "seed " << seed << ", step " << i;
    }
    for (const auto& process : world.processes) EXPECT_GT(process->admitted, 20) << "seed " << seed;
  }
}

TEST(GuardLedgerTest, TwentyThousandCallsASecondAreReachedWithinAPercent) {
  GuardedProcess process(std::make_shared<MemoryAccounts>(),
                         {.rolling = {{.count = 20'000, .length = 1s}}}, "alone");
  for (Duration elapsed{}; elapsed < 10s; elapsed += 40us) {  // 25,000 a second are asked for
    if (process.enter(guard_now(elapsed))) process.leave(guard_now(elapsed));
  }
  EXPECT_GE(process.admitted, 198'000);
  EXPECT_LE(process.admitted, 202'000);
}

}  // namespace
}  // namespace vortex
