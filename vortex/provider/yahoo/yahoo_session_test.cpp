#include "vortex/provider/yahoo/yahoo_session.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace vortex {
namespace {

constexpr TimePoint kSessionNow{std::chrono::seconds{1'739'709'611}};
constexpr std::string_view kConsentPage =
    "<html><form method=\"post\"><input type=\"hidden\" name=\"csrfToken\" value=\"GoNrer0\">"
    "<input type=\"hidden\" name=\"sessionId\" value=\"3_cc-session_1\">"
    "<input type=\"hidden\" name=\"originalDoneUrl\" value=\"https://f.example/q?a&#x3D;1\">"
    "</form></html>";

HttpReply session_reply(int status, Headers headers = {}, std::string_view body = {}) {
  return {.status = status,
          .headers = std::move(headers),
          .body = Body::copy_of(body),
          .received_at = kSessionNow};
}

const HttpReply kCookieReply = session_reply(
    404, {{"Set-Cookie", "A3=d=AQ&S=x; Max-Age=31536000; Domain=.yahoo.com; Secure"}});
const HttpReply kNoCookieReply = session_reply(404);
const HttpReply kCrumbReply = session_reply(200, {}, "haT3oy.hH/Z\n");
const HttpReply kToCollect = session_reply(
    302, {{"Location", "https://consent.yahoo.com/v2/collectConsent?sessionId=3_cc-session_1"}});
const HttpReply kPageReply = session_reply(200, {{"Content-Type", "text/html"}}, kConsentPage);
const HttpReply kToCopy = session_reply(
    302, {{"Location", "https://guce.yahoo.com/copyConsent?sessionId=3_cc-session_1&lang=en-GB"},
          {"Set-Cookie", "CFC=AQ; Domain=consent.yahoo.com; Path=/"}});
const HttpReply kCopied = session_reply(302, {{"Location", "https://finance.yahoo.com/quote/AAPL"},
                                              {"Set-Cookie", "A1=d=AQ; Domain=.yahoo.com"},
                                              {"Set-Cookie", "A3=d=AQ; Domain=.yahoo.com"}});

// A login against a script of answers: what was asked, and how it ended.
struct Login {
  std::vector<std::string> asked;
  std::vector<HttpCall> calls;
  Result<Session> result = std::unexpected(Error{.message = "the script ended"});
};

Login log_in(const std::vector<HttpReply>& script) {
  const YahooSession steps;
  SessionSteps::State state;
  Login login;
  HttpCall call = steps.begin(state, {});
  for (const HttpReply& reply : script) {
    login.asked.push_back((call.method == HttpMethod::get ? "GET " : "POST ") + call.host +
                          call.target());
    login.calls.push_back(call);
    auto next = steps.on_reply(state, reply);
    if (!next) {
      login.result = std::unexpected(std::move(next).error());
      return login;
    }
    if (auto* session = std::get_if<Session>(&*next)) {
      login.result = std::move(*session);
      return login;
    }
    call = std::get<HttpCall>(std::move(*next));
  }
  return login;
}

TEST(YahooSessionTest, CookieThenCrumb) {
  const Login login = log_in({kCookieReply, kCrumbReply});
  ASSERT_TRUE(login.result.has_value()) << login.result.error().to_line();
  EXPECT_EQ(login.asked,
            (std::vector<std::string>{"GET fc.yahoo.com/",
                                      "GET query1.finance.yahoo.com/v1/test/getcrumb"}));
  EXPECT_EQ(find_header(login.calls[1].headers, "Cookie"), "A3=d=AQ&S=x");
  EXPECT_EQ(find_header(login.result->headers, "cookie"), "A3=d=AQ&S=x");
  EXPECT_EQ(login.result->params, (QueryParams{{"crumb", "haT3oy.hH/Z"}}));
  EXPECT_EQ(login.result->expires, kSessionNow + std::chrono::hours(24));
}

TEST(YahooSessionTest, ConsentChainInFull) {
  const Login login =
      log_in({kNoCookieReply, kToCollect, kPageReply, kToCopy, kCopied, kCrumbReply});
  ASSERT_TRUE(login.result.has_value()) << login.result.error().to_line();
  EXPECT_EQ(login.asked, (std::vector<std::string>{
                             "GET fc.yahoo.com/", "GET guce.yahoo.com/consent",
                             "GET consent.yahoo.com/v2/collectConsent?sessionId=3_cc-session_1",
                             "POST consent.yahoo.com/v2/collectConsent?sessionId=3_cc-session_1",
                             "GET guce.yahoo.com/copyConsent?sessionId=3_cc-session_1&lang=en-GB",
                             "GET query2.finance.yahoo.com/v1/test/getcrumb"}));
  EXPECT_EQ(login.calls[3].body,
            "csrfToken=GoNrer0&sessionId=3_cc-session_1&originalDoneUrl=https%3A%2F%2Ff.example"
            "%2Fq%3Fa%3D1&namespace=yahoo&agree=agree&agree=agree");
  EXPECT_EQ(find_header(login.calls[3].headers, "Content-Type"),
            "application/x-www-form-urlencoded");
  // The consent host's own cookie stays there.
  EXPECT_EQ(find_header(login.result->headers, "Cookie"), "A1=d=AQ; A3=d=AQ");
}

TEST(YahooSessionTest, TransportThatFollowsRedirectsIsUnderstood) {
  const HttpReply followed =
      session_reply(200, {{"Set-Cookie", "A3=d=AQ; Domain=.yahoo.com"}}, "<html></html>");
  const Login login = log_in({kNoCookieReply, kPageReply, followed, kCrumbReply});
  EXPECT_TRUE(login.result.has_value());
}

TEST(YahooSessionTest, RefusedCrumbTriesConsentOnce) {
  const HttpReply unauthorized = session_reply(401, {}, "Unauthorized");
  const Login good =
      log_in({kCookieReply, unauthorized, kToCollect, kPageReply, kToCopy, kCopied, kCrumbReply});
  EXPECT_TRUE(good.result.has_value());
  const Login bad =
      log_in({kCookieReply, unauthorized, kToCollect, kPageReply, kToCopy, kCopied, unauthorized});
  ASSERT_FALSE(bad.result.has_value());
  EXPECT_EQ(bad.result.error().code, ErrorCode::consent_wall);
}

TEST(YahooSessionTest, WhatIsNoCrumbIsRefused) {
  const std::string long_crumb(65, 'a');
  const std::vector<std::pair<std::string, ErrorCode>> wanted = {
      {"", ErrorCode::session_refused},
      {"<html><body>x</body></html>", ErrorCode::html_instead},
      {"Edge: Too Many Requests", ErrorCode::rate_limited},
      {"Too Many Requests\r\n", ErrorCode::rate_limited},
      {long_crumb, ErrorCode::session_refused},
      {"two words", ErrorCode::session_refused},
      {"{\"finance\":{}}", ErrorCode::session_refused}};
  for (const auto& [text, code] : wanted) {
    const Login login = log_in({kCookieReply, session_reply(200, {}, text)});
    ASSERT_FALSE(login.result.has_value()) << text;
    EXPECT_EQ(login.result.error().code, code) << text;
  }
  const Login allowed = log_in({kCookieReply, session_reply(200, {}, std::string(64, 'a'))});
  EXPECT_TRUE(allowed.result.has_value());
}

// The same script, failing at step 1, 2, … n: always an error, never a call without end.
TEST(YahooSessionTest, EveryStepMayFail) {
  const std::vector<HttpReply> script = {kNoCookieReply, kToCollect, kPageReply,
                                         kToCopy,        kCopied,    kCrumbReply};
  const std::vector<std::pair<HttpReply, ErrorCode>> faults = {
      {session_reply(429, {{"Retry-After", "7"}}), ErrorCode::rate_limited},
      {session_reply(403), ErrorCode::banned}};
  for (std::size_t step = 0; step < script.size(); ++step) {
    for (const auto& [fault, code] : faults) {
      std::vector<HttpReply> broken = script;
      broken[step] = fault;
      if (code == ErrorCode::banned && step != 5) continue;  // fc may answer anything
      const Login login = log_in(broken);
      ASSERT_FALSE(login.result.has_value()) << step;
      EXPECT_EQ(login.result.error().code, code) << step;
    }
    std::vector<HttpReply> empty = script;
    empty[step] = session_reply(200);
    const Login login = log_in(empty);
    // An answer without a cookie is what the first step is prepared for.
    EXPECT_EQ(login.result.has_value(), step == 0) << step;
  }
}

TEST(YahooSessionTest, RedirectsWithoutEndAreCut) {
  const Login login = log_in(std::vector<HttpReply>(20, kToCollect));
  ASSERT_FALSE(login.result.has_value());
  EXPECT_EQ(login.result.error().code, ErrorCode::session_refused);
  EXPECT_LE(login.asked.size(), 8U);
}

TEST(YahooSessionTest, CookiesGoToYahooOnly) {
  const HttpReply elsewhere =
      session_reply(302, {{"Location", "https://evil.example/v2/collectConsent?sessionId=1"},
                          {"Set-Cookie", "GUCS=AQ; Domain=.yahoo.com"}});
  const Login login = log_in({kNoCookieReply, elsewhere, kPageReply});
  for (const HttpCall& call : login.calls) EXPECT_TRUE(call.host.ends_with("yahoo.com"));
}

TEST(YahooSessionTest, PageOfHalfOpenTagsIsRefused) {
  std::string page;
  for (int i = 0; i < 200'000; ++i) page += "<input";
  const Login login = log_in({kNoCookieReply, session_reply(200, {}, page)});
  ASSERT_FALSE(login.result.has_value());
  EXPECT_EQ(login.result.error().code, ErrorCode::consent_wall);
}

TEST(YahooSessionTest, HostileCookiesAreDropped) {
  const HttpReply hostile = session_reply(200, {{"Set-Cookie", "A3=a\r\nHost: evil"},
                                                {"Set-Cookie", "A1=with space"},
                                                {"Set-Cookie", "A1S=" + std::string(5000, 'x')},
                                                {"Set-Cookie", "=x"}});
  const Login login = log_in({hostile, kToCollect});
  EXPECT_EQ(login.asked[1], "GET guce.yahoo.com/consent");
  EXPECT_EQ(find_header(login.calls[1].headers, "Cookie"), "");
}

TEST(YahooSessionTest, ApplyReplacesAnOlderSession) {
  const YahooSession steps;
  HttpCall call{.path = "/v8/finance/chart/AAPL", .query = {{"interval", "1d"}}};
  steps.apply({.headers = {{"Cookie", "A3=old"}}, .params = {{"crumb", "old"}}}, call);
  steps.apply({.headers = {{"Cookie", "A3=new"}}, .params = {{"crumb", "n.e/w"}}}, call);
  EXPECT_EQ(call.headers, (Headers{{"Cookie", "A3=new"}}));
  EXPECT_EQ(call.target(), "/v8/finance/chart/AAPL?interval=1d&crumb=n.e%2Fw");
}

}  // namespace
}  // namespace vortex
