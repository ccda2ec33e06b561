#include "vortex/resilience/leased_permits.hpp"

#include <gtest/gtest.h>

#include "vortex/base/random.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

const TimePoint kLeaseWall = *parse_time("2024-03-08T12:00:00Z");

Now lease_now(Duration elapsed) {
  return {.elapsed = Monotonic{elapsed}, .calendar = kLeaseWall + elapsed};
}

using Answer = LeasedPermits::Answer;

TEST(LeaseBlockTest, IsAHundredMillisecondsOfAFastRate) {
  EXPECT_EQ(lease_block({.rolling = {{.count = 1000, .length = 1s}}}), 100);
  EXPECT_EQ(lease_block({.rolling = {{.count = 20'000, .length = 1s}}}), 2000);
  EXPECT_EQ(lease_block({.rolling = {{.count = 5, .length = 5s}}}), 1);
  EXPECT_EQ(lease_block({.rolling = {{.count = 6000, .length = 1min}}}), 10);
}

TEST(LeaseBlockTest, IsAHundredthOfALongWindow) {
  EXPECT_EQ(lease_block({.rolling = {{.count = 500, .length = 61s}}}), 5);
  EXPECT_EQ(lease_block({.days = {{.count = 25}}}), 1);
  EXPECT_EQ(lease_block({.days = {{.count = 5000}}}), 50);
}

TEST(LeaseBlockTest, IsTheSmallestOfAllWindows) {
  EXPECT_EQ(lease_block({.rolling = {{.count = 1000, .length = 1s}, {.count = 700, .length = 1h}},
                         .days = {{.count = 5000}}}),
            7);
  EXPECT_EQ(lease_block({.rolling = {{.count = 1000, .length = 1s}}, .days = {{.count = 1}}}), 1);
}

TEST(LeaseBlockTest, IsLargeWhereNothingIsLimitedAndBoundedAlways) {
  EXPECT_EQ(lease_block({}), LeasedPermits::kBlockMax);
  EXPECT_EQ(lease_block({.rolling = {{.count = INT64_MAX, .length = 1us}}}),
            LeasedPermits::kBlockMax);
  EXPECT_EQ(lease_block({.rolling = {{.count = 0, .length = 0s}}, .days = {{.count = -5}}}), 1);
}

TEST(LeasedPermitsTest, ServesTheBlockThenAsksForAnother) {
  LeasedPermits permits({}, 4);
  EXPECT_EQ(permits.take(lease_now(1s), 0), Answer::lease_needed);
  permits.accept({.id = 7, .permits = 2, .issued = Monotonic{1s}}, lease_now(1s), 0);
  EXPECT_EQ(permits.take(lease_now(1s), 0), Answer::taken);
  EXPECT_EQ(permits.take(lease_now(1100ms), 0), Answer::taken);
  EXPECT_EQ(permits.take(lease_now(1100ms), 0), Answer::lease_needed);
  EXPECT_FALSE(permits.unused(lease_now(9s), 0, true));
}

TEST(LeasedPermitsTest, F3AStaleBlockIsNotUsedButGivenBackOnce) {
  LeasedPermits permits({}, 4);
  permits.accept({.id = 7, .permits = 5, .issued = Monotonic{1s}}, lease_now(1s), 0);
  EXPECT_EQ(permits.take(lease_now(1249ms), 0), Answer::taken);
  EXPECT_FALSE(permits.unused(lease_now(1249ms), 0, false));
  EXPECT_EQ(permits.unused_at(0), Monotonic{1250ms});
  EXPECT_EQ(permits.take(lease_now(1250ms), 0), Answer::lease_needed);
  EXPECT_EQ(permits.take(lease_now(8h), 0), Answer::lease_needed);
  EXPECT_EQ(permits.unused(lease_now(8h), 0, false),
            (GiveBack{.lease = 7, .permits = 4, .places_held = 0}));
  EXPECT_FALSE(permits.unused(lease_now(8h), 0, false));
  EXPECT_FALSE(permits.unused_at(0));
}

TEST(LeasedPermitsTest, ALeaseThatArrivesLateIsAlreadyStale) {
  LeasedPermits permits({}, 4);
  permits.accept({.id = 7, .permits = 5, .issued = Monotonic{1s}}, lease_now(2s), 0);
  EXPECT_EQ(permits.take(lease_now(2s), 0), Answer::lease_needed);
  EXPECT_EQ(permits.unused(lease_now(2s), 0, false)->permits, 5);
}

TEST(LeasedPermitsTest, ALeaseOfTheFutureLastsNoLongerThanOthers) {
  LeasedPermits permits({}, 4);
  permits.accept({.id = 7, .permits = 5, .issued = Monotonic{10h}}, lease_now(2s), 0);
  EXPECT_EQ(permits.fresh_until(), Monotonic{2250ms});
}

TEST(LeasedPermitsTest, WhatANewLeaseReplacesIsGivenBackToo) {
  LeasedPermits permits({}, 4);
  permits.accept({.id = 7, .permits = 5, .issued = Monotonic{1s}}, lease_now(1s), 0);
  permits.accept({.id = 8, .permits = 3, .issued = Monotonic{2s}}, lease_now(2s), 0);
  EXPECT_EQ(permits.unused(lease_now(2s), 0, false), (GiveBack{.lease = 7, .permits = 5}));
  EXPECT_FALSE(permits.unused(lease_now(2s), 0, false));
  EXPECT_EQ(permits.unused(lease_now(2s), 0, true), (GiveBack{.lease = 8, .permits = 3}));
}

TEST(LeasedPermitsTest, ARefusalIsRememberedUntilItsEnd) {
  LeasedPermits permits({}, 4);
  permits.accept({.refusal = LeaseRefusal{.code = ErrorCode::rate_limited,
                                          .rule = "5/5s",
                                          .until = Monotonic{3s},
                                          .until_calendar = kLeaseWall + 3s}},
                 lease_now(1s), 0);
  EXPECT_EQ(permits.take(lease_now(2999ms), 0), Answer::refused);
  EXPECT_EQ(permits.refusal(lease_now(2999ms))->rule, "5/5s");
  EXPECT_EQ(permits.take(lease_now(3s), 0), Answer::lease_needed);
}

TEST(LeasedPermitsTest, F1ADayThatEndsByTheCalendarIsAskedForAgain) {
  LeasedPermits permits({}, 4);
  permits.accept({.refusal = LeaseRefusal{.code = ErrorCode::quota_exhausted,
                                          .until = Monotonic{12h},
                                          .until_calendar = kLeaseWall + 12h}},
                 lease_now(0s), 0);
  Now stepped = lease_now(1h);
  stepped.calendar -= 5h;
  EXPECT_EQ(permits.take(stepped, 0), Answer::refused) << "set back: not sooner, not later";
  EXPECT_EQ(permits.take(lease_now(11h), 0), Answer::refused);
  stepped = lease_now(11h);
  stepped.calendar += 2h;  // the machine slept, or its clock was wrong: the ledger decides
  EXPECT_EQ(permits.take(stepped, 0), Answer::lease_needed);
}

TEST(LeasedPermitsTest, F1TheProvidersPauseIsALengthOfTime) {
  LeasedPermits permits({}, 4);
  permits.close_until({.until = Monotonic{60s}, .until_calendar = kLeaseWall + 60s});
  for (const Duration step : {Duration(-2h), Duration(2h)}) {
    Now now = lease_now(59s);
    now.calendar += step;
    EXPECT_EQ(permits.take(now, 0), Answer::refused);
    now.elapsed += 1s;
    LeasedPermits copy = permits;
    EXPECT_EQ(copy.take(now, 0), Answer::lease_needed);
  }
}

TEST(LeasedPermitsTest, B1TheProvidersPauseIsNeverShortened) {
  LeasedPermits permits({}, 4);
  permits.close_until({.rule = "429", .until = Monotonic{60s}});
  permits.close_until({.rule = "early", .until = Monotonic{10s}});
  permits.accept({.id = 1, .permits = 9, .issued = Monotonic{1s}}, lease_now(1s), 0);
  EXPECT_EQ(permits.take(lease_now(1s), 0), Answer::refused) << "not even by a lease";
  permits.accept(
      {.refusal = LeaseRefusal{.until = Monotonic{2s}, .until_calendar = kLeaseWall + 2s}},
      lease_now(1s), 0);
  EXPECT_EQ(permits.take(lease_now(59s), 0), Answer::refused);
  EXPECT_EQ(permits.refusal(lease_now(59s))->rule, "429");
}

TEST(LeasedPermitsTest, F6ARefusalThatEndedBeforeItCameStillRests) {
  LeasedPermits permits({}, 4);
  permits.accept({.refusal = LeaseRefusal{}}, lease_now(5s), 0);
  EXPECT_EQ(permits.take(lease_now(5s), 0), Answer::refused);
  EXPECT_EQ(permits.take(lease_now(5s + LeasedPermits::kRefusalMin), 0), Answer::lease_needed);
}

TEST(LeasedPermitsTest, ALeaseWithoutPermitsIsARefusal) {
  LeasedPermits permits({}, 4);
  permits.accept({.id = 3, .permits = 0}, lease_now(5s), 0);
  EXPECT_EQ(permits.take(lease_now(5s), 0), Answer::refused);
  EXPECT_EQ(permits.take(lease_now(5s + kLeaseLife), 0), Answer::lease_needed);
}

TEST(LeasedPermitsTest, PlacesAreAskedForOneByOneAndGivenBackWhenIdle) {
  LeasedPermits permits({.concurrent = 3}, 16);
  EXPECT_EQ(permits.wanted(0).places_wanted, 1);
  permits.accept({.id = 1, .permits = 9, .places = 1, .issued = Monotonic{1s}}, lease_now(1s), 0);
  EXPECT_EQ(permits.take(lease_now(1s), 0), Answer::taken);
  EXPECT_EQ(permits.take(lease_now(1s), 1), Answer::lease_needed) << "permits, but no place";
  EXPECT_EQ(permits.wanted(1).places_held, 1);
  EXPECT_EQ(permits.wanted(1).places_wanted, 2);
  EXPECT_EQ(permits.wanted(7).places_wanted, 7) << "what is in flight is held in any case";
  permits.accept({.id = 2, .permits = 9, .places = 2, .issued = Monotonic{1s}}, lease_now(1s), 1);
  EXPECT_EQ(permits.take(lease_now(1s), 1), Answer::taken);
  EXPECT_EQ(permits.unused(lease_now(1s), 2, false),
            (GiveBack{.lease = 1, .permits = 8, .places_held = 2}));
  EXPECT_EQ(permits.unused(lease_now(2s), 0, false),
            (GiveBack{.lease = 2, .permits = 8, .places_held = 0}));
  EXPECT_FALSE(permits.unused(lease_now(2s), 0, false));
}

TEST(LeasedPermitsTest, WithoutAPlaceItRestsUntilACallHasEnded) {
  LeasedPermits permits({.concurrent = 1}, 16);
  permits.accept({.id = 1, .permits = 9, .places = 1, .issued = Monotonic{1s}}, lease_now(1s), 1);
  EXPECT_EQ(permits.take(lease_now(1s), 1), Answer::refused);
  EXPECT_EQ(permits.refusal(lease_now(1s))->code, ErrorCode::bulkhead_full);
  permits.on_leave();
  EXPECT_EQ(permits.take(lease_now(1s), 0), Answer::taken);
}

TEST(LeasedPermitsTest, APermitNotSentServesAnotherCall) {
  LeasedPermits permits({}, 4);
  permits.accept({.id = 1, .permits = 1, .issued = Monotonic{1s}}, lease_now(1s), 0);
  EXPECT_EQ(permits.take(lease_now(1s), 0), Answer::taken);
  permits.untake(1);
  EXPECT_EQ(permits.take(lease_now(1s), 0), Answer::taken);
  permits.accept({.id = 2, .permits = 1, .issued = Monotonic{1s}}, lease_now(1s), 0);
  permits.untake(99);
  EXPECT_EQ(permits.lost(), 1) << "of a lease long gone: it counts as used";
}

// Leases, uses, waits and returns at random: no permit is ever used twice, used when stale, or
// forgotten.
TEST(LeasedPermitsTest, H10TheBooksOfLeasedPermitsBalance) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Random random(seed);
    LeasedPermits permits({}, 4);
    std::int64_t leased = 0;
    std::int64_t used = 0;
    std::int64_t back = 0;
    Duration elapsed{};
    for (std::uint64_t step = 1; step <= 500; ++step) {
      elapsed += std::chrono::milliseconds(random.below(60));
      const Now now = lease_now(elapsed);
      if (random.below(10) == 0) {
        const auto count = static_cast<std::int64_t>(1 + random.below(20));
        permits.accept({.id = step, .permits = count, .issued = now.elapsed}, now, 0);
        leased += count;
      } else if (random.below(10) == 0) {
        while (const auto given = permits.unused(now, 0, false)) back += given->permits;
      } else if (permits.take(now, 0) == Answer::taken) {
        EXPECT_LT(now.elapsed, permits.fresh_until());
        ++used;
      }
    }
    while (const auto given = permits.unused(lease_now(elapsed), 0, true)) back += given->permits;
    EXPECT_EQ(leased, used + back + permits.lost()) << "seed " << seed;
    EXPECT_EQ(permits.left(), 0);
  }
}

}  // namespace
}  // namespace vortex
