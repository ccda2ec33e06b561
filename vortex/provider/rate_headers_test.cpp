#include "vortex/provider/rate_headers.hpp"

#include <utility>

#include <gtest/gtest.h>

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr TimePoint kCounted{1'706'745'600s};  // 2024-02-01T00:00:00Z

std::optional<RateHeaders> counted(Headers headers) {
  return rate_headers({.status = 200, .headers = std::move(headers), .received_at = kCounted});
}

Headers with_reset(const char* reset) {
  return {
      {"X-RateLimit-Limit", "100"}, {"X-RateLimit-Remaining", "40"}, {"X-RateLimit-Reset", reset}};
}

TEST(RateHeadersTest, ReadsBothSpellings) {
  const auto plain =
      counted({{"ratelimit-limit", "25"}, {"RateLimit-Remaining", "3"}, {"RateLimit-Reset", "60"}});
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->limit, 25);
  EXPECT_EQ(plain->remaining, 3);
  EXPECT_EQ(plain->reset, 60s);
  EXPECT_EQ(counted(with_reset("30"))->remaining, 40);
}

TEST(RateHeadersTest, B6ResetIsToldByItsMagnitude) {
  EXPECT_EQ(counted(with_reset("0"))->reset, 0s);
  EXPECT_EQ(counted(with_reset("1706745660"))->reset, 60s);
  EXPECT_EQ(counted(with_reset("1706745660000"))->reset, 60s);
  Headers fast = with_reset("1706749260");  // the server's clock is an hour fast
  fast.push_back({"Date", "Thu, 01 Feb 2024 01:00:00 GMT"});
  EXPECT_EQ(counted(fast)->reset, 60s);
}

TEST(RateHeadersTest, B6MalformedOrJumpingCountsAreIgnored) {
  for (const char* reset : {"", "-1", "soon", "1.5", "1706745000", "9999999", "99999999999999999",
                            "999999999999999999999999"}) {
    EXPECT_FALSE(counted(with_reset(reset))) << reset;
  }
  EXPECT_FALSE(counted({{"RateLimit-Limit", "25"}, {"RateLimit-Remaining", "3"}}));
  EXPECT_FALSE(
      counted({{"RateLimit-Limit", "3"}, {"RateLimit-Remaining", "25"}, {"RateLimit-Reset", "1"}}));
  EXPECT_FALSE(counted(
      {{"RateLimit-Limit", "-3"}, {"RateLimit-Remaining", "-4"}, {"RateLimit-Reset", "1"}}));
  Headers twice = with_reset("30");
  twice.push_back({"X-RateLimit-Remaining", "50"});
  EXPECT_FALSE(counted(twice));
}

TEST(RateHeadersTest, B7CachedAnswersSpeakOfAnotherCall) {
  Headers cached = with_reset("30");
  cached.push_back({"Age", "5"});
  EXPECT_FALSE(counted(cached));
  cached.back().value = "0";
  EXPECT_TRUE(counted(cached));
}

}  // namespace
}  // namespace vortex
