// A provider that wants to be asked before each call of data: GET /page, then /check, then /data.
#include <algorithm>
#include <map>

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "vortex/engine/client_fixture_for_test.hpp"
#include "vortex/net/content_decoder.hpp"

namespace vortex {
namespace {

using fake::Answer;

constexpr std::string_view kMember = "sid=member-";  // and the number of the login

class StepSession : public SessionSteps {
 public:
  HttpCall begin(State& /*state*/, const SecretString& /*credential*/) const override {
    return {.path = "/login"};
  }
  Result<std::variant<HttpCall, Session>> on_reply(State& /*state*/,
                                                   const HttpReply& reply) const override {
    if (reply.status != 200) return fail(ErrorCode::authentication, "the password is wrong");
    return Session{.headers = {{"Cookie", std::string(reply.body.view())}}};
  }
};

// A browser's cookies, and no login.
class CookieSession final : public StepSession {
 public:
  Result<std::optional<Session>> given(const LoginSecrets& /*secrets*/, TimePoint /*now*/,
                                       bool refused) const override {
    if (refused) return fail(ErrorCode::session_refused, "there are no other cookies");
    return Session{.headers = {{"Cookie", std::string(kMember) + "1"}}};
  }
};

class FakeSteps final : public CallSteps {
 public:
  HttpCall begin(State& state, HttpCall wanted) const override {
    state.wanted = std::move(wanted);
    return {.path = "/page", .headers = state.wanted.headers};
  }
  Result<Step> on_reply(State& state, const HttpReply& reply) const override {
    if (reply.status == 401) return fail(ErrorCode::session_refused, "401");
    if (reply.status == 404) return fail(ErrorCode::not_found, "404");
    if (state.step++ == 0) return Step{.call = {.path = "/check", .headers = state.wanted.headers}};
    if (reply.body.view() == "used up") return fail(ErrorCode::quota_exhausted, "used up");
    HttpCall data = state.wanted;
    data.path = "/data";
    data.headers.push_back({"X-Csrf-Token", "s3cr3t-of-the-page"});
    data.body = "s3cr3t-of-the-form";
    return Step{.call = std::move(data),
                .is_data = true,
                .token = SecretString("s3cr3t-of-the-form"),
                .used_today = std::stoll(std::string(reply.body.view()))};
  }
};

// The provider's side: which session is good, and what of the day is used.
struct StepSite {
  int logins = 0;
  int good_login = 1;  // whose session is taken; raised when sessions end
  int used = 0;
  int end_at_check = 0;  // the number of the check at which every session ends
  int checks = 0;
  bool used_up = false;
  Duration step_takes = Duration::zero();
  Duration data_takes = Duration::zero();

  Answer answer(const HttpCall& call) {
    if (call.path == "/login") return {.body = std::string(kMember) + std::to_string(++logins)};
    if (call.path == "/check" && ++checks == end_at_check) good_login = logins + 1;
    const std::string wanted = std::string(kMember) + std::to_string(good_login);
    if (find_header(call.headers, "Cookie") != wanted) return {.status = 401};
    if (call.path == "/check")
      return {.body = used_up ? "used up" : std::to_string(used), .delay = step_takes};
    if (call.path != "/data") return {.body = "a page", .delay = step_takes};
    ++used;
    const std::string echo(find_header(call.headers, "X-Csrf-Token"));
    return {.body = "2024-01-02 10 " + echo + " " + call.body + "\n", .delay = data_takes};
  }
};

class ClientStepsTest : public fake::ClientFixture {
 protected:
  ClientStepsTest() { settings_.concurrency = 8; }

  void start(std::unique_ptr<SessionSteps> session = std::make_unique<StepSession>()) {
    registry_.add(std::make_unique<fake::FakeAdapter>());
    registry_.add_way("steps", {.adapter = std::make_unique<fake::FakeAdapter>(),
                                .session = std::move(session),
                                .files = nullptr,
                                .before = std::make_unique<FakeSteps>()});
    ASSERT_TRUE(registry_.choose("fake", "steps"));
    start_client("fake", [this](const HttpCall& call) { return site_.answer(call); });
  }
  boost::asio::awaitable<void> probe() {
    co_await client_->probe_day({.path = "/bars/AAPL"}, &counts_);
    co_await client_->release();
  }
  AccountUse use() {
    return ledger_
        .use(client_->account(), client_->limits(),
             {.elapsed = clock_.monotonic(), .calendar = clock_.now()})
        .value();
  }

