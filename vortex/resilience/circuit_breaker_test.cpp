#include "vortex/resilience/circuit_breaker.hpp"

#include <gtest/gtest.h>

#include "vortex/base/random.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr Monotonic at(Duration elapsed) {
  return Monotonic{elapsed};
}

// Lets a call in and out at one moment.
bool call_breaker(CircuitBreaker* breaker, Verdict verdict, Monotonic now) {
  const auto ticket = breaker->try_enter(now);
  if (ticket) breaker->settle(*ticket, verdict, now);
  return ticket.has_value();
}

void open_breaker(CircuitBreaker* breaker, Monotonic now) {
  for (int i = 0; i < 5; ++i) call_breaker(breaker, Verdict::failure, now);
  ASSERT_EQ(breaker->state(), BreakerState::open);
}

TEST(CircuitBreakerTest, FiveFailuresInARowOpenItForAMinute) {
  CircuitBreaker breaker({});
  for (int i = 0; i < 4; ++i) call_breaker(&breaker, Verdict::failure, at(1s));
  EXPECT_EQ(breaker.state(), BreakerState::closed);
  call_breaker(&breaker, Verdict::failure, at(1s));
  EXPECT_EQ(breaker.state(), BreakerState::open);
  EXPECT_EQ(breaker.next_trial_at(), at(61s));
  EXPECT_FALSE(breaker.try_enter(at(60'999'999us)));
  EXPECT_TRUE(breaker.try_enter(at(61s)));
  EXPECT_EQ(breaker.state(), BreakerState::half_open);
}

TEST(CircuitBreakerTest, ASuccessEndsARowOfFailures) {
  CircuitBreaker breaker({.track = {.rate_calls_min = 100}});
  for (int i = 0; i < 90; ++i) {
    call_breaker(&breaker, i % 5 == 4 ? Verdict::success : Verdict::failure, at(1s));
  }
  EXPECT_EQ(breaker.state(), BreakerState::closed);
}

TEST(CircuitBreakerTest, B8HalfOfTenCallsFailingOpensIt) {
  CircuitBreaker breaker({});
  for (int i = 0; i < 9; ++i) {
    call_breaker(&breaker, i % 2 == 0 ? Verdict::success : Verdict::failure, at(1s));
  }
  EXPECT_EQ(breaker.state(), BreakerState::closed) << "nine calls are too few for a rate";
  call_breaker(&breaker, Verdict::failure, at(1s));
  EXPECT_EQ(breaker.state(), BreakerState::open);
  EXPECT_EQ(breaker.transitions_since(0).front().why, BreakerCause::failure_rate);
}

TEST(CircuitBreakerTest, B8TenPercentFailingForEverLeavesItClosed) {
  CircuitBreaker breaker({});
  for (int i = 0; i < 10'000; ++i) {
    call_breaker(&breaker, i % 10 == 0 ? Verdict::failure : Verdict::success, at(i * 1s));
    ASSERT_EQ(breaker.state(), BreakerState::closed) << i;
  }
}

TEST(CircuitBreakerTest, OldOutcomesLeaveTheRate) {
  CircuitBreaker breaker({});
  for (int i = 0; i < 8; ++i) {
    call_breaker(&breaker, i % 2 == 0 ? Verdict::failure : Verdict::success, at(1s));
  }
  for (int i = 0; i < 8; ++i) {
    call_breaker(&breaker, i % 2 == 0 ? Verdict::failure : Verdict::success, at(601s));
  }
  EXPECT_EQ(breaker.state(), BreakerState::closed) << "eight of them are older than ten minutes";
}

TEST(CircuitBreakerTest, TheRateLooksAtTheLatestHundredCalls) {
  CircuitBreaker breaker({.track = {.failures_in_a_row = 1000}});
  for (int i = 0; i < 300; ++i) call_breaker(&breaker, Verdict::success, at(1s));
  for (int i = 0; i < 49; ++i) call_breaker(&breaker, Verdict::failure, at(1s));
  EXPECT_EQ(breaker.state(), BreakerState::closed);
  call_breaker(&breaker, Verdict::failure, at(1s));
  EXPECT_EQ(breaker.state(), BreakerState::open);
}

