#include "vortex/net/header_collector.hpp"

#include <initializer_list>

#include <gtest/gtest.h>

namespace vortex {
namespace {

bool collect(HeaderCollector& headers, std::initializer_list<std::string_view> lines) {
  bool good = true;
  for (const auto line : lines) good = good && headers.add_line(line);
  return good;
}

TEST(HeaderCollectorTest, KeepsEveryHeaderInOrder) {
  HeaderCollector headers;
  EXPECT_TRUE(collect(headers, {"HTTP/1.1 200 OK\r\n", "Set-Cookie: a=1\r\n", "X:y \r\n",
                                "set-cookie: b=2\r\n", " folded\r\n"}));
  EXPECT_FALSE(headers.complete());
  EXPECT_TRUE(headers.add_line("\r\n"));
  EXPECT_TRUE(headers.complete());
  const Headers expected{{"Set-Cookie", "a=1"}, {"X", "y"}, {"set-cookie", "b=2 folded"}};
  EXPECT_EQ(headers.headers(), expected);
}

TEST(HeaderCollectorTest, B16DropsInterimAnswers) {
  HeaderCollector headers;
  EXPECT_TRUE(collect(headers, {"HTTP/1.1 103 Early\r\n", "Link: a\r\n", "\r\n"}));
  EXPECT_FALSE(headers.complete());
  EXPECT_TRUE(collect(headers, {"HTTP/1.1 200 OK\r\n", "A: b\r\n", "\r\n"}));
  EXPECT_TRUE(headers.complete());
  EXPECT_EQ(headers.headers(), (Headers{{"A", "b"}}));
}

TEST(HeaderCollectorTest, B12RefusesFramingThatCanBeReadTwoWays) {
  for (const auto& lines :
       {std::initializer_list<std::string_view>{"Content-Length: 5\r\n", "Content-Length: 6\r\n"},
        {"Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"},
        {"Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\n"},
        {"Content-Length: -5\r\n"},
        {"Content-Length: 5, 5\r\n"},
        {"Content-Length: 99999999999999999999\r\n"}}) {
    HeaderCollector headers;
    EXPECT_TRUE(headers.add_line("HTTP/1.1 200 OK\r\n"));
    EXPECT_FALSE(collect(headers, lines));
    EXPECT_EQ(headers.error().value().code, ErrorCode::bad_payload);
  }
  HeaderCollector same;
  EXPECT_TRUE(collect(
      same, {"HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n", "Content-Length: 5\r\n", "\r\n"}));
  EXPECT_EQ(same.content_length(), 5u);
}

TEST(HeaderCollectorTest, B15LimitsCountAndBytesAndRefusesControlCharacters) {
  using std::string_view_literals::operator""sv;
  HeaderCollector many;
  bool good = many.add_line("HTTP/1.1 200 OK\r\n");
  std::size_t count = 0;
  while (good && count < 10'000) {
    good = many.add_line("a: b\r\n");
    ++count;
  }
  EXPECT_EQ(count, HeaderCollector::kHeaderCountMax + 1);
  HeaderCollector big;
  EXPECT_FALSE(big.add_line("a: " + std::string(HeaderCollector::kHeaderBytesMax, 'x')));
  for (const auto line : {"a: b\0c\r\n"sv, "a: b\rc: d\r\n"sv, "no colon\r\n"sv, ": x\r\n"sv}) {
    HeaderCollector headers;
    EXPECT_FALSE(headers.add_line(line));
  }
}

}  // namespace
}  // namespace vortex
