#include "vortex/engine/doctor.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "vortex/engine/doctor_answer.hpp"
#include "vortex/engine/doctor_for_test.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

TEST_F(DoctorTest, AGoodRoadIsOneCheapCallAndSixGoodRows) {
  auto rows = check();
  ASSERT_EQ(rows.size(), 6U);
  for (const auto& [part, row] : rows) {
    EXPECT_EQ(row.status, CheckStatus::ok) << part << ": " << row.finding;
    EXPECT_EQ(row.provider, "yahoo");
    EXPECT_TRUE(row.cure.empty());
    EXPECT_FALSE(row.code.has_value());
  }
  EXPECT_EQ(rows["dns"].finding,
            "query2.finance.yahoo.com → 198.51.100.7, 2001:db8::7; fc.yahoo.com → 198.51.100.8");
  EXPECT_EQ(exits(), 0);
  ASSERT_EQ(transport_.calls.size(), 1U) << "no login, no second attempt";
  EXPECT_TRUE(transport_.calls[0].path.starts_with("/v8/finance/chart/AAPL"));
  EXPECT_FALSE(transport_.calls[0].follow_redirects);
  EXPECT_LE(transport_.routes[0].connect_timeout, kDoctorConnectMax);
}

TEST_F(DoctorTest, AClockAnHourOffIsAFailureAndSaysWhichWay) {
  auto ahead = check("Tue, 02 Jan 2024 11:00:00 GMT")["clock"];
  EXPECT_EQ(ahead.status, CheckStatus::failed);
  EXPECT_NE(ahead.finding.find("1h"), std::string::npos) << ahead.finding;
  EXPECT_NE(ahead.finding.find("ahead of"), std::string::npos);
  EXPECT_NE(ahead.cure.find("set-ntp"), std::string::npos);
  EXPECT_EQ(exits(), 78);
  transport_.answer->headers.clear();
  auto behind = check("Tue, 02 Jan 2024 13:00:00 GMT")["clock"];
  EXPECT_EQ(behind.status, CheckStatus::failed);
  EXPECT_NE(behind.finding.find("behind"), std::string::npos);
}

TEST_F(DoctorTest, AClockAMinuteOffIsAWarning) {
  EXPECT_EQ(check("Tue, 02 Jan 2024 12:01:00 GMT")["clock"].status, CheckStatus::warning);
  EXPECT_EQ(exits(), 0);
}

TEST_F(DoctorTest, TheRoundTripIsHalvedAndNeverTakenForSkew) {
  // The answer's Date is of the middle of a slow exchange: 40 s each way.
  transport_.round_trip = 80s;
  EXPECT_EQ(check("Tue, 02 Jan 2024 12:00:40 GMT")["clock"].status, CheckStatus::ok);
  transport_.answer->headers.clear();
  transport_.round_trip = 4s;
  const auto row = check("Tue, 02 Jan 2024 13:00:00 GMT")["clock"];
  EXPECT_EQ(row.status, CheckStatus::failed) << row.finding;
}

TEST_F(DoctorTest, AnAnswerOfACacheIsAsOldAsItSays) {
  transport_.answer->headers.push_back({"Age", "3600"});
  EXPECT_EQ(check("Tue, 02 Jan 2024 11:00:00 GMT")["clock"].status, CheckStatus::ok);
}

TEST_F(DoctorTest, WithoutAReadableDateTheClockIsNotJudged) {
  EXPECT_EQ(check("")["clock"].status, CheckStatus::skipped);
  EXPECT_EQ(check("yesterday")["clock"].status, CheckStatus::skipped);
}