TEST(CircuitBreakerTest, C1BadDataInGoodHttpOpensIt) {
  CircuitBreaker breaker({});
  for (int i = 0; i < 5; ++i) call_breaker(&breaker, Verdict::bad_data, at(1s));
  EXPECT_EQ(breaker.state(), BreakerState::open);
  EXPECT_EQ(breaker.transitions_since(0).front().why, BreakerCause::bad_data_in_a_row);
}

TEST(CircuitBreakerTest, C7QualityFoundLaterOpensItAlthoughEveryCallSucceeds) {
  CircuitBreaker breaker({});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(breaker.state(), BreakerState::closed) << i;
    call_breaker(&breaker, Verdict::success, at(1s));
    breaker.note_quality(false, at(1s));
  }
  EXPECT_EQ(breaker.state(), BreakerState::open);
  EXPECT_EQ(breaker.transitions_since(0).front().why, BreakerCause::quality_in_a_row);
}

TEST(CircuitBreakerTest, C7HalfOfTheDataBadLaterOpensIt) {
  CircuitBreaker breaker({});
  for (int i = 0; i < 5; ++i) {
    breaker.note_quality(true, at(1s));
    breaker.note_quality(false, at(1s));
  }
  EXPECT_EQ(breaker.state(), BreakerState::open);
  EXPECT_EQ(breaker.transitions_since(0).front().why, BreakerCause::quality_rate);
}

TEST(CircuitBreakerTest, QualityOfOldCallsDoesNotDecideATrial) {
  CircuitBreaker breaker({});
  open_breaker(&breaker, at(1s));
  for (int i = 0; i < 20; ++i) breaker.note_quality(true, at(2s));
  EXPECT_EQ(breaker.state(), BreakerState::open);
  ASSERT_TRUE(breaker.try_enter(at(61s)));
  for (int i = 0; i < 20; ++i) breaker.note_quality(false, at(61s));
  EXPECT_EQ(breaker.state(), BreakerState::half_open);
}

TEST(CircuitBreakerTest, NothingIgnoredEverOpensIt) {
  CircuitBreaker breaker({});
  for (int i = 0; i < 1000; ++i) call_breaker(&breaker, Verdict::ignore, at(1s));
  EXPECT_EQ(breaker.state(), BreakerState::closed);
  EXPECT_EQ(breaker.transitions_total(), 0u);
}

TEST(CircuitBreakerTest, HalfOpenAdmitsOneTrial) {
  CircuitBreaker breaker({});
  open_breaker(&breaker, at(1s));
  const auto trial = breaker.try_enter(at(61s));
  ASSERT_TRUE(trial);
  EXPECT_FALSE(breaker.try_enter(at(61s)));
  EXPECT_FALSE(breaker.try_enter(at(100s)));
  breaker.settle(*trial, Verdict::success, at(62s));
  EXPECT_EQ(breaker.state(), BreakerState::closed);
  EXPECT_TRUE(breaker.try_enter(at(62s)));
}

TEST(CircuitBreakerTest, AnIgnoredTrialFreesThePlace) {
  CircuitBreaker breaker({});
  open_breaker(&breaker, at(1s));
  const auto trial = breaker.try_enter(at(61s));
  ASSERT_TRUE(trial);
  breaker.settle(*trial, Verdict::ignore, at(62s));
  EXPECT_EQ(breaker.state(), BreakerState::half_open);
  EXPECT_TRUE(breaker.try_enter(at(62s)));
}

TEST(CircuitBreakerTest, EachFailedTrialDoublesTheWaitUpToFiveTimes) {
  CircuitBreaker breaker({});
  Monotonic now = at(1s);
  open_breaker(&breaker, now);
  for (const Duration wait : {60s, 120s, 240s, 300s, 300s}) {
    EXPECT_EQ(breaker.next_trial_at(), now + wait);
    now = breaker.next_trial_at();
    ASSERT_TRUE(call_breaker(&breaker, Verdict::failure, now));
  }
  now = breaker.next_trial_at();
  ASSERT_TRUE(call_breaker(&breaker, Verdict::success, now));
  open_breaker(&breaker, now);
  EXPECT_EQ(breaker.next_trial_at(), now + 60s) << "a recovery makes the wait short again";
}

