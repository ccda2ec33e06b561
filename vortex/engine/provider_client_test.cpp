#include "vortex/engine/provider_client.hpp"

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "vortex/engine/client_fixture_for_test.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using fake::Answer;
using fake::FakeTransport;

class ProviderClientTest : public fake::ClientFixture {
 protected:
  ProviderClientTest() { registry_ = fake::fake_registry(); }

  void start(FakeTransport::Script script,
             ProviderSettings settings = {.limits = std::vector<RateLimit>{}}) {
    settings_ = std::move(settings);
    start_client("fake", std::move(script));
  }
};

TEST_F(ProviderClientTest, APassingFaultIsAskedAgain) {
  int calls = 0;
  start([&](const HttpCall&) {
    return ++calls < 3 ? Answer{.status = 503} : Answer{.body = "2024-01-02 10\n"};
  });
  const auto results = ask();
  ASSERT_TRUE(results[0].has_value()) << results[0].error().message;
  EXPECT_EQ(results[0]->page.bars->num_rows(), 1);
  EXPECT_EQ(counts_.sent, 3);
  EXPECT_EQ(counts_.retried, 2);
  EXPECT_EQ(counts_.failed, 2);
}

TEST_F(ProviderClientTest, AttemptsEndAndTheErrorTellsHowMany) {
  start([](const HttpCall&) { return Answer{.status = 500}; });
  const auto results = ask();
  ASSERT_FALSE(results[0].has_value());
  EXPECT_EQ(results[0].error().code, ErrorCode::server);
  EXPECT_EQ(results[0].error().attempt, 4);
  EXPECT_EQ(results[0].error().attempts_max, 4);
  EXPECT_EQ(counts_.sent, 4);
}

TEST_F(ProviderClientTest, ARefusedSessionIsRenewedOnceForAllCallers) {
  start([&](const HttpCall& call) -> Answer {
    if (call.path == "/login") return {.body = "fresh", .delay = 5ms};
    const bool good = !call.query.empty() && call.query.back().second == "fresh";
    return good ? Answer{.body = "2024-01-02 10\n"} : Answer{.status = 401};
  });
  const auto results = ask(8);
  for (const auto& result : results) EXPECT_TRUE(result.has_value());
  EXPECT_EQ(std::ranges::count(log_.targets, "/login"), 1);
}

TEST_F(ProviderClientTest, ASessionRefusedAfterItsRenewalCounts) {
  start([](const HttpCall& call) {
    return call.path == "/login" ? Answer{.body = "x"} : Answer{.status = 401};
  });
  const auto results = ask();
  ASSERT_FALSE(results[0].has_value());
  EXPECT_EQ(results[0].error().code, ErrorCode::session_refused);
  EXPECT_EQ(std::ranges::count(log_.targets, "/login"), 1);
  EXPECT_EQ(counts_.sent, 3);
}

TEST_F(ProviderClientTest, ThrottledWithATimeWaitsForIt) {
  int calls = 0;
  start([&](const HttpCall&) {
    return ++calls == 1 ? Answer{.status = 429, .headers = {{"wait", "40ms"}}}
                        : Answer{.body = "2024-01-02 10\n"};
  });
  const Monotonic before = clock_.monotonic();
  EXPECT_TRUE(ask()[0].has_value());
  EXPECT_GE(clock_.monotonic() - before, 40ms);
}

TEST_F(ProviderClientTest, ThrottledWithoutATimeLeavesTheProviderAlone) {
  start([](const HttpCall&) { return Answer{.status = 429}; });
  ASSERT_FALSE(ask()[0].has_value());
  EXPECT_EQ(counts_.sent, 1);
  const auto results = ask(20);
  for (const auto& result : results) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::rate_limited);
    EXPECT_TRUE(result.error().retry_at.has_value());
  }
  EXPECT_EQ(counts_.sent, 1) << "a blocked provider must not be asked";
}

TEST_F(ProviderClientTest, NeverMoreCallsUnderWayThanItsPlaces) {
  ProviderSettings settings{.limits = std::vector<RateLimit>{}, .concurrency = 3};
  start([](const HttpCall&) { return Answer{.body = "2024-01-02 10\n", .delay = 2ms}; }, settings);
  for (const auto& result : ask(20)) EXPECT_TRUE(result.has_value());
  EXPECT_EQ(log_.running_max, 3);
}

TEST_F(ProviderClientTest, ADaysAllowanceUsedUpIsSaidWithItsReset) {
  ProviderSettings settings{.limits = std::vector<RateLimit>{{.count = 2, .zone = "UTC"}}};
  start([](const HttpCall&) { return Answer{.body = "2024-01-02 10\n"}; }, settings);
  int refused = 0;
  for (const auto& result : ask(5)) {
    if (result) continue;
    ++refused;
    EXPECT_EQ(result.error().code, ErrorCode::quota_exhausted);
    EXPECT_TRUE(result.error().retry_at.has_value());
  }
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(counts_.sent, 2);
}

TEST_F(ProviderClientTest, C7AnswersWhoseRowsAreNoGoodOpenTheBreaker) {
  start([](const HttpCall&) { return Answer{.body = "2024-01-02 nan\n2024-01-03 nan\n"}; });
  for (int i = 0; i < 5; ++i) {
    const auto results = ask();
    ASSERT_TRUE(results[0].has_value()) << "the call went well; its rows did not";
    EXPECT_EQ(results[0]->verdict.quarantined.size(), 2u);
  }
  const auto refused = ask();
  ASSERT_FALSE(refused[0].has_value());
  EXPECT_EQ(refused[0].error().code, ErrorCode::breaker_open);
  EXPECT_EQ(counts_.sent, 5);
}

TEST_F(ProviderClientTest, UnknownSymbolsAreFinalAtOnce) {
  start([](const HttpCall&) { return Answer{.status = 404}; });
  EXPECT_EQ(ask()[0].error().code, ErrorCode::not_found);
  EXPECT_EQ(counts_.sent, 1);
}

}  // namespace
}  // namespace vortex
