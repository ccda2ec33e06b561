#include <algorithm>
#include <filesystem>
#include <map>

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "vortex/base/random.hpp"
#include "vortex/engine/client_fixture_for_test.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using fake::Answer;
using fake::FakeTransport;

constexpr std::string_view kKey = "S3CR3T/key+1";
constexpr std::string_view kEncodedKey = "S3CR3T%2Fkey%2B1";

// A provider that wants a credential.
class ClientCredentialTest : public fake::ClientFixture {
 protected:
  ClientCredentialTest() {
    environment_ = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
  }

  void start(fake::FakeTraits traits, FakeTransport::Script script) {
    registry_ = ProviderRegistry();
    registry_.add(std::make_unique<fake::FakeAdapter>(traits), std::move(session_));
    start_client(traits.name, std::move(script));
  }
  void start_with_key(FakeTransport::Script script) {
    settings_.api_key = "env:KEY";
    start({.auth = "api_key", .credential_place = "query:apikey"}, std::move(script));
  }

  std::unique_ptr<const SessionSteps> session_;
  std::map<std::string, std::string> variables_ = {{"KEY", std::string(kKey)}};
};

TEST_F(ClientCredentialTest, TheKeyGoesIntoEachCallAndNamesTheAccountByItsHash) {
  start_with_key([](const HttpCall&) { return Answer{.body = "2024-01-02 10\n"}; });
  for (const auto& result : ask(5)) EXPECT_TRUE(result.has_value());
  for (const std::string& target : log_.targets)
    EXPECT_EQ(target, fmt::format("/bars/AAPL?apikey={}", kEncodedKey));
  EXPECT_TRUE(client_->account().starts_with("fake@fake.invalid#")) << client_->account();
  EXPECT_FALSE(client_->account().contains("S3CR3T"));
}

TEST_F(ClientCredentialTest, J1TheKeyIsInNoCaptureThoughTheAnswerRepeatsIt) {
  start_with_key([](const HttpCall& call) {
    // A row's line may carry anything behind its number.
    return Answer{.body = "2024-01-02 10 for " + call.query.back().second + "\n",
                  .headers = {{"Cache-Control", call.query.back().second}}};
  });
  const auto results = ask();
  ASSERT_TRUE(results[0].has_value()) << results[0].error().message;
  const Capture& capture = *results[0]->capture;
  EXPECT_FALSE(capture.request.contains("S3CR3T")) << capture.request;
  EXPECT_FALSE(capture.request.contains("apikey")) << "it is made before the key is put in";
  EXPECT_FALSE(capture.headers.contains("S3CR3T")) << capture.headers;
}

TEST_F(ClientCredentialTest, B9AWrongKeyCostsOneCallAndIsSaidOnce) {
  start_with_key([](const HttpCall& call) {
    return Answer{.status = 401,
                  .body = fmt::format("the key {} is not known", call.query.back().second),
                  .delay = 2ms};
  });
  for (const auto& result : ask(20)) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(exit_code(result.error().error_class()), 3);
    EXPECT_FALSE(result.error().evidence.contains("S3CR3T")) << result.error().evidence;
    EXPECT_FALSE(result.error().call.contains("S3CR3T")) << result.error().call;
  }
  EXPECT_EQ(log_.targets.size(), 1u);
  EXPECT_EQ(counts_.sent, 1);
  EXPECT_EQ(counts_.failed, 1);
  EXPECT_EQ(client_->status().breaker, "closed");
}

TEST_F(ClientCredentialTest, B9AfterANewRunItIsAskedOnceMore) {
  start_with_key([](const HttpCall&) { return Answer{.status = 401}; });
  ask(3);
  client_->forget_refusal();
  ask(3);
  EXPECT_EQ(log_.targets.size(), 2u);
}

TEST_F(ClientCredentialTest, B9AKeyExchangedInMidSessionIsTakenOnce) {
  start_with_key([](const HttpCall& call) {
    return call.query.back().second == "rotated" ? Answer{.body = "2024-01-02 10\n"}
                                                 : Answer{.status = 401};
  });
  variables_["KEY"] = "rotated";
  for (const auto& result : ask(10)) EXPECT_TRUE(result.has_value());
  EXPECT_EQ(log_.targets.size(), 11u);
}

TEST_F(ClientCredentialTest, AFirstCallThatFailsForAnotherReasonHoldsNobodyUp) {
  int calls = 0;
  start_with_key([&](const HttpCall&) {
    return ++calls == 1 ? Answer{.status = 404} : Answer{.body = "2024-01-02 10\n", .delay = 2ms};
  });
  const auto results = ask(9);
  EXPECT_EQ(std::ranges::count_if(results, [](const auto& r) { return r.has_value(); }), 8);
  EXPECT_EQ(log_.running_max, 4);
}

TEST_F(ClientCredentialTest, OnePlaceIsEnoughForARenewal) {
  settings_.concurrency = 1;
  start_with_key([](const HttpCall& call) {
    return call.query.back().second == "rotated" ? Answer{.body = "2024-01-02 10\n"}
                                                 : Answer{.status = 401};
  });
  variables_["KEY"] = "rotated";
  for (const auto& result : ask(10)) EXPECT_TRUE(result.has_value());
}

