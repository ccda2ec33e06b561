#include "vortex/resilience/retry.hpp"

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

}  // namespace
}  // namespace vortex
