// The website's way in as its steps: what is asked for which answer, and what is refused how.
#include "vortex/provider/barchart/barchart_site.hpp"

#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

namespace vortex {
namespace {

const TimePoint kSiteNow = parse_time("2024-07-15T20:00:00Z").value();
constexpr std::string_view kLoginForm =
    R"(<form action="/login"><input type="hidden" name="_token" value="tok1+/="><input )"
    R"(name="email"><input type="password" name="password"></form>)";
constexpr std::string_view kContractPage =
    R"(<html><head><meta name="csrf-token" content="csrf9"></head></html>)";

HttpReply site_reply(int status, Headers headers = {}, std::string_view body = {}) {
  return {.status = status,
          .headers = std::move(headers),
          .body = Body::copy_of(body),
          .received_at = kSiteNow};
}

const Headers kLoginCookies = {{"Set-Cookie", "laravel_session=anon; path=/; httponly"},
                               {"Set-Cookie", "XSRF-TOKEN=x0%3D; path=/"}};
const HttpReply kLoggedIn = site_reply(
    302, {{"Location", "https://www.barchart.com/"}, {"Set-Cookie", "laravel_session=member"}});
const HttpReply kToLogin = site_reply(302, {{"Location", "https://www.barchart.com/login"}});
const HttpReply kPage =
    site_reply(200, {{"Set-Cookie", "XSRF-TOKEN=x1%3D; Domain=.barchart.com"}}, kContractPage);
const HttpReply kMayDownload =
    site_reply(200, {{"Set-Cookie", "XSRF-TOKEN=x2%3D"}}, R"({"success":true,"count":7})");

class BarchartSiteTest : public testing::Test {
 protected:
  // A login against a script of answers.
  Result<Session> log_in(const std::vector<HttpReply>& script) {
    SessionSteps::State state;
    calls_.clear();
    HttpCall call = site_.session->begin(state, SecretString("me@example.org:pass:word"));
    for (const HttpReply& reply : script) {
      calls_.push_back(std::move(call));
      VORTEX_TRY(auto next, site_.session->on_reply(state, reply));
      if (auto* session = std::get_if<Session>(&next)) return std::move(*session);
      call = std::get<HttpCall>(std::move(next));
    }
    return fail(ErrorCode::internal, "the script ended");
  }

  // The steps before a download; what the last of them said.
  Result<CallSteps::Step> walk(const std::vector<HttpReply>& script,
                               Interval interval = Interval::d1) {
    HttpCall wanted = plan(interval).front();
    wanted.headers.push_back({"Cookie", "laravel_session=member; XSRF-TOKEN=stale"});
    CallSteps::State state;
    calls_ = {site_.before->begin(state, std::move(wanted))};
    CallSteps::Step step;
    for (const HttpReply& reply : script) {
      VORTEX_TRY(step, site_.before->on_reply(state, reply));
      calls_.push_back(step.call);
    }
    return step;
  }

  std::vector<HttpCall> plan(Interval interval, std::string_view symbol = "GCZ24") {
    return site_.adapter->plan(request(interval, symbol), kSiteNow).value();
  }
  static BarsRequest request(Interval interval, std::string_view symbol = "GCZ24") {
    return {.symbol = Symbol::parse(symbol).value(),
            .provider_symbol = std::string(symbol),
            .interval = interval,
            .range = {parse_time("2024-05-01T00:00:00Z").value(),
                      parse_time("2024-06-01T00:00:00Z").value()}};
  }

  Result<Page> decode(std::string_view body, Interval interval = Interval::d1) {
    return site_.adapter->decode(request(interval), site_reply(200, {}, body));
  }

