#include "vortex/resilience/retry.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

const TimePoint kRetryNow = *parse_time("2024-01-02T12:00:00Z");

Error failed_with(ErrorCode code) {
  return Error{.code = code, .message = "x"};
}

TEST(RetryPolicyTest, DelaysStayUnderTheDoublingCeiling) {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    RetryPolicy policy({.attempts_max = 6});
    for (int attempt = 1; attempt < 6; ++attempt) {
      const auto delay =
          policy.delay_after(failed_with(ErrorCode::server), attempt, kRetryNow, random);
      ASSERT_TRUE(delay.has_value());
      EXPECT_LE(*delay, 200ms * (1 << (attempt - 1)));
    }
    EXPECT_FALSE(policy.delay_after(failed_with(ErrorCode::server), 6, kRetryNow, random));
  }
}

TEST(RetryPolicyTest, NeverEarlierThanTheProviderSaid) {
  Random random(3);
  RetryPolicy policy({});
  Error error = failed_with(ErrorCode::rate_limited);
  error.retry_at = kRetryNow + 7s;
  const auto delay = policy.delay_after(error, 1, kRetryNow, random);
  ASSERT_TRUE(delay.has_value());
  EXPECT_GE(*delay, 7s);
  error.retry_at = kRetryNow + 31s;
  EXPECT_FALSE(policy.delay_after(error, 1, kRetryNow, random))
      << "beyond hint_max the caller is told when";
}

TEST(RetryPolicyTest, ThrottledWithoutATimeIsNotAskedAgain) {
  Random random(3);
  RetryPolicy policy({});
  EXPECT_FALSE(policy.delay_after(failed_with(ErrorCode::rate_limited), 1, kRetryNow, random));
}

TEST(RetryPolicyTest, RefusalsThatStayAreNotAskedAgain) {
  Random random(3);
  RetryPolicy policy({});
  for (const ErrorCode code :
       {ErrorCode::not_found, ErrorCode::authentication, ErrorCode::tls, ErrorCode::session_refused,
        ErrorCode::cancelled, ErrorCode::range_limit}) {
    EXPECT_FALSE(policy.delay_after(failed_with(code), 1, kRetryNow, random)) << to_string(code);
  }
}

TEST(RetryPolicyTest, TheBudgetBoundsLoadOnAFailingProvider) {
  Random random(3);
  RetryPolicy policy({.attempts_max = 4, .budget = 0.2});
  constexpr int kCalls = 1000;
  int sent = 0;
  for (int call = 0; call < kCalls; ++call) {
    policy.on_call();
    for (int attempt = 1;; ++attempt) {
      ++sent;
      if (!policy.delay_after(failed_with(ErrorCode::server), attempt, kRetryNow, random)) break;
    }
  }
  EXPECT_LE(sent, kCalls * 1.2 + 10);
  EXPECT_GT(sent, kCalls);
}

TEST(RetryPolicyTest, OurOwnNoIsNeverAskedAgain) {
  Random random(3);
  RetryPolicy policy({});
  for (const ErrorCode code :
       {ErrorCode::breaker_open, ErrorCode::bulkhead_full, ErrorCode::draining, ErrorCode::deferred,
        ErrorCode::cancelled, ErrorCode::quota_exhausted, ErrorCode::banned}) {
    Error error = failed_with(code);
    EXPECT_FALSE(policy.delay_after(error, 1, kRetryNow, random)) << to_string(code);
    error.retry_at = kRetryNow + 1s;
    EXPECT_FALSE(policy.delay_after(error, 1, kRetryNow, random)) << to_string(code);
  }
  EXPECT_EQ(policy.tokens(), 10);
}

TEST(RetryPolicyTest, A20TheCapDoesNotGatherTheWaits) {
  Random random(3);
  int late = 0;
  for (int i = 0; i < 1000; ++i) {
    RetryPolicy policy({.attempts_max = 100});
    if (*policy.delay_after(failed_with(ErrorCode::server), 50, kRetryNow, random) > 29s) ++late;
  }
  EXPECT_LT(late, 100) << "about a thirtieth of them";
}