TEST(CircuitBreakerTest, ARecoveryForgetsWhatWasBefore) {
  CircuitBreaker breaker({});
  for (int i = 0; i < 2; ++i) breaker.note_quality(false, at(1s));
  for (int i = 0; i < 20; ++i) call_breaker(&breaker, Verdict::success, at(1s));
  open_breaker(&breaker, at(1s));
  ASSERT_TRUE(call_breaker(&breaker, Verdict::success, at(61s)));
  EXPECT_EQ(breaker.failures_in_a_row(), 0);
  for (int i = 0; i < 4; ++i) {
    call_breaker(&breaker, Verdict::failure, at(61s));
    breaker.note_quality(false, at(61s));
  }
  EXPECT_EQ(breaker.state(), BreakerState::closed) << "four are fewer than five";
}

TEST(CircuitBreakerTest, K8ALostTrialDoesNotBlockAndItsLateAnswerDoesNotDecide) {
  CircuitBreaker breaker({});
  open_breaker(&breaker, at(1s));
  const auto lost = breaker.try_enter(at(61s));
  ASSERT_TRUE(lost);
  EXPECT_EQ(breaker.next_trial_at(), at(101s)) << "call timeout and margin";
  EXPECT_FALSE(breaker.try_enter(at(100s)));
  const auto next = breaker.try_enter(at(101s));
  ASSERT_TRUE(next);
  EXPECT_EQ(breaker.lost_trials(), 1u);
  breaker.settle(*lost, Verdict::success, at(102s));
  EXPECT_EQ(breaker.state(), BreakerState::half_open);
  EXPECT_FALSE(breaker.try_enter(at(102s))) << "the new trial still holds the place";
  EXPECT_EQ(breaker.late_answers(), 1u);
  breaker.settle(*next, Verdict::success, at(103s));
  EXPECT_EQ(breaker.state(), BreakerState::closed);
}

TEST(CircuitBreakerTest, K8AnOldSlowAnswerDoesNotCloseIt) {
  CircuitBreaker breaker({});
  const auto slow = breaker.try_enter(at(1s));
  ASSERT_TRUE(slow);
  open_breaker(&breaker, at(2s));
  ASSERT_TRUE(breaker.try_enter(at(62s)));
  breaker.settle(*slow, Verdict::success, at(63s));
  EXPECT_EQ(breaker.state(), BreakerState::half_open);
}

TEST(CircuitBreakerTest, F3AnswersThatSleptForHoursDoNotOpenIt) {
  CircuitBreaker breaker({});
  std::vector<CircuitBreaker::Ticket> tickets;
  tickets.reserve(16);
  for (int i = 0; i < 16; ++i) tickets.push_back(*breaker.try_enter(at(1s)));
  for (const auto& ticket : tickets) breaker.settle(ticket, Verdict::failure, at(8h));
  EXPECT_EQ(breaker.state(), BreakerState::closed);
  EXPECT_EQ(breaker.late_answers(), 16u);
}

TEST(CircuitBreakerTest, F6EqualReadingsOfTheClockAreHarmless) {
  CircuitBreaker breaker({.reset = Duration::zero()});
  for (int i = 0; i < 1000; ++i) call_breaker(&breaker, Verdict::failure, at(0s));
  EXPECT_NE(breaker.state(), BreakerState::closed);
  ASSERT_TRUE(call_breaker(&breaker, Verdict::success, at(0s)));
  EXPECT_EQ(breaker.state(), BreakerState::closed);
}

TEST(CircuitBreakerTest, I2AbsurdOptionsAreBounded) {
  CircuitBreaker breaker({.track = {.failures_in_a_row = -3,
                                    .failure_rate = 0,
                                    .rate_calls_min = 1'000'000,
                                    .window = Duration::max()},
                          .reset = Duration::max(),
                          .call_timeout = Duration::min()});
  call_breaker(&breaker, Verdict::failure, at(1s));
  EXPECT_EQ(breaker.state(), BreakerState::open);
  EXPECT_EQ(breaker.next_trial_at(), at(24h + 1s));
}

