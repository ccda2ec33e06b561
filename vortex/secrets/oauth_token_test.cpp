#include "vortex/secrets/oauth_token.hpp"

#include <gtest/gtest.h>

namespace vortex {
namespace {

HttpReply token_reply(int status, std::string_view body) {
  return {.status = status, .body = Body::copy_of(body), .received_at = *parse_time("2024-01-02")};
}

ErrorCode code_of(int status, std::string_view body) {
  const auto token = read_token_reply(token_reply(status, body));
  return token ? ErrorCode::empty : token.error().code;
}

TEST(OAuthTokenTest, TheCallIsTheStandardsOwn) {
  OAuthClient client{.client_id = "s6BhdRkqt3",
                     .client_secret = SecretString("7Fjfp0ZBr1KtDRbnfVdmIw"),
                     .token_url = "https://auth.example:8443/oauth/token",
                     .scope = "bars read"};
  const HttpCall call = token_call(client);
  EXPECT_EQ(call.target(), "/oauth/token");
  EXPECT_EQ(call.body, "grant_type=client_credentials&scope=bars%20read");
  EXPECT_EQ(find_header(call.headers, "Authorization"),
            "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3");
  EXPECT_FALSE(call.follow_redirects) << "a secret is not carried elsewhere";
  client.secret_in_body = true;
  EXPECT_TRUE(token_call(client).body.ends_with("client_secret=7Fjfp0ZBr1KtDRbnfVdmIw"));
  const auto route = token_route(client, {.proxy = "http://p", .ca_file = "x.pem"});
  ASSERT_TRUE(route);
  EXPECT_EQ(route->base_url, "https://auth.example:8443");
  EXPECT_EQ(route->proxy, "http://p");
}

TEST(OAuthTokenTest, J1TheSecretDoesNotTravelInTheClear) {
  for (const char* url : {"http://auth.example/t", "ftp://auth.example", "auth.example/t", "",
                          "https://user:pw@auth.example/t"}) {
    const auto route = token_route({.token_url = url}, {});
    ASSERT_FALSE(route) << url;
    EXPECT_EQ(route.error().code, ErrorCode::config);
  }
  EXPECT_TRUE(token_route({.token_url = "http://127.0.0.1:8080/t"}, {}));
}

TEST(OAuthTokenTest, ATokenIsReadWithItsLife) {
  const auto token = read_token_reply(token_reply(
      200, R"({"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600})"));
  ASSERT_TRUE(token);
  EXPECT_EQ(token->value.reveal(), "2YotnFZFEjr1zCsicMWpAA");
  EXPECT_EQ(token->lifetime, std::chrono::hours(1));
  EXPECT_EQ(
      read_token_reply(token_reply(200, R"({"access_token":"a","token_type":"bearer"})"))->lifetime,
      std::chrono::minutes(5));
}

TEST(OAuthTokenTest, B9EveryOtherAnswerIsAnErrorOfItsClass) {
  EXPECT_EQ(code_of(401, R"({"error":"invalid_client"})"), ErrorCode::authentication);
  EXPECT_EQ(code_of(400, R"({"error":"invalid_scope"})"), ErrorCode::authentication);
  EXPECT_EQ(code_of(404, "<html>"), ErrorCode::authentication);
  EXPECT_EQ(code_of(429, ""), ErrorCode::rate_limited);
  EXPECT_EQ(code_of(408, ""), ErrorCode::server);
  EXPECT_EQ(code_of(500, ""), ErrorCode::server);
  EXPECT_EQ(code_of(302, ""), ErrorCode::server);
  for (const char* body :
       {"", "null", "[]", "<html>", R"({"access_token":""})", R"({"access_token":7})",
        R"({"access_token":"a b","token_type":"bearer"})", R"({"access_token":"a"})",
        R"({"access_token":"a","token_type":"mac"})",
        R"({"access_token":"a","token_type":"bearer","expires_in":0})",
        R"({"access_token":"a","token_type":"bearer","expires_in":"soon"})"}) {
    EXPECT_EQ(code_of(200, body), ErrorCode::bad_payload) << body;
  }
}

TEST(OAuthTokenTest, C2EveryCutOfAnAnswerIsRefused) {
  const std::string body = R"({"access_token":"abc","token_type":"Bearer","expires_in":60})";
  for (std::size_t size = 0; size < body.size(); ++size)
    EXPECT_EQ(code_of(200, body.substr(0, size)), ErrorCode::bad_payload) << size;
}

TEST(OAuthTokenTest, J1OnlyTheStandardsWordOfARefusalIsRepeated) {
  const auto named = read_token_reply(token_reply(401, R"({"error":"invalid_client"})"));
  EXPECT_TRUE(named.error().message.contains("invalid_client"));
  const auto loose = read_token_reply(
      token_reply(401, R"({"error":"secret s3cr3t-value is wrong","error_description":"s3cr3t"})"));
  EXPECT_FALSE(loose.error().message.contains("s3cr3t"));
  EXPECT_TRUE(loose.error().evidence.empty());
}

}  // namespace
}  // namespace vortex