TEST_F(DoctorTest, ATlsFailureNamesItsReasonAndCure) {
  struct Case {
    const char* evidence;
    const char* reason;
    const char* cure;
  };
  for (const Case& each :
       {Case{"SSL certificate problem: certificate has expired", "has expired", "date -u"},
        Case{"SSL certificate problem: certificate is not yet valid", "not valid yet",
             "clock is likely behind"},
        Case{"SSL: no alternative certificate subject name matches target host name 'x'",
             "for another host", "providers.yahoo.base_url"},
        Case{"SSL certificate problem: self-signed certificate in certificate chain",
             "does not know", "providers.yahoo.ca_file"},
        Case{"SSL certificate problem: unable to get local issuer certificate", "does not know",
             "ca-certificates"},
        Case{"SSL certificate problem: self-signed certificate", "is self-signed", "ca_file"},
        Case{"error:0A00010B:SSL routines::wrong version number", "does not speak TLS",
             "scheme and port"},
        Case{"something new", "handshake failed", "providers.yahoo.ca_file"}}) {
    fails_with(ErrorCode::tls, each.evidence);
    auto rows = check();
    EXPECT_EQ(rows["connection"].status, CheckStatus::failed);
    EXPECT_EQ(rows["connection"].code, ErrorCode::tls);
    EXPECT_NE(rows["connection"].finding.find(each.reason), std::string::npos)
        << rows["connection"].finding;
    EXPECT_NE(rows["connection"].cure.find(each.cure), std::string::npos)
        << rows["connection"].cure;
    EXPECT_EQ(rows["answer"].status, CheckStatus::skipped);
    EXPECT_EQ(exits(), 4);
  }
}

TEST_F(DoctorTest, ARefusedConnectionAndASilentOneHaveDifferentCures) {
  fails_with(ErrorCode::network, "Connection refused");
  EXPECT_NE(check()["connection"].cure.find("nothing listens"), std::string::npos);
  fails_with(ErrorCode::timeout, "Connection timed out after 3001 milliseconds");
  EXPECT_NE(check()["connection"].cure.find("drop the packets"), std::string::npos);
  EXPECT_EQ(exits(), 4);
}

TEST_F(DoctorTest, WithoutAnyNameNothingIsSent) {
  names_.clear();
  auto rows = check();
  EXPECT_EQ(rows["dns"].status, CheckStatus::failed);
  EXPECT_EQ(rows["dns"].code, ErrorCode::resolve);
  EXPECT_NE(rows["dns"].cure.find("resolv.conf"), std::string::npos);
  for (const char* part : {"connection", "answer", "throttling", "clock"})
    EXPECT_EQ(rows[part].status, CheckStatus::skipped) << part;
  EXPECT_TRUE(transport_.calls.empty());
  EXPECT_EQ(exits(), 4);
}

TEST_F(DoctorTest, TheBlockedHostIsNamed) {
  names_["fc.yahoo.com"] = std::vector<std::string>{"0.0.0.0", "::"};
  auto rows = check();
  EXPECT_EQ(rows["dns"].status, CheckStatus::warning) << "only the login needs it";
  EXPECT_NE(rows["dns"].finding.find("fc.yahoo.com: blocked"), std::string::npos);
  EXPECT_NE(rows["dns"].cure.find("allow fc.yahoo.com"), std::string::npos);
  EXPECT_EQ(rows["connection"].status, CheckStatus::ok);
  EXPECT_EQ(exits(), 0);
  names_[std::string(kHost)] = std::vector<std::string>{"127.0.0.1"};
  EXPECT_EQ(check()["dns"].status, CheckStatus::failed);
}

TEST_F(DoctorTest, AnAddressOfOurOwnIsFineWhereTheSettingsNameIt) {
  settings_.base_url = "http://provider.test:8080";
  settings_.base_url_is_default = false;
  names_ = {{"provider.test", std::vector<std::string>{"127.0.0.1"}}};
  EXPECT_EQ(check()["dns"].status, CheckStatus::ok);
  EXPECT_EQ(looked_up_, std::vector<std::string>{"provider.test"});
  EXPECT_EQ(transport_.routes[0].base_url, settings_.base_url);
}