  StepSite site_;
};

TEST_F(ClientStepsTest, EachCallIsWalkedToBehindOneLogin) {
  start();
  for (const auto& result : ask(5)) EXPECT_TRUE(result.has_value());
  EXPECT_EQ(asked("/login"), 1);
  EXPECT_EQ(asked("/page"), 5);
  EXPECT_EQ(asked("/check"), 5);
  EXPECT_EQ(asked("/data"), 5);
  EXPECT_EQ(counts_.sent, 16);
}

TEST_F(ClientStepsTest, J1WhatTheStepsPutIntoACallIsInNoCapture) {
  start();
  const auto results = ask(1);
  ASSERT_TRUE(results[0].has_value()) << results[0].error().message;
  const Capture& capture = *results[0]->capture;
  EXPECT_TRUE(capture.request.contains("/bars/AAPL")) << capture.request;
  EXPECT_FALSE(capture.request.contains("s3cr3t"));
  EXPECT_TRUE(capture.headers.contains("vortex-masked")) << "the body echoed both";
  const auto body = decode_content("zstd", capture.frame, {.bytes_max = 1'000, .ratio_max = 100});
  ASSERT_TRUE(body.has_value()) << body.error().message;
  EXPECT_TRUE(body->starts_with("2024-01-02 10 ***")) << *body;
  EXPECT_FALSE(body->contains("s3cr3t")) << *body;
}

TEST_F(ClientStepsTest, B9EightCallsWhoseSessionEndsLogInAnewOnce) {
  site_.end_at_check = 2;
  start();
  for (const auto& result : ask(9)) {
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
  }
  EXPECT_EQ(asked("/login"), 2);
  EXPECT_EQ(asked("/data"), 9);
}

TEST_F(ClientStepsTest, B9ASessionThatIsNeverTakenEndsAfterOneLogin) {
  site_.good_login = 99;
  start();
  for (const auto& result : ask(8)) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::session_refused);
  }
  EXPECT_EQ(asked("/login"), 1);
  EXPECT_EQ(asked("/data"), 0);
  EXPECT_EQ(client_->status().breaker, "closed");
}

TEST_F(ClientStepsTest, B9CookiesThatAreOverAreSentOnce) {
  site_.good_login = 99;
  start(std::make_unique<CookieSession>());
  for (const auto& result : ask(8)) EXPECT_EQ(result.error().code, ErrorCode::session_refused);
  EXPECT_EQ(asked("/page"), 1);
  EXPECT_EQ(asked("/login"), 0);
}

TEST_F(ClientStepsTest, B9CookiesThatEndMeanwhileEndTheAsking) {
  settings_.concurrency = 1;
  start(std::make_unique<CookieSession>());
  EXPECT_TRUE(ask(1)[0].has_value());
  site_.good_login = 99;
  for (const auto& result : ask(8)) EXPECT_EQ(result.error().code, ErrorCode::session_refused);
  EXPECT_LE(asked("/page"), 3) << "before it, the first, and who has its place meanwhile";
}

TEST_F(ClientStepsTest, StepsAndDataShareOneDeadlineSoThatTheBreakerSeesThemHang) {
  settings_.retry.attempts = 1;
  site_.step_takes = std::chrono::seconds(6);
  site_.data_takes = std::chrono::hours(1);
  start();
  const TimePoint begin = clock_.now();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(1)[0].error().code, ErrorCode::timeout);
  EXPECT_LE(clock_.now() - begin, 5 * settings_.breaker.call_timeout);
  EXPECT_EQ(client_->status().breaker, "open");
}

TEST_F(ClientStepsTest, B4ANoBeforeTheDataCostsNothingOfTheDay) {
  settings_.limits = {{.count = 5, .zone = "America/Chicago"}};
  site_.used_up = true;
  start();
  const auto results = ask(1);
  ASSERT_FALSE(results[0].has_value());
  EXPECT_EQ(exit_code(results[0].error().error_class()), 5);
  EXPECT_EQ(asked("/data"), 0);
  EXPECT_EQ(use().allowances.at(0).used, 0);
}

TEST_F(ClientStepsTest, B4TheDayCountsDataAndWhatOthersUsed) {
  settings_.limits = {{.count = 50, .zone = "America/Chicago"}};
  site_.used = 7;  // by somebody else
  start();
  for (const auto& result : ask(3)) EXPECT_TRUE(result.has_value());
  EXPECT_EQ(use().allowances.at(0).used, 3);
  EXPECT_EQ(use().foreign_use, 7);
}

TEST_F(ClientStepsTest, B4AProbeLearnsWhatIsUsedAndAsksForNoData) {
  settings_.limits = {{.count = 50, .zone = "America/Chicago"}};
  site_.used = 7;
  start();
  runtime_.run(probe());
  EXPECT_EQ(use().allowances.at(0).used, 0);
  EXPECT_EQ(use().foreign_use, 7);
  EXPECT_EQ(asked("/check"), 1);
  EXPECT_EQ(asked("/data"), 0);
}

}  // namespace
}  // namespace vortex