TEST(CircuitBreakerTest, TheLatestTransitionsAreReadableAndNumbered) {
  CircuitBreaker breaker({.reset = 1s});
  Monotonic now = at(1s);
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 5; ++i) call_breaker(&breaker, Verdict::failure, now);
    now += 1s;
    ASSERT_TRUE(call_breaker(&breaker, Verdict::success, now));
  }
  ASSERT_EQ(breaker.transitions_total(), 600u);
  EXPECT_EQ(breaker.transitions_since(0).size(), CircuitBreaker::kTransitionsKept);
  EXPECT_EQ(breaker.transitions_since(600).size(), 0u);
  EXPECT_EQ(breaker.transitions_since(~0ull).size(), 0u);
  const auto last = breaker.transitions_since(597);
  ASSERT_EQ(last.size(), 3u);
  EXPECT_EQ(last[0], (BreakerTransition{.when = now - 1s,
                                        .from = BreakerState::closed,
                                        .to = BreakerState::open,
                                        .why = BreakerCause::failures_in_a_row}));
  EXPECT_EQ(last[1].to, BreakerState::half_open);
  EXPECT_EQ(last[1].why, BreakerCause::wait_over);
  EXPECT_EQ(last[2].to, BreakerState::closed);
  EXPECT_EQ(to_string(last[2].why), "the trial succeeded");
}

// Random calls that overlap, get lost, answer late and in any order. The model knows which tickets
// may decide; whatever happens, at most one trial is out, only current answers move the state, and
// after the provider has recovered the breaker closes.
struct BreakerWorld {
  explicit BreakerWorld(std::uint64_t seed) : random(seed) {}

  void step() {
    now += std::chrono::milliseconds(random.below(4000));
    if (random.below(50) == 0) now += 1h;
    const BreakerState before = breaker.state();
    const std::uint64_t moves = breaker.transitions_total();
    if (random.below(2) == 0) return enter(before);
    if (tickets.empty()) return;
    const std::size_t which = random.below(tickets.size());
    const auto ticket = tickets[which];
    tickets.erase(tickets.begin() + static_cast<std::ptrdiff_t>(which));
    if (random.below(10) == 0) return;  // lost: nobody ever settles it
    const auto verdict = static_cast<Verdict>(random.below(4));
    breaker.settle(ticket, verdict, now);
    const bool counts = now < ticket.counts_until && verdict != Verdict::ignore;
    if (!counts) EXPECT_EQ(breaker.transitions_total(), moves);
    if (before == BreakerState::open) EXPECT_EQ(breaker.state(), BreakerState::open);
    if (before == BreakerState::half_open && ticket.generation != trial) {
      EXPECT_EQ(breaker.state(), BreakerState::half_open);
    }
  }

  void enter(BreakerState before) {
    const Monotonic next = breaker.next_trial_at();
    const auto ticket = breaker.try_enter(now);
    EXPECT_EQ(ticket.has_value(), before == BreakerState::closed || now >= next);
    if (!ticket) return;
    tickets.push_back(*ticket);
    if (before != BreakerState::closed) trial = ticket->generation;
  }

  Random random;
  CircuitBreaker breaker{{}};
  Monotonic now;
  std::vector<CircuitBreaker::Ticket> tickets;
  std::uint64_t trial = 0;
};

TEST(CircuitBreakerTest, K8NoInterleavingLetsAnOldAnswerDecide) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    BreakerWorld world(seed);
    for (int i = 0; i < 500; ++i) world.step();
    // The provider is well again: the lost trials' leases end, then one success is enough.
    world.now += 1h;
    call_breaker(&world.breaker, Verdict::success, world.now);
    EXPECT_EQ(world.breaker.state(), BreakerState::closed) << "seed " << seed;
  }
}

}  // namespace
}  // namespace vortex