  Provider site_ = barchart_website();
  std::vector<HttpCall> calls_;
};

TEST_F(BarchartSiteTest, TheLoginSendsThePagesTokenBack) {
  const auto session = log_in({site_reply(200, kLoginCookies, kLoginForm), kLoggedIn});
  ASSERT_TRUE(session.has_value()) << session.error().to_line();
  EXPECT_EQ(find_header(session->headers, "Cookie"), "laravel_session=member; XSRF-TOKEN=x0%3D");
  EXPECT_EQ(calls_[0].path, "/login");
  EXPECT_EQ(calls_[1].body,
            "email=me%40example.org&password=pass%3Aword&_token=tok1%2B%2F%3D&remember=1");
  EXPECT_EQ(find_header(calls_[1].headers, "Cookie"), "laravel_session=anon; XSRF-TOKEN=x0%3D");
}

TEST_F(BarchartSiteTest, B9AWrongPasswordIsThatAndShowsNothing) {
  const HttpReply page = site_reply(200, kLoginCookies, kLoginForm);
  for (const HttpReply& refusal : {kToLogin, page, site_reply(422), site_reply(401)}) {
    const auto session = log_in({page, refusal});
    ASSERT_FALSE(session.has_value());
    EXPECT_EQ(session.error().code, ErrorCode::authentication) << refusal.status;
    EXPECT_EQ(session.error().evidence, "");
  }
}

TEST_F(BarchartSiteTest, C1TheWallIsNamedWithTheWaysRoundIt) {
  const std::vector<HttpReply> walls = {
      site_reply(200, {}, R"(<form action="/login"><input name="email"></form>)"),
      site_reply(200, {}, "<html><title>Just a moment...</title></html>"),
      site_reply(403, {}, "<html>Forbidden</html>"),
      site_reply(503, {{"cf-mitigated", "challenge"}}, "<html></html>")};
  for (const HttpReply& wall : walls) {
    const auto session = log_in({wall});
    ASSERT_FALSE(session.has_value());
    EXPECT_EQ(session.error().code, ErrorCode::banned) << wall.status;
    EXPECT_EQ(exit_code(session.error().error_class()), 4);
    EXPECT_TRUE(session.error().next_step().contains("OnDemand"));
    EXPECT_TRUE(session.error().next_step().contains("vortex import"));
  }
  EXPECT_TRUE(log_in({walls[0]}).error().message.contains("the login page carries no token"));
}

TEST_F(BarchartSiteTest, OtherTroubleOfALoginIsNoWall) {
  EXPECT_EQ(log_in({site_reply(429)}).error().code, ErrorCode::rate_limited);
  EXPECT_EQ(log_in({site_reply(502)}).error().code, ErrorCode::server);
  EXPECT_EQ(log_in({site_reply(200, kLoginCookies, kLoginForm), site_reply(419)}).error().code,
            ErrorCode::session_refused);
}

TEST_F(BarchartSiteTest, B9ABrowsersCookiesComeBeforeTheLogin) {
  const LoginSecrets both{
      .user_password = SecretString("me:pass"),
      .cookies = SecretString(".barchart.com\tTRUE\t/\tTRUE\t0\tlaravel_session\tbrowser\n")};
  const auto given = site_.session->given(both, kSiteNow, false);
  ASSERT_TRUE(given.has_value() && given->has_value());
  EXPECT_EQ(find_header((*given)->headers, "Cookie"), "laravel_session=browser");
  EXPECT_EQ(site_.session->given(both, kSiteNow, true).value(), std::nullopt) << "then the login";
  const LoginSecrets ended{
      .user_password = both.user_password,
      .cookies = SecretString(".barchart.com\tTRUE\t/\tTRUE\t5\tlaravel_session\tbrowser\n")};
  EXPECT_EQ(site_.session->given(ended, kSiteNow, false).value(), std::nullopt) << "the login too";
  const LoginSecrets cookies{.user_password = {}, .cookies = both.cookies};
  EXPECT_EQ(site_.session->given(cookies, kSiteNow, true).error().code, ErrorCode::session_refused);
  EXPECT_EQ(site_.session->given({}, kSiteNow, false).error().code, ErrorCode::authentication);
}

TEST_F(BarchartSiteTest, ADownloadIsAskedForBehindItsPageAndTheAllowance) {
  const auto data = walk({kPage, kMayDownload});
  ASSERT_TRUE(data.has_value()) << data.error().to_line();
  ASSERT_EQ(calls_.size(), 3U);
  EXPECT_EQ(calls_[0].target(), "/futures/quotes/GCZ24/historical-download");
  EXPECT_EQ(find_header(calls_[0].headers, "Cookie"), "laravel_session=member; XSRF-TOKEN=stale");
  EXPECT_EQ(calls_[1].path, "/my/download");
  EXPECT_EQ(calls_[1].body, "onlyCheckPermissions=true");
  EXPECT_EQ(find_header(calls_[1].headers, "X-XSRF-TOKEN"), "x1=");
  EXPECT_TRUE(data->is_data);
  EXPECT_EQ(data->used_today, 7);
  EXPECT_EQ(find_header(calls_[2].headers, "X-XSRF-TOKEN"), "x2=") << "anew with every answer";
  for (const std::string_view field :
       {"_token=csrf9", "symbol=GCZ24", "startDate=2024-05-01", "endDate=2024-05-31", "type=eod",
        "period=daily", "orderDir=asc", "limit=20000", "lastPrice"}) {
    EXPECT_TRUE(calls_[2].body.contains(field)) << field << " in " << calls_[2].body;
  }
  EXPECT_TRUE(walk({kPage, kMayDownload}, Interval::h1).has_value());
  EXPECT_TRUE(calls_[2].body.contains("type=minutes&interval=60")) << calls_[2].body;
  EXPECT_TRUE(calls_[2].body.contains("startDate=2024-04-30")) << calls_[2].body;
}

TEST_F(BarchartSiteTest, B4AUsedUpAllowanceSaysWhenItReturnsAndAsksForNoFile) {
  const HttpReply used_up = site_reply(200, {{"Set-Cookie", "XSRF-TOKEN=x2%3D"}},
                                       R"({"error":"You have EXCEEDED your daily limit"})");
  const auto refused = walk({kPage, used_up});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::quota_exhausted);
  EXPECT_EQ(refused.error().retry_at, parse_time("2024-07-16T05:00:00Z"));  // midnight in Chicago
  EXPECT_EQ(calls_.size(), 2U);
}

TEST_F(BarchartSiteTest, B4AnAllowanceThatEndsBetweenQuestionAndFileIsThatToo) {
  const auto refused = decode(R"({"error":"You have EXCEEDED your daily download limit."})");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::quota_exhausted);
  EXPECT_TRUE(refused.error().retry_at.has_value());
}

