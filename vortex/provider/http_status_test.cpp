#include "vortex/provider/http_status.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace vortex {
namespace {

constexpr TimePoint kReceived{std::chrono::seconds{1'706'745'600}};  // 2024-02-01T00:00:00Z

HttpReply reply_with(int status, Headers headers = {}, std::string_view body = {}) {
  return {.status = status,
          .headers = std::move(headers),
          .body = Body::copy_of(body),
          .received_at = kReceived};
}

std::optional<Duration> wait_of(Headers headers) {
  const auto at = retry_after(reply_with(429, std::move(headers)));
  if (!at) return std::nullopt;
  return *at - kReceived;
}

TEST(RetryAfterTest, B1ReadsSeconds) {
  EXPECT_EQ(wait_of({{"Retry-After", "0"}}), std::chrono::seconds(0));
  EXPECT_EQ(wait_of({{"retry-after", " 120 "}}), std::chrono::seconds(120));
}

TEST(RetryAfterTest, B2ReadsDatesAgainstTheAnswersOwnClock) {
  // The server's clock is an hour fast: its date is not compared with ours.
  for (const char* date : {"Thu, 01 Feb 2024 01:05:00 GMT", "Thursday, 01-Feb-24 01:05:00 GMT",
                           "Thu Feb  1 01:05:00 2024"}) {
    EXPECT_EQ(wait_of({{"Date", "Thu, 01 Feb 2024 01:00:00 GMT"}, {"Retry-After", date}}),
              std::chrono::minutes(5))
        << date;
  }
}

TEST(RetryAfterTest, B2WithoutDateTheReceiptCounts) {
  EXPECT_EQ(wait_of({{"Retry-After", "Thu, 01 Feb 2024 00:05:00 GMT"}}), std::chrono::minutes(5));
}

TEST(RetryAfterTest, B3AbsurdValuesAreNoWish) {
  for (const char* text : {"", "-5", "soon", "1e3", "1.5", "+7", "1000000000000", "5 seconds",
                           "99999999999999999999999", "Thu, 01 Jan 1970 00:00:00 GMT",
                           "Thu, 01 Feb 2124 00:00:00 GMT"}) {
    EXPECT_EQ(wait_of({{"Retry-After", text}}), std::nullopt) << text;
  }
  EXPECT_EQ(wait_of({}), std::nullopt);
  EXPECT_EQ(wait_of({{"Retry-After", "5"}, {"Retry-After", "6"}}), std::nullopt);
}

TEST(RetryAfterTest, B3AtMostADay) {
  EXPECT_EQ(wait_of({{"Retry-After", "200000"}}), kRetryAfterMax);
  EXPECT_EQ(wait_of({{"Retry-After", "Sun, 04 Feb 2024 00:00:00 GMT"}}), kRetryAfterMax);
}

TEST(HttpStatusTest, B8B10StatusBecomesACode) {
  const std::vector<std::pair<int, ErrorCode>> wanted = {{301, ErrorCode::redirect_refused},
                                                         {400, ErrorCode::client},
                                                         {401, ErrorCode::authentication},
                                                         {403, ErrorCode::authorization},
                                                         {404, ErrorCode::not_found},
                                                         {407, ErrorCode::proxy_authentication},
                                                         {408, ErrorCode::timeout},
                                                         {410, ErrorCode::not_found},
                                                         {422, ErrorCode::client},
                                                         {429, ErrorCode::rate_limited},
                                                         {500, ErrorCode::server},
                                                         {503, ErrorCode::server},
                                                         {999, ErrorCode::server}};
  for (const auto& [status, code] : wanted) {
    const Error error = http_status_error(reply_with(status));
    EXPECT_EQ(error.code, code) << status;
    EXPECT_EQ(error.http_status, status);
  }
}

TEST(HttpStatusTest, EvidenceIsCleanedAndCut) {
  const std::string body = "<html>\x1b[31m\r\n" + std::string(5000, 'x');
  const Error error = http_status_error(reply_with(503, {{"Retry-After", "30"}}, body));
  EXPECT_EQ(error.evidence.find('\x1b'), std::string::npos);
  EXPECT_EQ(error.evidence.find('\n'), std::string::npos);
  EXPECT_LT(error.evidence.size(), 400U);
  EXPECT_EQ(error.retry_at, kReceived + std::chrono::seconds(30));
}

}  // namespace
}  // namespace vortex
