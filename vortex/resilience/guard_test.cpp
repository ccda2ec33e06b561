#include "vortex/resilience/guard.hpp"

#include <gtest/gtest.h>

#include "vortex/resilience/guard_for_test.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

LeaseRefusal provider_says(ErrorCode code, const GuardWorld& world, Duration wait) {
  return {.code = code,
          .rule = "429 of the provider",
          .until = world.now.elapsed + wait,
          .until_calendar = world.now.calendar + wait};
}

TEST(GuardTest, ACallIsLetInAndOut) {
  GuardWorld world;
  Admission admission = world.enter();
  ASSERT_TRUE(admission);
  EXPECT_TRUE(admission->may_send(world.now));
  EXPECT_EQ(world.guard.in_flight(), 1);
  world.guard.leave(std::move(*admission), world.now, Verdict::success);
  EXPECT_EQ(world.guard.in_flight(), 0);
  EXPECT_EQ(world.guard.counters().admitted, 1u);
  EXPECT_EQ(world.guard.counters().settled[0], 1u);
  EXPECT_EQ(world.guard.counters().dropped, 0u);
}

TEST(GuardTest, WithoutALeaseTheLedgerIsToBeAsked) {
  GuardWorld world;
  const Admission admission = world.guard.try_enter(world.now);
  ASSERT_FALSE(admission);
  EXPECT_TRUE(admission.error().lease_needed);
  EXPECT_EQ(world.guard.in_flight(), 0);
  EXPECT_EQ(world.guard.counters().refused[static_cast<std::size_t>(GuardLayer::limiter)], 0u);
  EXPECT_EQ(world.guard.lease_wanted().permits, LeasedPermits::kBlockMax);
}

TEST(GuardTest, TheBulkheadBoundsCallsInFlight) {
  GuardWorld world({.name = "yahoo", .concurrency = 2});
  const Admission first = world.enter();
  const Admission second = world.enter();
  const Admission third = world.enter();
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().layer, GuardLayer::bulkhead);
  const Error error = world.guard.to_error(third.error(), world.now);
  EXPECT_EQ(error.code, ErrorCode::bulkhead_full);
  EXPECT_EQ(error.message, "not sent: bulkhead: 2 of 2 calls are in flight");
  EXPECT_EQ(error.provider, "yahoo");
  EXPECT_TRUE(error.retry_at.has_value());
}

TEST(GuardTest, B1ThePauseOfTheProviderClosesItForAllCallersAndFeedsNoBreaker) {
  GuardWorld world;
  world.grant(100);
  for (int i = 0; i < 10; ++i) world.call(verdict_of(ErrorCode::rate_limited));
  world.guard.close_until(provider_says(ErrorCode::rate_limited, world, 7s));
  const Admission refused = world.guard.try_enter(world.now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().layer, GuardLayer::limiter);
  EXPECT_EQ(refused.error().wait, 7s);
  EXPECT_EQ(world.guard.state(), BreakerState::closed);
  const Error error = world.guard.to_error(refused.error(), world.now);
  EXPECT_EQ(error.code, ErrorCode::rate_limited);
  EXPECT_EQ(error.message, "not sent: limiter: 429 of the provider; next permit in 7.0s");
  EXPECT_EQ(error.retry_at, world.now.calendar + 7s);
  world.now = guard_now(7s);
  EXPECT_TRUE(world.call(Verdict::success));
}

TEST(GuardTest, B4AnExhaustedDayIsRefusedUntilItsMidnight) {
  GuardWorld world;
  world.guard.accept({.refusal = LeaseRefusal{.code = ErrorCode::quota_exhausted,
                                              .rule = "25/day@America/New_York",
                                              .until = world.now.elapsed + 5h,
                                              .until_calendar = world.now.calendar + 5h}},
                     world.now);
  world.now = guard_now(1h);
  const Admission refused = world.guard.try_enter(world.now);
  ASSERT_FALSE(refused);
  EXPECT_FALSE(refused.error().lease_needed);
  EXPECT_EQ(refused.error().wait, 4h);
  const Error error = world.guard.to_error(refused.error(), world.now);
  EXPECT_EQ(error.code, ErrorCode::quota_exhausted);
  EXPECT_EQ(error.retry_at, guard_now(5h).calendar);
  EXPECT_NE(error.message.find("25/day@America/New_York"), std::string::npos) << error.message;
  world.now = guard_now(5h);
  EXPECT_TRUE(world.guard.try_enter(world.now).error().lease_needed) << "the ledger is asked again";
}

