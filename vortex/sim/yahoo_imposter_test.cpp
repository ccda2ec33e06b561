#include "vortex/sim/yahoo_imposter.hpp"

#include <string>

#include <gtest/gtest.h>

#include "vortex/base/json.hpp"

namespace vortex {
namespace {

class YahooImposterTest : public testing::Test {
 protected:
  YahooImposterTest() : clock_(*parse_time("2025-06-04T15:00Z")) {}

  void start(YahooImposterOptions options = {}, std::string_view faults = "[]",
             std::optional<RequestWindow> limit = std::nullopt) {
    auto script = FaultScript::parse(faults, 1);
    ASSERT_TRUE(script) << script.error().message;
    yahoo_.emplace(
        SimWorld("yahoo", clock_, Market(1), std::move(*script), {.limit = std::move(limit)}),
        options);
  }

  ServerReply get(std::string path, QueryParams query = {}, std::string cookies = {}) {
    ServerRequest request{.method = "GET", .path = std::move(path), .query = std::move(query)};
    request.headers.push_back({"Host", "127.0.0.1:1"});
    if (!cookies.empty()) request.headers.push_back({"Cookie", std::move(cookies)});
    return yahoo_->answer(request);
  }

  ServerReply post(std::string path, std::string body, QueryParams query = {}) {
    return yahoo_->answer({.method = "POST",
                           .path = std::move(path),
                           .query = std::move(query),
                           .body = std::move(body)});
  }

  ServerReply chart(const std::string& symbol, QueryParams extra = {}, std::string cookies = {}) {
    extra.emplace_back("range", "5d");
    extra.emplace_back("interval", "1d");
    return get("/v8/finance/chart/" + symbol, std::move(extra), std::move(cookies));
  }

  static std::string a3_of(const ServerReply& reply) {
    for (const Header& header : reply.headers) {
      if (header.name == "Set-Cookie" && header.value.starts_with("A3=")) {
        return header.value.substr(0, header.value.find(';'));
      }
    }
    return {};
  }

  std::int64_t counted(std::initializer_list<std::string_view> path) {
    const auto json = Json::parse(get("/__sim/counts").body);
    const Json* at = json->find("providers")->find("yahoo");
    for (const std::string_view name : path) at = at == nullptr ? nullptr : at->find(name);
    return at == nullptr ? 0 : at->as_int()[0];
  }