TEST_F(DoctorTest, ThrottledUntilRetryAfter) {
  transport_.answer = HttpReply{.status = 429,
                                .headers = {{"Retry-After", "120"}},
                                .body = Body::copy_of("Too Many Requests\r\n")};
  auto rows = check();
  EXPECT_EQ(rows["answer"].status, CheckStatus::ok);
  EXPECT_EQ(rows["throttling"].status, CheckStatus::failed);
  EXPECT_EQ(rows["throttling"].code, ErrorCode::rate_limited);
  EXPECT_EQ(rows["throttling"].retry_at, *parse_time("2024-01-02T12:02:01Z"));
  EXPECT_NE(rows["throttling"].finding.find("until 2024-01-02T12:02:01Z"), std::string::npos);
  EXPECT_EQ(exits(), 4);
}

TEST_F(DoctorTest, ThrottledWithoutATimeAdvisesAPause) {
  for (const int status : {429, 999}) {
    transport_.answer = HttpReply{.status = status, .body = Body::copy_of("<html>no</html>")};
    const auto row = check()["throttling"];
    EXPECT_EQ(row.status, CheckStatus::failed) << status;
    EXPECT_EQ(row.code, ErrorCode::rate_limited);
    EXPECT_FALSE(row.retry_at.has_value());
    EXPECT_NE(row.cure.find("providers.yahoo.limits"), std::string::npos);
  }
}

TEST_F(DoctorTest, ABlockIsNotABadSession) {
  transport_.answer = HttpReply{.status = 403, .body = Body::copy_of("Forbidden")};
  auto blocked = check()["throttling"];
  EXPECT_EQ(blocked.code, ErrorCode::banned);
  EXPECT_NE(blocked.finding.find("blocked"), std::string::npos);
  transport_.answer = HttpReply{.status = 401, .body = Body::copy_of("Unauthorized")};
  auto rows = check();
  EXPECT_EQ(rows["answer"].status, CheckStatus::ok) << "nothing was logged in";
  EXPECT_NE(rows["answer"].finding.find("session"), std::string::npos);
  EXPECT_EQ(rows["throttling"].status, CheckStatus::ok);
  EXPECT_EQ(exits(), 0);
}

TEST_F(DoctorTest, ACaptivePortalIsNotTheProvider) {
  for (HttpReply reply :
       {HttpReply{.status = 200, .body = Body::copy_of("\n<!doctype html><title>Sign in</title>")},
        HttpReply{.status = 302,
                  .headers = {{"Location", "http://portal.example/?token=abc"}},
                  .body = Body()}}) {
    transport_.answer = std::move(reply);
    auto rows = check("Tue, 02 Jan 2001 12:00:00 GMT");
    EXPECT_EQ(rows["answer"].status, CheckStatus::failed);
    EXPECT_NE(rows["answer"].cure.find("captive portal"), std::string::npos);
    EXPECT_EQ(rows["answer"].finding.find("abc"), std::string::npos) << "the token is masked";
    EXPECT_EQ(rows["throttling"].status, CheckStatus::skipped);
    EXPECT_EQ(rows["clock"].status, CheckStatus::skipped) << "a portal's clock says nothing";
  }
}

TEST_F(DoctorTest, AServerFaultIsAnAnswerThatFails) {
  transport_.answer = HttpReply{.status = 503, .body = Body::copy_of("down")};
  auto rows = check();
  EXPECT_EQ(rows["answer"].code, ErrorCode::server);
  EXPECT_EQ(rows["throttling"].status, CheckStatus::ok);
  EXPECT_EQ(exits(), 4);
}

TEST_F(DoctorTest, TheProxyIsShownWithoutItsUserAndLooksNamesUpItself) {
  proxies_.https = "http://user:secret@proxy.test:3128";
  names_ = {{"proxy.test", std::vector<std::string>{"10.0.0.1"}}};
  auto rows = check();
  EXPECT_EQ(rows["proxy"].finding, "http://proxy.test:3128, from the environment");
  EXPECT_EQ(looked_up_, std::vector<std::string>{"proxy.test"});
  EXPECT_EQ(rows["dns"].status, CheckStatus::ok);
  settings_.proxy = "socks5h://other:word@[::1]:1080/";
  EXPECT_EQ(check()["dns"].status, CheckStatus::failed) << "::1 is not in the fake's book";
  EXPECT_EQ(looked_up_.back(), "::1");
  for (const CheckRow& row : rows_) {
    EXPECT_EQ(to_text(row).find("word@"), std::string::npos);
    EXPECT_EQ(to_text(row).find("secret"), std::string::npos);
  }
}

