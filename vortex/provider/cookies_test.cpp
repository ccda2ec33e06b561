#include "vortex/provider/cookies.hpp"

#include <gtest/gtest.h>

namespace vortex {
namespace {

constexpr CookieSite kSite{.host = "www.site.com"};
constexpr TimePoint kCookieNow{std::chrono::seconds{1'720'000'000}};

HttpReply setting_cookies(std::initializer_list<std::string_view> lines) {
  HttpReply reply{.status = 200};
  for (const std::string_view line : lines)
    reply.headers.push_back({"set-cookie", std::string(line)});
  return reply;
}

TEST(CookiesTest, AnAnswerSetsReplacesAndTakesAway) {
  Headers cookies = {{"a", "old"}, {"gone", "1"}, {"ended", "1"}};
  keep_cookies(cookies,
               setting_cookies({"a=new; Path=/; HttpOnly", "b=x=y%3D; Domain=.site.com",
                                "gone=", "ended=1; Max-Age=0", "theirs=1; Domain=site.com.evil.org",
                                "sub=1; domain=www.site.com", "shop=1; Domain=shop.site.com"}),
               kSite);
  EXPECT_EQ(cookie_line(cookies), "a=new; b=x=y%3D; sub=1");
  EXPECT_EQ(cookie_value_of(cookies, "b"), "x=y%3D");
  EXPECT_EQ(cookie_value_of(cookies, "c"), "");
}

TEST(CookiesTest, WhatCouldEndAHeaderIsDropped) {
  Headers cookies;
  keep_cookies(cookies, setting_cookies({"a=x\r\nHost: evil", "b=two words", "=nameless", "c"}),
               kSite);
  EXPECT_TRUE(cookies.empty());
}

TEST(CookiesTest, NumberAndLengthAreBounded) {
  Headers cookies;
  keep_cookies(cookies, setting_cookies({"a=" + std::string(5'000, 'x')}), kSite);
  EXPECT_TRUE(cookies.empty());
  for (int i = 0; i < 200; ++i) {
    keep_cookies(cookies, setting_cookies({"n" + std::to_string(i) + "=1"}), kSite);
  }
  EXPECT_EQ(cookies.size(), 64U);
  Headers few;
  keep_cookies(few, setting_cookies({"a=1", "b=1", "c=1"}),
               {.host = "www.site.com", .cookies_max = 2});
  EXPECT_EQ(cookie_line(few), "a=1; b=1");
}

TEST(CookiesTest, ALineIsReadAsItIsWritten) {
  const Headers cookies = {{"a", "1"}, {"b", "2=3"}};
  EXPECT_EQ(cookies_of_line(cookie_line(cookies)), cookies);
}

TEST(CookiesTest, ABrowsersFileGivesTheDomainsLivingCookies) {
  const auto file = read_cookie_file(
      "# Netscape HTTP Cookie File\r\n\n"
      ".site.com\tTRUE\t/\tTRUE\t0\tsession\tabc\r\n"
      "#HttpOnly_www.site.com\tFALSE\t/\tTRUE\t1720000001.5\thidden\txyz\n"
      "site.com\tFALSE\t/\tFALSE\t1719999999\told\t1\n"
      "shop.site.com\tFALSE\t/\tTRUE\t0\tshop\t1\n"
      ".notsite.com\tTRUE\t/\tTRUE\t0\tother\t1\n"
      "a line of something else\n",
      kSite, kCookieNow);
  ASSERT_TRUE(file.has_value()) << file.error().message;
  EXPECT_EQ(cookie_line(file->cookies), "session=abc; hidden=xyz");
  EXPECT_EQ(file->expired, 1);
}

TEST(CookiesTest, J1AFileThatIsNoneIsRefusedWithoutShowingIt) {
  for (const auto& [text, why] : std::vector<std::pair<std::string, std::string>>{
           {"s3cr3t=1; b=2", "is no cookies.txt"},
           {".other.org\tTRUE\t/\tTRUE\t0\tsession\ts3cr3t\n", "holds no cookie for www.site.com"},
           {".site.com\tTRUE\t/\tTRUE\t5\tsession\ts3cr3t\n", "that have ended"}}) {
    const auto file = read_cookie_file(text, kSite, kCookieNow);
    ASSERT_FALSE(file.has_value());
    EXPECT_EQ(file.error().code, ErrorCode::authentication);
    EXPECT_TRUE(file.error().message.contains(why)) << file.error().message;
    EXPECT_FALSE(file.error().message.contains("s3cr3t"));
  }
}

}  // namespace
}  // namespace vortex