TEST_F(BarchartSiteTest, B9ASessionThatEndedIsToldFromTheRest) {
  const HttpReply anonymous = site_reply(200, {}, "<html><body>GCZ24</body></html>");
  EXPECT_EQ(walk({kToLogin}).error().code, ErrorCode::session_refused);
  EXPECT_EQ(walk({anonymous}).error().code, ErrorCode::session_refused);
  for (const HttpReply& ended :
       {kToLogin, site_reply(401), site_reply(419), site_reply(200, {}, kLoginForm)}) {
    EXPECT_EQ(walk({kPage, ended}).error().code, ErrorCode::session_refused) << ended.status;
  }
  EXPECT_EQ(walk({site_reply(404)}).error().code, ErrorCode::not_found);
  EXPECT_EQ(walk({site_reply(429)}).error().code, ErrorCode::rate_limited);
  EXPECT_EQ(walk({site_reply(403)}).error().code, ErrorCode::banned);
}

TEST_F(BarchartSiteTest, C5WordsThatNobodyKnowsAreDrift) {
  const auto check = [&](std::string_view body) {
    return walk({kPage, site_reply(200, {{"Set-Cookie", "XSRF-TOKEN=x2%3D"}}, body)}).error().code;
  };
  EXPECT_EQ(check(R"({"error":"the moon is full"})"), ErrorCode::schema);
  EXPECT_EQ(check(R"({"success":true})"), ErrorCode::schema);
  EXPECT_EQ(check(R"({"success":false,"count":1})"), ErrorCode::schema);
  EXPECT_EQ(check(R"({"error":"Please upgrade to Premier"})"), ErrorCode::authorization);
  EXPECT_EQ(check("not JSON"), ErrorCode::bad_payload);
  EXPECT_EQ(check("<html><body>Maintenance</body></html>"), ErrorCode::html_instead);
}