TEST(GuardTest, B5ABanIsSaidAsOne) {
  GuardWorld world;
  world.guard.close_until(provider_says(ErrorCode::banned, world, 1h));
  const Admission refused = world.guard.try_enter(world.now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(world.guard.to_error(refused.error(), world.now).code, ErrorCode::banned);
}

TEST(GuardTest, B8AnOpenBreakerRefusesAndSaysWhyAndUntilWhen) {
  GuardWorld world;
  world.open();
  world.now = guard_now(18s);
  const Admission refused = world.enter();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().layer, GuardLayer::breaker);
  EXPECT_EQ(refused.error().wait, 42s);
  const Error error = world.guard.to_error(refused.error(), world.now);
  EXPECT_EQ(error.code, ErrorCode::breaker_open);
  EXPECT_EQ(error.message, "not sent: breaker: open (failures in a row); next trial in 42.0s");
  EXPECT_EQ(error.retry_at, guard_now(60s).calendar);
}

TEST(GuardTest, AnOpenBreakerSpendsNoPermit) {
  GuardWorld world;
  world.open();
  const std::int64_t before = world.guard.snapshot(world.now).permits_left;
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(world.call(Verdict::success));
  EXPECT_EQ(world.guard.snapshot(world.now).permits_left, before);
}

TEST(GuardTest, ARefusalOfTheLimiterGivesTheTrialBack) {
  GuardWorld world;
  world.open();
  world.now = guard_now(61s);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(world.guard.try_enter(world.now).error().lease_needed) << "not the breaker's no";
  }
  world.guard.close_until(provider_says(ErrorCode::rate_limited, world, 10s));
  EXPECT_EQ(world.guard.try_enter(world.now).error().layer, GuardLayer::limiter);
  EXPECT_EQ(world.guard.state(), BreakerState::half_open);
  world.now = guard_now(71s);
  EXPECT_TRUE(world.call(Verdict::success));
  EXPECT_EQ(world.guard.state(), BreakerState::closed);
}

TEST(GuardTest, OurOwnRefusalsNeverOpenTheBreaker) {
  GuardWorld world({.concurrency = 1});
  const Admission holder = world.enter();
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(world.call(Verdict::failure));
  EXPECT_EQ(world.guard.state(), BreakerState::closed);
  EXPECT_EQ(world.guard.counters().refused[0], 1000u);
}

TEST(GuardTest, B10UnknownSymbolsNeverOpenTheBreaker) {
  GuardWorld world;
  for (int i = 0; i < 1000; ++i) world.call(verdict_of(ErrorCode::not_found));
  EXPECT_EQ(world.guard.state(), BreakerState::closed);
}

TEST(GuardTest, B9BadCredentialsNeverOpenTheBreaker) {
  GuardWorld world;
  for (int i = 0; i < 1000; ++i) world.call(verdict_of(ErrorCode::authentication));
  EXPECT_EQ(world.guard.state(), BreakerState::closed);
}

TEST(GuardTest, C1ErrorsInsideGoodAnswersOpenTheBreaker) {
  GuardWorld world;
  for (int i = 0; i < 5; ++i) world.call(verdict_of(ErrorCode::bad_payload));
  EXPECT_EQ(world.guard.state(), BreakerState::open);
}

TEST(GuardTest, C7QualityFoundAfterwardsOpensTheBreaker) {
  GuardWorld world;
  for (int i = 0; i < 5; ++i) {
    world.call(Verdict::success);
    world.guard.note_quality(false, world.now);
  }
  EXPECT_EQ(world.guard.state(), BreakerState::open);
}

