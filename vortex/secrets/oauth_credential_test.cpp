#include "vortex/secrets/oauth_credential.hpp"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "vortex/runtime/sleep.hpp"
#include "vortex/runtime/task_group.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr Duration kAnswerTakes = 50ms;
constexpr const char* kSecret = "cl1ent-s3cr3t-value";

// A token's address that answers by a script, in simulated time.
class OAuthCredentialTest : public testing::Test {
 protected:
  using Script = std::function<Result<HttpReply>(int asked)>;

  static HttpReply token(int number, int seconds = 3600) {
    return {.status = 200,
            .body = Body::copy_of(fmt::format(
                R"({{"access_token":"token-{}","token_type":"Bearer","expires_in":{}}})", number,
                seconds))};
  }

  void start(Script script) {
    script_ = std::move(script);
    credential_ = std::make_unique<OAuthCredential>(
        OAuthClient{.client_id = "me",
                    .client_secret = SecretString(kSecret),
                    .token_url = "https://auth.example/token"},
        OAuthIo{.runtime = &runtime_, .send = [this](HttpCall call) {
                  return send(std::move(call));
                }});
  }

  Task<HttpReply> send(HttpCall call) {
    bodies_.push_back(call.body);
    ++running_;
    running_max_ = std::max(running_max_, running_);
    auto slept = co_await sleep_for(runtime_, kAnswerTakes);  // of simulated time
    --running_;
    if (!slept) co_return std::unexpected(std::move(slept).error());
    co_return script_(++asked_);
  }

  std::vector<Result<void>> prepare(int callers = 1) {
    results_.clear();
    runtime_.run(prepare_all(callers));
    return results_;
  }
  boost::asio::awaitable<void> prepare_all(int callers) {
    TaskGroup group(runtime_, {.tasks_max = 64});
    for (int i = 0; i < callers; ++i) EXPECT_TRUE(group.spawn(prepare_one()).has_value());
    co_await group.join();
  }
  boost::asio::awaitable<void> prepare_one() {
    results_.push_back(co_await credential_->prepare());
  }
  void renew(std::uint64_t seen) {
    results_.clear();
    runtime_.run(renew_one(seen));
  }
  boost::asio::awaitable<void> renew_one(std::uint64_t seen) {
    results_.push_back(co_await credential_->renew(seen));
  }

  boost::asio::awaitable<void> stop_the_first() {
    TaskGroup first(runtime_, {.tasks_max = 1});
    TaskGroup second(runtime_, {.tasks_max = 1});
    EXPECT_TRUE(first.spawn(prepare_one()).has_value());
    // Simulated time goes on only when nobody can: then the first asks, and the second waits.
    (void)co_await sleep_for(runtime_, kAnswerTakes / 10);
    EXPECT_EQ(running_, 1);
    EXPECT_TRUE(second.spawn(prepare_one()).has_value());
    (void)co_await sleep_for(runtime_, kAnswerTakes / 10);
    EXPECT_EQ(running_, 1);
    first.stop();
    co_await first.join();
    co_await second.join();
  }

  std::string header() const {
    HttpCall call;
    credential_->put_into(call);
    return std::string(find_header(call.headers, "Authorization"));
  }

  ManualClock clock_{*parse_time("2024-01-02T00:00Z")};
  Runtime runtime_{SimulatedTime{.clock = &clock_}};
  Script script_;
  int asked_ = 0;
  int running_ = 0;
  int running_max_ = 0;
  std::vector<std::string> bodies_;
  std::vector<Result<void>> results_;
  std::unique_ptr<OAuthCredential> credential_;
};

TEST_F(OAuthCredentialTest, OneCallerAsksWhileTwentyWait) {
  start([](int n) { return token(n); });
  for (const auto& result : prepare(21)) EXPECT_TRUE(result.has_value());
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(header(), "Bearer token-1");
}

TEST_F(OAuthCredentialTest, ATokenIsKeptAndRenewedAheadOfItsEndByOne) {
  start([](int n) { return token(n); });
  prepare();
  clock_.advance(3600s - OAuthCredential::kRenewAhead - 1s);
  prepare(20);
  EXPECT_EQ(asked_, 1) << "it is still good";
  clock_.advance(2s);
  for (const auto& result : prepare(21)) EXPECT_TRUE(result.has_value());
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(running_max_, 1);
  EXPECT_EQ(header(), "Bearer token-2");
}