TEST_F(BarchartSiteTest, EachClassHasItsPageAndNoFileCanBeFull) {
  EXPECT_EQ(plan(Interval::d1, "AAPL")[0].path, "/stocks/quotes/AAPL/historical-download");
  EXPECT_EQ(plan(Interval::d1, "^EURUSD")[0].path, "/forex/quotes/%5EEURUSD/historical-download");
  EXPECT_EQ(plan(Interval::d1, "$SPX")[0].path, "/stocks/quotes/%24SPX/historical-download");
  const auto minutes = plan(Interval::m1);
  ASSERT_EQ(minutes.size(), 4U);
  TimePoint at = request(Interval::m1).range.start;
  for (const HttpCall& call : minutes) {
    const TimeRange part = site_.adapter->range_of(request(Interval::m1), call);
    EXPECT_EQ(part.start, at);
    EXPECT_LE(part.end - part.start, std::chrono::days(13));
    at = part.end;
  }
  EXPECT_EQ(at, request(Interval::m1).range.end);
}

TEST_F(BarchartSiteTest, AFileIsReadAndItsZoneIsTheInstruments) {
  const auto page = decode(
      "Time,Open,High,Low,Last,Volume\n2024-05-02 08:00,1,2,0.5,1.5,30\n"
      "\"Downloaded from Barchart.com as of 07-15-2024 03:00pm CDT\"\n",
      Interval::h1);
  ASSERT_TRUE(page.has_value()) << page.error().to_line();
  ASSERT_EQ(page->bars->num_rows(), 1);
  EXPECT_EQ(page->instrument->zone, "America/Chicago");
}

TEST_F(BarchartSiteTest, C2C12AFileWithoutItsLastLineWasCut) {
  const auto cut = decode("Time,Open,High,Low,Last,Volume\n2024-05-02,1,2,0.5,1.5,30\n");
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(cut.error().code, ErrorCode::truncated);
}

TEST_F(BarchartSiteTest, C2C12NoPrefixOfAFileIsAFile) {
  const std::string file =
      "Time,Open,High,Low,Last,Volume\n2024-05-02,1,2,0.5,1.5,30\n2024-05-03,1,2,0.5,1.5,30\n"
      "\"Downloaded from Barchart.com as of 07-15-2024 03:00pm CDT\"\n";
  ASSERT_EQ(decode(file)->bars->num_rows(), 2);
  const std::size_t last_line = file.rfind("CDT") + 3;  // its quote and line end say nothing
  for (std::size_t size = 0; size < last_line; ++size) {
    EXPECT_FALSE(decode(std::string_view(file).substr(0, size)).has_value()) << size;
  }
}

TEST_F(BarchartSiteTest, C10AnOnDemandAnswerAboutAnotherSymbolIsRefusedHereToo) {
  const auto other = decode(
      "symbol,timestamp,tradingDay,open,high,low,close,volume,openInterest\n"
      "GCQ24,2024-05-02T00:00:00-05:00,2024-05-02,1,2,0.5,1.5,30,\n");
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ErrorCode::mismatch);
}

TEST_F(BarchartSiteTest, C1WhatIsNoFileIsNone) {
  EXPECT_EQ(decode("").error().code, ErrorCode::bad_payload);
  EXPECT_EQ(decode("Error retrieving data").error().code, ErrorCode::server);
  EXPECT_EQ(decode("<html>Will be right back</html>").error().code, ErrorCode::html_instead);
  EXPECT_EQ(decode(kLoginForm).error().code, ErrorCode::session_refused);
  const auto page = decode(kContractPage);
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().code, ErrorCode::session_refused);
  EXPECT_EQ(page.error().evidence, "") << "a page holds tokens";
}

}  // namespace
}  // namespace vortex