TEST(GuardTest, H10ADroppedPermitGivesItsPlaceBackOnce) {
  GuardWorld world({.concurrency = 1});
  {
    Admission admission = world.enter();
    ASSERT_TRUE(admission);
    Permit moved = std::move(*admission);
    Permit again = std::move(moved);
    EXPECT_EQ(world.guard.in_flight(), 1);
  }
  EXPECT_EQ(world.guard.in_flight(), 0);
  EXPECT_EQ(world.guard.counters().dropped, 1u);
  EXPECT_TRUE(world.call(Verdict::success));
}

TEST(GuardTest, H10AnAssignedPermitGivesTheOldPlaceBack) {
  GuardWorld world;
  Admission first = world.enter();
  Admission second = world.enter();
  ASSERT_TRUE(first && second);
  *first = std::move(*second);
  EXPECT_EQ(world.guard.in_flight(), 1);
  Permit& self = *first;
  *first = std::move(self);
  EXPECT_EQ(world.guard.in_flight(), 1);
  world.guard.leave(std::move(*first), world.now, Verdict::success);
  // NOLINTNEXTLINE(bugprone-use-after-move): an empty permit is what is tried
  world.guard.leave(std::move(*first), world.now, Verdict::success);
  EXPECT_EQ(world.guard.in_flight(), 0);
  EXPECT_EQ(world.guard.counters().settled[0], 1u);
}

// What may happen around a permit while its call runs; it is dropped before the n-th of them.
TEST(GuardTest, H10DroppedAtAnyPointThePlaceReturnsOnce) {
  const std::vector<void (*)(GuardWorld&)> events = {
      [](GuardWorld& world) { world.now = guard_now(1s); },
      [](GuardWorld& world) { world.open(); },
      [](GuardWorld& world) { (void)world.guard.unused(world.now); },
      [](GuardWorld& world) { world.now = guard_now(61s); },
      [](GuardWorld& world) { world.call(Verdict::failure); },
      [](GuardWorld& world) { world.now = guard_now(181s); },
      [](GuardWorld& world) { world.call(Verdict::success); },
      [](GuardWorld& world) {
        world.guard.close_until(provider_says(ErrorCode::rate_limited, world, 5s));
      },
      [](GuardWorld& world) { world.now = guard_now(8h); },
      [](GuardWorld& world) { (void)world.guard.unused_at_end(); },
  };
  for (std::size_t n = 0; n <= events.size(); ++n) {
    GuardWorld world({.concurrency = 2});
    std::optional<Permit> permit = std::move(*world.enter());
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (i == n) permit.reset();
      EXPECT_EQ(world.guard.in_flight(), permit ? 1 : 0) << n << ", " << i;
      events[i](world);
    }
    permit.reset();
    EXPECT_EQ(world.guard.in_flight(), 0) << n;
    EXPECT_EQ(world.guard.counters().dropped, 1u) << n;
    EXPECT_EQ(world.guard.state(), BreakerState::closed) << n;
    EXPECT_TRUE(world.call(Verdict::success)) << n;
  }
}

TEST(GuardTest, H10ADroppedTrialFreesTheTrial) {
  GuardWorld world;
  world.open();
  world.now = guard_now(60s);
  {
    const Admission trial = world.enter();
  }
  EXPECT_EQ(world.guard.state(), BreakerState::half_open);
  EXPECT_TRUE(world.call(Verdict::success));
  EXPECT_EQ(world.guard.state(), BreakerState::closed);
}