  ManualClock clock_;
  std::optional<YahooImposter> yahoo_;
};

TEST_F(YahooImposterTest, ChartSymbolsArePercentDecoded) {
  start();
  EXPECT_EQ(chart("%5EGSPC").status, 200);
  EXPECT_EQ(chart("EURUSD%3DX").status, 200);
  EXPECT_EQ(chart("..%2f..%2fetc").status, 404);
  EXPECT_EQ(chart("%zz").status, 404);
  EXPECT_EQ(chart("").status, 404);
}

TEST_F(YahooImposterTest, TheCookieGivesACrumbAndThePairOpensTheChart) {
  start({.require_crumb = true});
  EXPECT_TRUE(chart("AAPL").body.contains("Invalid Cookie"));
  EXPECT_EQ(get("/v1/test/getcrumb").status, 401);
  const ServerReply landing = get("/");
  EXPECT_EQ(landing.status, 404);
  const std::string a3 = a3_of(landing);
  ASSERT_FALSE(a3.empty());
  const ServerReply crumb = get("/v1/test/getcrumb", {}, a3);
  EXPECT_EQ(crumb.status, 200);
  EXPECT_EQ(crumb.body.size(), 11U);
  EXPECT_EQ(chart("AAPL", {{"crumb", crumb.body}}, "B=1; " + a3).status, 200);
  EXPECT_TRUE(chart("AAPL", {{"crumb", "wrong"}}, a3).body.contains("Invalid Crumb"));
  EXPECT_EQ(chart("AAPL", {{"crumb", crumb.body}}, "A3=d=forged").status, 401);
}

TEST_F(YahooImposterTest, ABadSessionFaultEndsEverySession) {
  start({.require_crumb = true}, R"([{"path":"/v8/","calls":[2],"fault":"bad_session"}])");
  const std::string a3 = a3_of(get("/"));
  const std::string crumb = get("/v1/test/getcrumb", {}, a3).body;
  EXPECT_EQ(chart("AAPL", {{"crumb", crumb}}, a3).status, 200);
  const ServerReply refused = chart("AAPL", {{"crumb", crumb}}, a3);
  EXPECT_EQ(refused.status, 401);
  EXPECT_TRUE(
      refused.body.starts_with(R"({"finance":{"result":null,"error":{"code":"Unauthorized",)"));
  EXPECT_EQ(chart("AAPL", {{"crumb", crumb}}, a3).status, 401);
  const std::string again = a3_of(get("/", {}, a3));
  EXPECT_NE(again, a3);
  EXPECT_EQ(chart("AAPL", {{"crumb", get("/v1/test/getcrumb", {}, again).body}}, again).status,
            200);
}

TEST_F(YahooImposterTest, BehindTheConsentWallOnlyTheFormGivesTheCookie) {
  start({.consent_wall = true});
  EXPECT_TRUE(a3_of(get("/")).empty());
  const ServerReply begin = get("/consent");
  EXPECT_EQ(begin.status, 302);
  const std::string location(find_header(begin.headers, "Location"));
  ASSERT_TRUE(location.starts_with("/v2/collectConsent?sessionId="));
  const std::string session = location.substr(location.find('=') + 1);
  const std::string page = get("/v2/collectConsent", {{"sessionId", session}}).body;
  const std::string marker = R"(name="csrfToken" value=")";
  const std::size_t at = page.find(marker);
  ASSERT_NE(at, std::string::npos);
  const std::string token = page.substr(at + marker.size(), 7);
  EXPECT_EQ(post("/v2/collectConsent", "csrfToken=wrong&agree=agree&sessionId=" + session,
                 {{"sessionId", session}})
                .status,
            400);
  EXPECT_EQ(post("/v2/collectConsent", "csrfToken=" + token + "&reject=reject&sessionId=" + session,
                 {{"sessionId", session}})
                .status,
            400);
  EXPECT_EQ(get("/copyConsent", {{"sessionId", session}}).status, 400);
  const std::string form =
      "csrfToken=" + token + "&sessionId=" + session +
      "&originalDoneUrl=https%3A%2F%2Ffinance.yahoo.com%2F&namespace=yahoo&agree=agree&agree=agree";
  const ServerReply agreed = post("/v2/collectConsent", form, {{"sessionId", session}});
  EXPECT_EQ(agreed.status, 302);
  const std::string a3 = a3_of(get("/copyConsent", {{"sessionId", session}}));
  ASSERT_FALSE(a3.empty());
  EXPECT_EQ(get("/v1/test/getcrumb", {}, a3).status, 200);
}

TEST_F(YahooImposterTest, AboveTheLimitEverythingIsRefusedAndCounted) {
  start({}, "[]", RequestWindow(2, std::chrono::seconds(5)));
  EXPECT_EQ(chart("AAPL").status, 200);
  EXPECT_EQ(chart("AAPL").status, 200);
  const ServerReply refused = chart("AAPL");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(find_header(refused.headers, "Content-Type"), "text/plain;charset=utf-8");
  EXPECT_EQ(counted({"violations"}), 1);
  clock_.advance(std::chrono::seconds(5));
  EXPECT_EQ(chart("AAPL").status, 200);
}

TEST_F(YahooImposterTest, CountsSayWhatWasAsked) {
  start({}, R"([{"symbol":"MSFT","fault":"status","status":503}])");
  chart("AAPL");
  chart("AAPL");
  chart("MSFT");
  chart("NOPE");
  get("/");
  EXPECT_EQ(counted({"requests"}), 5);
  EXPECT_EQ(counted({"kinds", "chart"}), 4);
  EXPECT_EQ(counted({"symbols", "AAPL"}), 2);
  EXPECT_EQ(counted({"statuses", "200"}), 2);
  EXPECT_EQ(counted({"statuses", "404"}), 2);
  EXPECT_EQ(counted({"faults", "status"}), 1);
  EXPECT_EQ(post("/__sim/reset", "").status, 200);
  EXPECT_EQ(counted({"requests"}), 0);
}

TEST_F(YahooImposterTest, TheWorldCanBeChangedAtRunTime) {
  start();
  const std::string before = chart("AAPL").body;
  EXPECT_EQ(
      post("/__sim/restate", R"({"symbol":"AAPL","date":"2025-06-02","close":123.25})").status,
      200);
  const std::string after = chart("AAPL").body;
  EXPECT_NE(before, after);
  EXPECT_TRUE(after.contains("123.25"));
  EXPECT_EQ(post("/__sim/faults", R"([{"fault":"empty"}])").status, 200);
  EXPECT_EQ(chart("AAPL").body, "");
  EXPECT_EQ(post("/__sim/faults", "[]").status, 200);
  EXPECT_EQ(post("/__sim/now", R"({"now":"2025-06-05T15:00:00Z"})").status, 200);
  EXPECT_NE(chart("AAPL").body, after);
}

TEST_F(YahooImposterTest, AFaultyChartCanBeForAnotherSymbol) {
  start({}, R"([{"fault":"wrong_symbol"}])");
  EXPECT_TRUE(chart("AAPL").body.contains(R"("symbol":"WRNG")"));
}

TEST(YahooSessionsTest, CookiesAndDatesAreRead) {
  EXPECT_EQ(cookie_value("A1=x; A3=d=1&S=2; B=3", "A3"), "d=1&S=2");
  EXPECT_EQ(cookie_value("XA3=1", "A3"), "");
  EXPECT_EQ(http_date(*parse_time("1994-11-06T08:49:37Z")), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(YahooSessionsTest, OldSessionsGiveWayToNewOnes) {
  YahooSessions sessions(1);
  const std::string first = sessions.open();
  EXPECT_TRUE(sessions.crumb("A3=" + first));
  for (int i = 0; i < 10'000; ++i) sessions.open();
  EXPECT_FALSE(sessions.crumb("A3=" + first));
}

}  // namespace
}  // namespace vortex
