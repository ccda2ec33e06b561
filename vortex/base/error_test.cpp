#include "vortex/base/error.hpp"

#include <set>

#include <gtest/gtest.h>

#include "vortex/base/secret.hpp"
#include "vortex/base/suggest.hpp"

namespace vortex {
namespace {

TEST(ErrorTableTest, EveryCodeIsUniqueAndExplained) {
  std::set<ErrorCode> seen;
  for (const ErrorEntry& entry : error_table()) {
    EXPECT_TRUE(seen.insert(entry.code).second) << to_string(entry.code);
    EXPECT_FALSE(entry.summary.empty());
    EXPECT_FALSE(entry.cause.empty());
    EXPECT_FALSE(entry.next_step.empty());
    EXPECT_EQ(error_entry(entry.code).summary, entry.summary);
    EXPECT_EQ(parse_error_code(to_string(entry.code)), entry.code);
  }
  EXPECT_GT(seen.size(), 40u);
}

TEST(ErrorTableTest, CodesAreReadLeniently) {
  EXPECT_EQ(parse_error_code("vx-2104"), ErrorCode::session_refused);
  EXPECT_EQ(parse_error_code("2104"), ErrorCode::session_refused);
  EXPECT_FALSE(parse_error_code("VX-9999").has_value());
  EXPECT_FALSE(parse_error_code("VX-").has_value());
  EXPECT_FALSE(parse_error_code("21041").has_value());
}

TEST(ErrorTableTest, ExitCodesAreTheFrozenOnes) {
  EXPECT_EQ(exit_code(ErrorClass::authentication), 3);
  EXPECT_EQ(exit_code(ErrorClass::rate_limited), 4);
  EXPECT_EQ(exit_code(ErrorClass::quota_exhausted), 5);
  EXPECT_EQ(exit_code(ErrorClass::truncated), 6);
  EXPECT_EQ(exit_code(ErrorClass::storage), 7);
  EXPECT_EQ(exit_code(ErrorClass::not_found), 2);
  EXPECT_EQ(exit_code(ErrorClass::config), 78);
  EXPECT_EQ(exit_code(ErrorClass::internal), 1);
  EXPECT_EQ(exit_code(ErrorClass::empty), 0);
}

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorCode::usage, "odd");
  return number / 2;
}

Result<int> quarter(int number) {
  VORTEX_TRY(const int once, half(number));
  VORTEX_TRY(const int twice, half(once));
  return twice;
}

TEST(ErrorTest, TryReturnsTheErrorOrBindsTheValue) {
  EXPECT_EQ(quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
}

TEST(ErrorTest, ContextIsAddedOutermostFirst) {
  const Error error =
      Error{.code = ErrorCode::truncated, .message = "cut"}.in("AAPL 1d").in("yahoo");
  EXPECT_EQ(error.to_line(), "VX-4002 yahoo: AAPL 1d: cut");
}

TEST(UntrustedTest, ControlCharactersAndOverridesAreRemoved) {
  EXPECT_EQ(untrusted("a\r\nHost: evil\x1b[31m"), "a Host: evil [31m");
  EXPECT_EQ(untrusted("abc\u202Edef"), "abc def");
  EXPECT_EQ(untrusted(std::string_view("a\0b", 3)), "a b");
  EXPECT_EQ(untrusted("\xff\xfe text"), " text");
  EXPECT_EQ(untrusted("caf\u00e9 \u4e2d"), "caf\u00e9 \u4e2d");
}

TEST(UntrustedTest, LongTextIsCutAtItsBound) {
  const std::string cut = untrusted(std::string(5000, 'x'));
  EXPECT_LE(cut.size(), 300u + std::string_view("…").size());
  EXPECT_TRUE(cut.ends_with("…"));
}

TEST(UntrustedTest, SecretsInQueryStringsAreMasked) {
  EXPECT_EQ(untrusted("GET /q?crumb=aB.c/9&symbol=A failed"), "GET /q?crumb=***&symbol=A failed");
  EXPECT_EQ(untrusted("https://user:pw@host/x?apikey=ABC#top"),
            "https://***@host/x?apikey=***#top");
}

TEST(SecretTest, FormattingShowsStars) {
  const SecretString secret(std::string("hunter2"));
  EXPECT_EQ(format_as(secret), "***");
  EXPECT_EQ(secret.reveal(), "hunter2");
}

TEST(SuggestTest, J5TheNearestNameIsFoundWithinABound) {
  constexpr std::array<std::string_view, 4> kNames = {"sync", "status", "stream", "fetch"};
  EXPECT_EQ(nearest_name("snyc", kNames), "sync");
  EXPECT_EQ(nearest_name("statsu", kNames), "status");
  EXPECT_EQ(nearest_name("xylophone", kNames), "");
  EXPECT_EQ(nearest_name(std::string(100'000, 'a'), kNames), "");
  EXPECT_EQ(did_you_mean("fecth", kNames), " (did you mean 'fetch'?)");
}

}  // namespace
}  // namespace vortex