TEST(GuardTest, K8LateAnswerDoesNotCloseTheHalfOpenBreaker) {
  GuardWorld world;
  Admission slow = world.enter();
  ASSERT_TRUE(slow);
  world.now = guard_now(1s);
  world.open();
  world.now = guard_now(61s);
  Admission lost = world.enter();
  ASSERT_TRUE(lost);
  world.guard.leave(std::move(*slow), world.now, Verdict::success);
  EXPECT_EQ(world.guard.state(), BreakerState::half_open);
  EXPECT_FALSE(world.call(Verdict::success)) << "the lost trial still has its lease";
  world.now = guard_now(101s);
  EXPECT_TRUE(world.call(Verdict::success)) << "afterwards another may go";
  EXPECT_EQ(world.guard.state(), BreakerState::closed);
  world.guard.leave(std::move(*lost), world.now, Verdict::failure);
  EXPECT_EQ(world.guard.state(), BreakerState::closed);
  EXPECT_EQ(world.guard.snapshot(world.now).late_answers, 2u);
}

TEST(GuardTest, F3AfterStandingStillForHoursThereIsNoBurst) {
  GuardWorld world({.limits = {.rolling = {{.count = 1000, .length = 1s}}}, .concurrency = 1000});
  world.grant(100);
  Admission admission = world.guard.try_enter(world.now);
  ASSERT_TRUE(admission);
  world.now = guard_now(8h);
  EXPECT_FALSE(admission->may_send(world.now)) << "its moment has passed";
  EXPECT_TRUE(world.guard.try_enter(world.now).error().lease_needed);
  EXPECT_EQ(world.guard.unused(world.now)->permits, 99);
  EXPECT_FALSE(world.guard.unused(world.now));
  world.guard.not_sent(std::move(*admission));
  EXPECT_EQ(world.guard.in_flight(), 0);
  EXPECT_EQ(world.guard.unused(world.now)->permits, 1) << "stale, and given back as the others";
}

TEST(GuardTest, APermitNotSentServesTheNextCall) {
  GuardWorld world;
  world.grant(1);
  Admission admission = world.guard.try_enter(world.now);
  ASSERT_TRUE(admission);
  world.guard.not_sent(std::move(*admission));
  EXPECT_TRUE(world.guard.try_enter(world.now));
}

TEST(GuardTest, AFreedPlaceOfOurOwnIsUsedAtOnce) {
  GuardWorld world({.limits = {.concurrent = 1}, .concurrency = 4});
  const Lease one_place{.id = 1, .permits = 9, .places = 1, .issued = world.now.elapsed};
  world.guard.accept(one_place, world.now);
  Admission first = world.guard.try_enter(world.now);
  ASSERT_TRUE(first);
  EXPECT_TRUE(world.guard.try_enter(world.now).error().lease_needed);
  world.guard.accept(one_place, world.now);
  EXPECT_EQ(world.guard.try_enter(world.now).error().code, ErrorCode::bulkhead_full);
  world.guard.leave(std::move(*first), world.now, Verdict::success);
  EXPECT_TRUE(world.guard.try_enter(world.now));
}

TEST(GuardTest, AtTheEndAllPermitsGoBack) {
  GuardWorld world;
  world.grant(10);
  world.call(Verdict::success);
  EXPECT_EQ(world.guard.unused_at(), Monotonic{250ms});
  EXPECT_FALSE(world.guard.unused(world.now));
  EXPECT_EQ(world.guard.unused_at_end()->permits, 9);
  EXPECT_FALSE(world.guard.unused_at_end());
  EXPECT_FALSE(world.guard.unused_at());
}

// Two guards see the same calls; the calendar of one is wrong by hours and keeps stepping.
TEST(GuardTest, F1ASteppingCalendarChangesNothing) {
  GuardWorld steady;
  GuardWorld stepped;
  Random random(11);
  Random faults(12);
  Duration elapsed{};
  for (int i = 0; i < 20'000; ++i) {
    elapsed += std::chrono::milliseconds(random.below(900));
    steady.now = stepped.now = guard_now(elapsed);
    stepped.now.calendar += std::chrono::hours(static_cast<int>(faults.below(5)) - 2);
    if (random.below(300) == 0) {
      const Duration pause = std::chrono::seconds(random.below(60));
      steady.guard.close_until(provider_says(ErrorCode::rate_limited, steady, pause));
      stepped.guard.close_until(provider_says(ErrorCode::rate_limited, stepped, pause));
    }
    const auto verdict = random.below(4) == 0 ? Verdict::success : Verdict::failure;
    ASSERT_EQ(steady.call(verdict), stepped.call(verdict)) << i;
  }
  EXPECT_EQ(steady.guard.counters(), stepped.guard.counters());
  EXPECT_EQ(steady.guard.transitions_since(0), stepped.guard.transitions_since(0));
  EXPECT_GT(steady.guard.transitions_total(), 10u);
}