TEST_F(DoctorTest, ABaseUrlThatIsNoneIsAConfigFailure) {
  settings_.base_url = "ftp://x";
  settings_.base_url_is_default = false;
  auto rows = check();
  EXPECT_EQ(rows["connection"].status, CheckStatus::failed);
  EXPECT_EQ(rows["connection"].code, ErrorCode::config);
  EXPECT_TRUE(transport_.calls.empty());
  EXPECT_EQ(exits(), 78);
}

TEST_F(DoctorTest, SkippedRowsAreTheSameRows) {
  const auto asked = check();
  const std::string name = "yahoo";
  const auto skipped = skip_providers({&name, 1}, "--offline", clock_);
  ASSERT_EQ(skipped.size(), asked.size());
  for (std::size_t i = 0; i < skipped.size(); ++i) {
    EXPECT_EQ(skipped[i].name, rows_[i].name);
    EXPECT_EQ(skipped[i].status, CheckStatus::skipped);
  }
  EXPECT_EQ(doctor_exit_code(skipped), 0);
}

TEST(DoctorExitCodeTest, WhatStaysWrongGoesBeforeWhatPasses) {
  const auto failing = [](ErrorCode code) {
    return CheckRow{.status = CheckStatus::failed, .code = code};
  };
  const auto exits = [](std::vector<CheckRow> rows) {
    return doctor_exit_code(rows);
  };
  EXPECT_EQ(exits({}), 0);
  EXPECT_EQ(exits({{.status = CheckStatus::warning, .code = ErrorCode::config}}), 0);
  EXPECT_EQ(exits({failing(ErrorCode::network), failing(ErrorCode::quota_exhausted)}), 5);
  EXPECT_EQ(exits({failing(ErrorCode::network), failing(ErrorCode::disk_full)}), 7);
  EXPECT_EQ(exits({failing(ErrorCode::config), failing(ErrorCode::storage)}), 78);
  EXPECT_EQ(exits({failing(ErrorCode::unsafe_path)}), 2);
  EXPECT_EQ(exits({failing(ErrorCode::authentication), failing(ErrorCode::banned)}), 3);
  EXPECT_EQ(exits({failing(ErrorCode::internal), failing(ErrorCode::config)}), 1);
}

TEST(DoctorRowTest, TextAndJsonSayTheSame) {
  const CheckRow row{.name = "store.space",
                     .status = CheckStatus::failed,
                     .finding = "1.0 MiB free",
                     .cure = "free space",
                     .code = ErrorCode::disk_full,
                     .elapsed = 2ms};
  EXPECT_EQ(to_text(row),
            "failed   store.space        VX-7002 1.0 MiB free (2ms)\n"
            "         cure: free space\n");
  JsonWriter json;
  write_json(json, row);
  EXPECT_EQ(json.take(),
            R"({"name":"store.space","provider":null,"status":"failed","finding":"1.0 MiB free",)"
            R"("cure":"free space","code":"VX-7002","class":"storage","retryable":false,)"
            R"("retry_at":null,"elapsed_ms":2})");
}

TEST(DoctorLookupTest, AddressesNeedNoResolverAndBadNamesFail) {
  const SystemClock clock;
  // A label beyond 63 letters is refused here, before any name server is asked.
  const std::string impossible = std::string(70, 'x') + ".test";
  const auto found = look_up_hosts({"127.0.0.1", impossible, "::1"}, 30s, clock);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].addresses.value(), std::vector<std::string>{"127.0.0.1"});
  ASSERT_FALSE(found[1].addresses.has_value());
  EXPECT_EQ(found[1].addresses.error().code, ErrorCode::resolve);
  EXPECT_EQ(found[2].addresses.value(), std::vector<std::string>{"::1"});
}

}  // namespace
}  // namespace vortex
