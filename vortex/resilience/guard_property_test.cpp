// Properties of Guard under random calls: whatever happens, the books balance.
#include <gtest/gtest.h>

#include "vortex/resilience/guard_for_test.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

// A world in which calls overlap, are settled, dropped, moved or not sent, leases come and grow
// old, and the provider closes the account now and then.
struct RandomGuardWorld {
  explicit RandomGuardWorld(std::uint64_t seed)
      : random(seed), world({.limits = {.concurrent = 6}, .concurrency = 8}) {}

  void step() {
    elapsed += std::chrono::milliseconds(random.below(random.below(40) == 0 ? 100'000 : 100));
    world.now = guard_now(elapsed);
    const std::uint64_t kind = random.below(20);
    if (kind < 9) {
      enter();
    } else if (kind < 17) {
      end_one();
    } else if (kind == 17) {
      give_back(/*all=*/false);
    } else if (kind == 18) {
      world.guard.close_until({.until = world.now.elapsed + 3s});
    }
    EXPECT_EQ(world.guard.in_flight(), static_cast<int>(permits.size()));
    EXPECT_LE(world.guard.in_flight(), 6);
  }

  void enter() {
    Admission admission = world.guard.try_enter(world.now);
    if (!admission && admission.error().lease_needed) {
      lease();
      admission = world.guard.try_enter(world.now);
      if (!admission) EXPECT_FALSE(admission.error().lease_needed) << "never asked for in a loop";
    }
    if (!admission) return;
    ++used;
    EXPECT_TRUE(admission->may_send(world.now));
    permits.push_back(std::move(*admission));
  }

  void lease() {
    const LeaseRequest wanted = world.guard.lease_wanted();
    EXPECT_EQ(wanted.places_held, static_cast<int>(permits.size()));
    const auto count = static_cast<std::int64_t>(random.below(5));
    const int places = std::min(wanted.places_wanted, 6) - (random.below(10) == 0 ? 1 : 0);
    world.guard.accept(
        {.id = ++world.leases, .permits = count, .places = places, .issued = world.now.elapsed},
        world.now);
    leased += count;
  }

  void end_one() {
    if (permits.empty()) return;
    const std::size_t which = random.below(permits.size());
    std::swap(permits[which], permits.back());
    Permit permit = std::move(permits.back());
    permits.pop_back();
    const std::uint64_t kind = random.below(6);
    if (kind < 4)
      return world.guard.leave(std::move(permit), world.now,
                               Verdict{static_cast<std::uint8_t>(kind)});
    if (kind == 5) return;  // dropped
    --used;
    world.guard.not_sent(std::move(permit));
  }

  void give_back(bool all) {
    while (const auto given = all ? world.guard.unused_at_end() : world.guard.unused(world.now)) {
      EXPECT_GE(given->places_held, static_cast<int>(permits.size()));
      back += given->permits;
    }
  }

  Random random;
  GuardWorld world;
  Duration elapsed{};
  std::vector<Permit> permits;
  std::int64_t leased = 0;
  std::int64_t used = 0;
  std::int64_t back = 0;
};

TEST(GuardPropertyTest, H10EveryPermitReturnsItsPlaceExactlyOnceAndTheBooksBalance) {
  std::uint64_t admitted = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    RandomGuardWorld random_world(seed);
    for (int i = 0; i < 1000; ++i) random_world.step();
    random_world.permits.clear();
    random_world.give_back(/*all=*/true);
    const GuardSnapshot snapshot = random_world.world.guard.snapshot(random_world.world.now);
    const GuardCounters& counted = snapshot.counters;
    std::uint64_t ended = counted.dropped + counted.not_sent;
    for (const std::uint64_t settled : counted.settled) ended += settled;
    EXPECT_EQ(counted.admitted, ended) << "seed " << seed;
    EXPECT_EQ(snapshot.in_flight, 0) << "seed " << seed;
    EXPECT_EQ(snapshot.permits_left, 0) << "seed " << seed;
    EXPECT_EQ(random_world.leased, random_world.used + random_world.back + snapshot.permits_lost)
        << "seed " << seed;
    admitted += counted.admitted;
  }
  EXPECT_GT(admitted, 10'000u);
}

TEST(GuardPropertyTest, SameSeedSameEvents) {
  const auto run = [] {
    RandomGuardWorld random_world(42);
    for (int i = 0; i < 2000; ++i) random_world.step();
    return std::pair(random_world.world.guard.counters(),
                     random_world.world.guard.transitions_since(0));
  };
  EXPECT_EQ(run(), run());
}

// A ledger that keeps one window exactly; the guard in front of it must not let a burst through,
// however long the process stands still in between.
TEST(GuardPropertyTest, F3NoWindowOfAdmissionsExceedsTheLedgersWord) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    GuardWorld world({.limits = {.rolling = {{.count = 100, .length = 1s}}}, .concurrency = 1000});
    std::vector<Monotonic> issued;    // moments of permits, by the ledger
    std::vector<Monotonic> admitted;  // moments of calls
    Duration elapsed{};
    for (int i = 0; i < 20'000; ++i) {
      elapsed +=
          std::chrono::microseconds(random.below(random.below(5000) == 0 ? 28'800'000'000 : 2000));
      world.now = guard_now(elapsed);
      Admission admission = world.guard.try_enter(world.now);
      if (!admission && admission.error().lease_needed) {
        const std::int64_t wanted = world.guard.lease_wanted().permits;
        ASSERT_EQ(wanted, 10);
        const std::size_t size = issued.size();
        if (size >= 100 && issued[size - 100 + 9] + 1s > world.now.elapsed) {
          const Monotonic until = issued[size - 100 + 9] + 1s;
          world.guard.accept(
              {.refusal = LeaseRefusal{.until = until, .until_calendar = TimePoint::max()}},
              world.now);
        } else {
          world.grant(wanted);
          issued.insert(issued.end(), static_cast<std::size_t>(wanted), world.now.elapsed);
        }
        admission = world.guard.try_enter(world.now);
      }
      if (!admission) continue;
      admitted.push_back(world.now.elapsed);
      world.guard.leave(std::move(*admission), world.now, Verdict::success);
    }
    ASSERT_GT(admitted.size(), 1000u);
    // A permit is used up to 250 ms after it was issued: three quarters of a window hold at most n.
    for (std::size_t n = 100; n < admitted.size(); ++n) {
      ASSERT_GE(admitted[n] - admitted[n - 100], 750ms) << "seed " << seed << ", call " << n;
    }
  }
}

// A dead provider: what reaches it stays within the budget, and after the breaker opened only
// trials do.
TEST(GuardPropertyTest, B8LoadOnADeadProviderStaysWithinTheBudget) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    GuardWorld world({.breaker = {.track = {.failures_in_a_row = 1'000'000, .failure_rate = 2}}});
    constexpr int kOffered = 2000;
    int sent = 0;
    for (int call = 0; call < kOffered; ++call) {
      world.guard.on_call();
      for (int attempt = 1;; ++attempt) {
        if (world.call(Verdict::failure)) ++sent;
        const auto delay = world.guard.retry_delay({.code = ErrorCode::server}, attempt, world.now,
                                                   world.now.elapsed + 1h, random);
        if (!delay) break;
        world.now.elapsed += *delay;
        world.now.calendar += *delay;
      }
    }
    EXPECT_LE(sent, kOffered * 1.2 + 10);
    EXPECT_GT(sent, kOffered) << "the budget is used";
  }
}

TEST(GuardPropertyTest, A8ADeadProviderSeesTrialsOnlyAndRecoversAfterOne) {
  GuardWorld world;
  int sent = 0;
  Duration elapsed{};
  for (; elapsed < 1h; elapsed += 1s) {
    world.now = guard_now(elapsed);
    if (world.call(verdict_of(ErrorCode::timeout))) ++sent;
  }
  EXPECT_LE(sent, 5 + 16) << "60, 120, 240, then every 300 s";
  const Monotonic well = world.now.elapsed;
  while (!world.call(Verdict::success)) world.now = guard_now(elapsed += 1s);
  EXPECT_EQ(world.guard.state(), BreakerState::closed);
  EXPECT_LE(world.now.elapsed - well, 301s);
}

}  // namespace
}  // namespace vortex