TEST_F(ClientCredentialTest, BasicGoesIntoAHeader) {
  settings_.auth = {.user = "me", .password = "env:KEY"};
  start({.auth = "basic"}, [](const HttpCall&) { return Answer{.body = "2024-01-02 10\n"}; });
  EXPECT_TRUE(ask()[0].has_value());
  EXPECT_EQ(find_header(log_.headers[0], "Authorization"), "Basic bWU6UzNDUjNUL2tleSsx");
}

TEST_F(ClientCredentialTest, B9ATokenIsAskedForOnceAndRenewedOnceWhenRefused) {
  settings_.auth = {
      .client_id = "me", .client_secret = "env:KEY", .token_url = "https://auth.invalid/token"};
  int tokens = 0;
  start({.auth = "oauth2"}, [&](const HttpCall& call) {
    if (call.path == "/token") {
      return Answer{
          .body = fmt::format(R"({{"access_token":"token-{}","token_type":"bearer"}})", ++tokens),
          .delay = 2ms};
    }
    const bool good = find_header(call.headers, "Authorization") == "Bearer token-2";
    return good ? Answer{.body = "2024-01-02 10\n"} : Answer{.status = 401};
  });
  for (const auto& result : ask(20)) EXPECT_TRUE(result.has_value());
  EXPECT_EQ(tokens, 2);
  EXPECT_EQ(asked("/bars"), 21) << "one was refused, with the first token";
  EXPECT_EQ(counts_.sent, 23);
}

TEST_F(ClientCredentialTest, B9AWrongClientIsSaidOnceAndNoBarIsAskedFor) {
  settings_.auth = {
      .client_id = "me", .client_secret = "env:KEY", .token_url = "https://auth.invalid/token"};
  start({.auth = "oauth2"}, [](const HttpCall&) {
    return Answer{.status = 401, .body = R"({"error":"invalid_client"})"};
  });
  for (const auto& result : ask(20)) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(exit_code(result.error().error_class()), 3);
  }
  EXPECT_EQ(log_.targets.size(), 1u);
  EXPECT_EQ(client_->status().breaker, "closed");
}

// A login whose page carries a token that must come back with the password: cookies and CSRF in
// the steps that every session goes through.
class FormSession final : public SessionSteps {
 public:
  HttpCall begin(State& state, const SecretString& credential) const override {
    state.fields["login"] = credential.reveal();
    return {.path = "/login"};
  }
  Result<std::variant<HttpCall, Session>> on_reply(State& state,
                                                   const HttpReply& reply) const override {
    if (state.step++ == 0) {
      return HttpCall{.method = HttpMethod::post,
                      .path = "/login",
                      .headers = {{"Cookie", std::string(find_header(reply.headers, "Set-Cookie"))},
                                  {"X-CSRF", std::string(reply.body.view())}},
                      .body = state.fields["login"]};
    }
    if (reply.status == 403) {
      Error error{.code = ErrorCode::authentication, .message = "the login was refused"};
      return std::unexpected(std::move(error).with_evidence(reply.body.view()));
    }
    return Session{.headers = {{"Cookie", std::string(find_header(reply.headers, "Set-Cookie"))}}};
  }
};

FakeTransport::Script form_login(std::string_view password) {
  return [password](const HttpCall& call) -> Answer {
    if (call.path == "/login" && call.method == HttpMethod::get)
      return {.body = "csrf-of-the-page", .headers = {{"Set-Cookie", "a=anonymous"}}, .delay = 2ms};
    if (call.path == "/login") {
      const bool good = find_header(call.headers, "X-CSRF") == "csrf-of-the-page" &&
                        find_header(call.headers, "Cookie") == "a=anonymous" &&
                        call.body == fmt::format("me:{}", password);
      return good ? Answer{.headers = {{"Set-Cookie", "a=member-cookie"}}}
                  : Answer{.status = 403, .body = "no: " + call.body};
    }
    const bool member = find_header(call.headers, "Cookie") == "a=member-cookie";
    return member ? Answer{.body = "2024-01-02 10\n"} : Answer{.status = 401};
  };
}

TEST_F(ClientCredentialTest, B9ALoginWithCookiesAndCsrfIsDoneByOne) {
  settings_.auth = {.user = "me", .password = "env:KEY"};
  session_ = std::make_unique<FormSession>();
  start({.auth = "session"}, form_login(kKey));
  for (const auto& result : ask(20)) EXPECT_TRUE(result.has_value());
  EXPECT_EQ(asked("/login"), 2);
}

TEST_F(ClientCredentialTest, B9AWrongPasswordIsTriedOnce) {
  settings_.auth = {.user = "me", .password = "env:KEY"};
  session_ = std::make_unique<FormSession>();
  start({.auth = "session"}, form_login("another"));
  for (const auto& result : ask(20)) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::authentication);
    EXPECT_FALSE(result.error().evidence.contains("S3CR3T")) << result.error().evidence;
  }
  EXPECT_EQ(asked("/login"), 2);
  const auto before = log_.targets.size();
  ask(5);
  EXPECT_EQ(log_.targets.size(), before) << "nobody asks on with a refused login";
}

}  // namespace
}  // namespace vortex