TEST(GuardTest, F6ACoarseClockIsHarmless) {
  GuardWorld world({.concurrency = 4});
  for (int i = 0; i < 10'000; ++i) {
    world.now = guard_now(i / 1000 * 10ms);
    ASSERT_TRUE(world.call(Verdict::success));
  }
  for (int i = 0; i < 10'000; ++i) world.call(Verdict::failure);
  EXPECT_EQ(world.guard.state(), BreakerState::open);
  EXPECT_EQ(world.guard.transitions_total(), 1u);
}

TEST(GuardTest, AnOpenBreakerIsNeverRetried) {
  GuardWorld world;
  Random random(1);
  const Error error{.code = ErrorCode::network};
  EXPECT_TRUE(world.guard.retry_delay(error, 1, world.now, Monotonic{1h}, random));
  world.open();
  EXPECT_FALSE(world.guard.retry_delay(error, 1, world.now, Monotonic{1h}, random));
  const Error refused = world.guard.to_error(world.guard.try_enter(world.now).error(), world.now);
  EXPECT_FALSE(world.guard.retry_delay(refused, 1, world.now, Monotonic{1h}, random));
  EXPECT_EQ(world.guard.counters().retried, 1u);
}

TEST(GuardTest, ARetryThatCannotEndBeforeTheDeadlineIsRefusedAtOnce) {
  GuardWorld world;
  Random random(1);
  const Error error{.code = ErrorCode::network};
  EXPECT_FALSE(world.guard.retry_delay(error, 1, world.now, world.now.elapsed, random));
  world.guard.close_until(provider_says(ErrorCode::rate_limited, world, 20s));
  EXPECT_FALSE(world.guard.retry_delay(error, 1, world.now, Monotonic{20s}, random));
  EXPECT_TRUE(world.guard.retry_delay(error, 1, world.now, Monotonic{21s}, random));
}

TEST(GuardTest, TheSnapshotShowsStateReasonsAndCounts) {
  GuardWorld world({.name = "yahoo", .concurrency = 4});
  for (int i = 0; i < 3; ++i) world.call(Verdict::success);
  world.guard.on_call();
  world.open();
  const Admission refused = world.enter();
  world.guard.close_until(provider_says(ErrorCode::rate_limited, world, 20s));
  const GuardSnapshot snapshot = world.guard.snapshot(world.now);
  EXPECT_EQ(snapshot.state, BreakerState::open);
  EXPECT_EQ(snapshot.open_for, 60s);
  EXPECT_EQ(snapshot.failures_in_a_row, 5);
  EXPECT_EQ(snapshot.counters.admitted, 8u);
  EXPECT_EQ(snapshot.counters.calls, 1u);
  EXPECT_EQ(snapshot.counters.refused[static_cast<std::size_t>(GuardLayer::breaker)], 1u);
  EXPECT_EQ(snapshot.counters.settled[static_cast<std::size_t>(Verdict::failure)], 5u);
  EXPECT_EQ(snapshot.in_flight, 0);
  EXPECT_EQ(snapshot.places_max, 4);
  EXPECT_EQ(snapshot.permits_left, LeasedPermits::kBlockMax - 8);
  EXPECT_EQ(snapshot.retry_tokens, 10);
  ASSERT_EQ(snapshot.transitions.size(), 1u);
  EXPECT_EQ(snapshot.transitions[0].why, BreakerCause::failures_in_a_row);
  ASSERT_TRUE(snapshot.closed.has_value());
  EXPECT_EQ(snapshot.closed->rule, "429 of the provider");
}

}  // namespace
}  // namespace vortex
