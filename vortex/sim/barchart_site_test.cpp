// The website by request and reply alone; that one who knows its description gets through it is
// proved by tests/peers/test_barchart_client.py.
#include "vortex/sim/barchart_site.hpp"

#include <gtest/gtest.h>

#include "vortex/sim/barchart_imposter.hpp"

namespace vortex {
namespace {

class BarchartSiteServerTest : public testing::Test {
 protected:
  ServerReply send(std::string method, std::string path, std::string body = {}, Headers more = {}) {
    ServerRequest request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.body = std::move(body);
    request.headers = std::move(more);
    if (!cookie_.empty()) request.headers.push_back({"Cookie", "laravel_session=" + cookie_});
    ServerReply reply = imposter_.answer(request);
    for (const Header& header : reply.headers) {
      if (header.name != "Set-Cookie") continue;
      const std::string value = header.value.substr(0, header.value.find(';'));
      if (value.starts_with("laravel_session=")) cookie_ = value.substr(16);
      if (value.starts_with("XSRF-TOKEN=")) xsrf_ = *percent_decode(value.substr(11));
    }
    return reply;
  }
  static std::string between(std::string_view text, std::string_view begin) {
    const std::size_t at = text.find(begin);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = text.substr(at + begin.size());
    return std::string(rest.substr(0, rest.find('"')));
  }
  ServerReply log_in(std::string_view password) {
    const std::string token = between(send("GET", "/login").body, R"(name="_token" value=")");
    return send("POST", "/login",
                "email=me&password=" + std::string(password) + "&_token=" + token);
  }
  ServerReply post(const std::string& form) {
    return send("POST", "/my/download", form, {{"X-XSRF-TOKEN", xsrf_}});
  }
  ServerReply download() {
    const ServerReply page = send("GET", "/futures/quotes/GCZ24/historical-download");
    const std::string token = between(page.body, R"(name="csrf-token" content=")");
    return post("_token=" + token +
                "&symbol=GCZ24&type=eod&period=daily&limit=20000&startDate=2024-05-01"
                "&endDate=2024-05-03");
  }

  ManualClock clock_{parse_time("2024-07-15T20:00:00Z").value()};
  BarchartImposter imposter_{SimWorld("barchart", clock_, Market(1), FaultScript()),
                             {.day_calls = 1}};
  std::string cookie_;
  std::string xsrf_;
};

TEST_F(BarchartSiteServerTest, AFileHasItsHeaderItsRowsAndTheLineThatSaysWhen) {
  EXPECT_EQ(find_header(log_in("good").headers, "Location"), "/");
  const std::string file = download().body;
  EXPECT_TRUE(file.starts_with("Time,Open,High,Low,Last,Volume\n2024-05-01,")) << file;
  EXPECT_TRUE(file.ends_with("\"Downloaded from Barchart.com as of 07-15-2024 03:00pm CDT\"\n"))
      << file;
}

TEST_F(BarchartSiteServerTest, B4DownloadsAreCountedAndTheDayEndsInChicago) {
  log_in("good");
  EXPECT_TRUE(download().body.starts_with("Time,"));
  send("GET", "/futures/quotes/GCZ24/historical-download");
  EXPECT_TRUE(post("onlyCheckPermissions=true").body.contains("EXCEEDED"));
  EXPECT_TRUE(download().body.contains("EXCEEDED"));
  clock_.advance(std::chrono::hours(9));  // midnight there
  send("GET", "/futures/quotes/GCZ24/historical-download");
  EXPECT_EQ(post("onlyCheckPermissions=true").body, R"({"success":true,"count":0})");
}

TEST_F(BarchartSiteServerTest, B9WhoIsNotLoggedInIsSentToTheLogin) {
  EXPECT_EQ(find_header(log_in("BAD").headers, "Location"), "/login");
  EXPECT_EQ(find_header(download().headers, "Location"), "/login");
}

TEST_F(BarchartSiteServerTest, ATokenIsGoodForOnePost) {
  log_in("good");
  send("GET", "/futures/quotes/GCZ24/historical-download");
  const std::string used = xsrf_;
  EXPECT_EQ(post("onlyCheckPermissions=true").status, 200);
  xsrf_ = used;
  EXPECT_EQ(post("onlyCheckPermissions=true").status, 419);
}

TEST_F(BarchartSiteServerTest, ABlockedSiteShowsPlainClientsNoToken) {
  send("POST", "/__sim/site", R"({"blocked":true})");
  EXPECT_FALSE(send("GET", "/login").body.contains("_token"));
  EXPECT_FALSE(
      send("GET", "/futures/quotes/GCZ24/historical-download").body.contains("csrf-token"));
  EXPECT_EQ(cookie_, "");
}

}  // namespace
}  // namespace vortex
