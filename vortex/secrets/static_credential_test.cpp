#include <gtest/gtest.h>

#include "vortex/runtime/runtime.hpp"
#include "vortex/secrets/credential.hpp"

namespace vortex {
namespace {

ReadSecret reads(const std::string& value) {
  return [value] {
    return SecretString(value);
  };
}

class StaticCredentialTest : public testing::Test {
 protected:
  Result<void> renew(Credential& credential, std::uint64_t seen) {
    Result<void> out;
    runtime_.run(renew_into(&credential, seen, &out));
    return out;
  }
  static boost::asio::awaitable<void> renew_into(Credential* credential, std::uint64_t seen,
                                                 Result<void>* out) {
    *out = co_await credential->renew(seen);
  }

  ManualClock clock_{*parse_time("2024-01-02T00:00Z")};
  Runtime runtime_{SimulatedTime{.clock = &clock_}};
};

TEST_F(StaticCredentialTest, AKeyGoesWhereTheProviderWantsIt) {
  const auto in_query = api_key_credential(*parse_credential_place("query:apikey"), reads("K+1/2"));
  HttpCall call{.path = "/q", .query = {{"symbol", "A"}, {"apikey", "****"}}};
  (*in_query)->put_into(call);
  EXPECT_EQ(call.target(), "/q?symbol=A&apikey=K%2B1%2F2");

  const auto in_header = api_key_credential(*parse_credential_place("header:X-Key"), reads("K1"));
  call = {.path = "/q", .headers = {{"x-key", "old"}, {"Accept", "text/csv"}}};
  (*in_header)->put_into(call);
  EXPECT_EQ(call.headers, (Headers{{"Accept", "text/csv"}, {"X-Key", "K1"}}));
}

TEST_F(StaticCredentialTest, BasicIsTheExampleOfItsStandard) {
  const auto basic = basic_credential("Aladdin", reads("open sesame"));
  HttpCall call;
  (*basic)->put_into(call);
  EXPECT_EQ(find_header(call.headers, "Authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  SecretMask mask;
  (*basic)->add_secrets(mask);
  EXPECT_EQ(mask.masked("open sesame"), "***********");
  EXPECT_FALSE(mask.masked("QWxhZGRpbjpvcGVuIHNlc2FtZQ==")->contains("QWxh"));
}

TEST_F(StaticCredentialTest, NoneLeavesACallAlone) {
  HttpCall call{.path = "/q"};
  const HttpCall before = call;
  no_credential()->put_into(call);
  EXPECT_EQ(call, before);
}

TEST_F(StaticCredentialTest, B9AKeyThatWasExchangedIsReadAgainAndTheSameOneIsRefused) {
  std::string kept = "first-key";
  auto key = api_key_credential(*parse_credential_place("query:key"),
                                [&kept] { return SecretString(kept); });
  const std::uint64_t seen = (*key)->generation();
  const auto refused = renew(**key, seen);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::authentication);
  kept = "second-key";
  EXPECT_TRUE(renew(**key, seen));
  HttpCall call{.path = "/"};
  (*key)->put_into(call);
  EXPECT_EQ(call.query.back().second, "second-key");
  EXPECT_TRUE(renew(**key, seen)) << "somebody else has renewed it meanwhile";
}

TEST_F(StaticCredentialTest, J1ALineEndInAKeyBeginsNoHeader) {
  const auto key =
      api_key_credential(*parse_credential_place("header:X-Key"), reads("abcdef\r\nX"));
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, ErrorCode::authentication);
  EXPECT_FALSE(key.error().to_line().contains("abcdef"));
  EXPECT_FALSE(basic_credential("a:b", reads("password")));
  for (const char* place : {"", "query:", "header:", "cookie:token", "query:q"})
    EXPECT_FALSE(parse_credential_place(place)) << place;
}

}  // namespace
}  // namespace vortex