TEST_F(OAuthCredentialTest, B9ARefusedTokenIsRenewedOnceForAllWhoWereRefused) {
  start([](int n) { return token(n); });
  prepare();
  const std::uint64_t seen = credential_->generation();
  renew(seen);
  renew(seen);
  EXPECT_TRUE(results_.front().has_value());
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(header(), "Bearer token-2");
}

TEST_F(OAuthCredentialTest, K4AnExpiredTokenIsNotSent) {
  start([](int n) { return token(n); });
  prepare();
  clock_.advance(48h);
  EXPECT_TRUE(prepare(5).front().has_value());
  EXPECT_EQ(asked_, 2);
}

TEST_F(OAuthCredentialTest, B9AWrongSecretIsSaidOnceAndNobodyIsAskedAgainForAWhile) {
  start([](int) {
    return HttpReply{.status = 401, .body = Body::copy_of(R"({"error":"invalid_client"})")};
  });
  for (int round = 0; round < 3; ++round) {
    for (const auto& result : prepare(21)) {
      ASSERT_FALSE(result.has_value());
      EXPECT_EQ(exit_code(result.error().error_class()), 3);
      EXPECT_FALSE(result.error().retryable());
    }
  }
  EXPECT_EQ(asked_, 1);
}

TEST_F(OAuthCredentialTest, ATokensAddressThatIsDownGetsPausesThatGrow) {
  start([](int n) -> Result<HttpReply> {
    if (n < 4) return fail(ErrorCode::network, "refused");
    return token(n);
  });
  int rounds = 0;
  while (!prepare(21).front().has_value()) {
    EXPECT_EQ(results_.back().error().code, ErrorCode::network);
    ASSERT_TRUE(results_.back().error().retry_at.has_value());
    EXPECT_EQ(asked_, ++rounds);
    prepare(21);
    EXPECT_EQ(asked_, rounds) << "within the pause nobody is asked";
    clock_.advance(*results_.back().error().retry_at - clock_.now());
  }
  EXPECT_EQ(asked_, 4);
}

TEST_F(OAuthCredentialTest, AFailedRenewalLeavesTheOldTokenItsLastMinute) {
  start([](int n) -> Result<HttpReply> {
    if (n == 2) return fail(ErrorCode::timeout, "silent");
    return token(n);
  });
  prepare();
  clock_.advance(3600s - 30s);
  EXPECT_TRUE(prepare().front().has_value());
  EXPECT_EQ(header(), "Bearer token-1");
  clock_.advance(2s);
  EXPECT_TRUE(prepare().front().has_value());
  EXPECT_EQ(header(), "Bearer token-3");
}

TEST_F(OAuthCredentialTest, WhoeverWaitsGoesOnWhereTheOneWhoAskedIsStopped) {
  start([](int n) { return token(n); });
  runtime_.run(stop_the_first());
  ASSERT_EQ(results_.size(), 2U);
  EXPECT_EQ(results_[0].error().code, ErrorCode::cancelled);
  EXPECT_TRUE(results_[1].has_value());
}

// Every way to fail, with answers and errors that repeat the secret in each of its forms.
TEST_F(OAuthCredentialTest, J1TheSecretIsInNoErrorWhateverTheWay) {
  const std::string basic = "bWU6Y2wxZW50LXMzY3IzdC12YWx1ZQ==";
  const std::string echo = fmt::format("{} {} Basic {}", kSecret, percent_encode(kSecret), basic);
  std::vector<Result<HttpReply>> ways;
  for (int status = 200; status < 600; ++status) {
    ways.emplace_back(HttpReply{.status = status, .body = Body::copy_of(echo)});
    ways.emplace_back(HttpReply{
        .status = status,
        .headers = {{"Retry-After", echo}, {"Location", "https://x/?client_secret=" + echo}},
        .body = Body::copy_of(
            fmt::format(R"({{"error":"{}","access_token":"{} x"}})", echo, kSecret))});
  }
  for (const ErrorEntry& entry : error_table()) {
    if (entry.code == ErrorCode::cancelled) continue;
    ways.emplace_back(std::unexpected(
        Error{.code = entry.code, .message = echo, .evidence = echo, .hint = echo, .call = echo}));
  }
  for (const auto& way : ways) {
    start([&](int) { return way; });
    const Result<void> result = prepare().front();
    ASSERT_FALSE(result.has_value());
    const Error& error = result.error();
    for (const std::string& text :
         {error.message, error.evidence, error.hint, error.call, error.to_line()}) {
      EXPECT_FALSE(text.contains(kSecret)) << text;
      EXPECT_FALSE(text.contains(basic)) << text;
    }
  }
}

}  // namespace
}  // namespace vortex
