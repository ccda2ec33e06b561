#include "vortex/config/rate_limit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vortex/config/schedule.hpp"

namespace vortex {
namespace {

TEST(RateLimitTest, ReadsEveryForm) {
  EXPECT_EQ(*parse_rate_limit("5/5s"), (RateLimit{5, std::chrono::seconds(5), ""}));
  EXPECT_EQ(*parse_rate_limit("1/s"), (RateLimit{1, std::chrono::seconds(1), ""}));
  EXPECT_EQ(*parse_rate_limit("60/10min"), (RateLimit{60, std::chrono::minutes(10), ""}));
  EXPECT_EQ(*parse_rate_limit("2000/h"), (RateLimit{2000, std::chrono::hours(1), ""}));
  EXPECT_EQ(*parse_rate_limit("25/day@America/New_York"),
            (RateLimit{25, Duration::zero(), "America/New_York"}));
}

TEST(RateLimitTest, WrittenFormReadsBackEqual) {
  for (const char* text :
       {"5/5s", "1/s", "60/10min", "2000/h", "7/90s", "25/day@America/New_York"}) {
    EXPECT_EQ(to_string(*parse_rate_limit(text)), text);
  }
}

TEST(RateLimitTest, RefusesEverythingElse) {
  for (const char* text : {"",
                           "5",
                           "5/",
                           "/s",
                           "0/s",
                           "-1/s",
                           "5/0s",
                           "5/5",
                           "5/5m",
                           "5/ s",
                           "5 /s",
                           "5/-1s",
                           "5/day",
                           "5/day@",
                           "5/day@Mars/Base",
                           "5/5s ",
                           "99999999999999999999/s",
                           "5/99999999999999999999s",
                           "5/32d",
                           "2000000000/s",
                           "5/10000h",
                           "1.5/s",
                           "five/s",
                           "5/5S"}) {
    const auto limit = parse_rate_limit(text);
    ASSERT_FALSE(limit) << text;
  }
}

TEST(ScheduleTest, ReadsCronFields) {
  for (const char* text : {"30 22 * * 1-5", "* * * * *", "*/10 0-23/2 1,15 1-12 0,7"}) {
    EXPECT_TRUE(check_schedule(text)) << text;
  }
  for (const char* text :
       {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
        "* * * * 8", "5-1 * * * *", "*/0 * * * *", "1, * * * *", "a * * * *", "5/2 * * * *"}) {
    EXPECT_FALSE(check_schedule(text)) << text;
  }
}

}  // namespace
}  // namespace vortex