TEST(RetryPolicyTest, B3HintsOfAnySizeAreHarmless) {
  Random random(3);
  Error error = failed_with(ErrorCode::rate_limited);
  for (const TimePoint past : {TimePoint::min(), TimePoint{}, kRetryNow - 5s, kRetryNow}) {
    RetryPolicy policy({});
    error.retry_at = past;
    const auto delay = policy.delay_after(error, 1, kRetryNow, random);
    ASSERT_TRUE(delay.has_value());
    EXPECT_GE(*delay, 0s);
    EXPECT_LE(*delay, 200ms) << "the bounded default";
  }
  RetryPolicy policy({});
  for (const TimePoint now : {TimePoint::min(), TimePoint{}, kRetryNow}) {
    error.retry_at = TimePoint::max();
    EXPECT_FALSE(policy.delay_after(error, 1, now, random));
  }
}

TEST(RetryPolicyTest, B3AHintBeyondTheDeadlineIsRefusedAtOnceAndCostsNothing) {
  Random random(3);
  RetryPolicy policy({});
  Error error = failed_with(ErrorCode::rate_limited);
  error.retry_at = kRetryNow + 5s;
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(policy.delay_after(error, 1, kRetryNow, random, 5s));
    EXPECT_FALSE(policy.delay_after(error, 1, kRetryNow, random, 0s));
    EXPECT_FALSE(policy.delay_after(error, 1, kRetryNow, random, -1s));
  }
  EXPECT_EQ(policy.tokens(), 10);
  EXPECT_TRUE(policy.delay_after(error, 1, kRetryNow, random, 6s));
}

TEST(RetryPolicyTest, F6NoArithmeticOverflows) {
  constexpr Duration kHuge = Duration::max();
  constexpr int kAttempts = std::numeric_limits<int>::max();
  Random random(5);
  for (int round = 0; round < 20'000; ++round) {
    const auto any = [&random] {
      const std::uint64_t bits = random.next() >> random.below(64);
      return Duration{static_cast<std::int64_t>(bits)};
    };
    RetryPolicy policy({.attempts_max = kAttempts,
                        .base = round % 5 == 0 ? kHuge : any(),
                        .cap = round % 7 == 0 ? kHuge : any(),
                        .hint_max = round % 3 == 0 ? kHuge : any()});
    Error error = failed_with(ErrorCode::server);
    const Duration hint = any();
    if (round % 2 == 0) error.retry_at = TimePoint{hint};
    const auto attempt = static_cast<int>(random.below(kAttempts)) - 5;
    const Duration time_left = any();
    const auto delay = policy.delay_after(error, attempt, TimePoint{}, random, time_left);
    if (!delay) continue;
    EXPECT_GE(*delay, 0s);
    EXPECT_LT(*delay, time_left);
    if (error.retry_at) EXPECT_GE(*delay, std::max(hint, Duration::zero())) << "never earlier";
  }
}

TEST(RetryPolicyTest, F6HintAndJitterTogetherDoNotOverflow) {
  Random random(5);
  Error error = failed_with(ErrorCode::rate_limited);
  error.retry_at = TimePoint{Duration::max() / 4 * 3};
  for (int i = 0; i < 1000; ++i) {
    RetryPolicy policy(
        {.base = Duration::max(), .cap = Duration::max(), .hint_max = Duration::max()});
    const auto delay = policy.delay_after(error, 1, TimePoint{}, random);
    if (delay) EXPECT_GE(*delay, Duration::max() / 4 * 3);
  }
}

TEST(RetryPolicyTest, I2AbsurdOptionsGiveNoRetryOrABoundedOne) {
  Random random(3);
  RetryPolicy none({.budget = std::numeric_limits<double>::quiet_NaN()});
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(none.delay_after(failed_with(ErrorCode::server), 1, kRetryNow, random));
  }
  for (int i = 0; i < 1000; ++i) none.on_call();
  EXPECT_FALSE(none.delay_after(failed_with(ErrorCode::server), 1, kRetryNow, random));
  RetryPolicy negative({.base = -1s, .cap = -1s, .budget = -1});
  EXPECT_EQ(negative.delay_after(failed_with(ErrorCode::server), -7, kRetryNow, random), 0s);
}

TEST(RetryPolicyTest, TheBudgetSurvivesAQuietTime) {
  Random random(3);
  RetryPolicy policy({});
  for (int i = 0; i < 10; ++i) {
    const TimePoint now = kRetryNow + i * 24h;
    EXPECT_TRUE(policy.delay_after(failed_with(ErrorCode::server), 1, now, random)) << i;
  }
  EXPECT_FALSE(policy.delay_after(failed_with(ErrorCode::server), 1, kRetryNow + 300h, random));
}

}  // namespace
}  // namespace vortex
