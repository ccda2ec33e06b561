#include "vortex/net/redirect.hpp"

#include <gtest/gtest.h>

namespace vortex {
namespace {

constexpr std::string_view kFirstUrl = "https://api.example/v1/a?apikey=S3cret&x=1";

struct RedirectCase {
  HttpRoute route{.base_url = "https://api.example"};
  HttpCall call{.path = "/v1/a", .query = {{"apikey", "S3cret"}, {"x", "1"}}};
  Hop hop{.url = std::string(kFirstUrl),
          .headers = {{"Cookie", "a=b"},
                      {"Authorization", "Bearer t"},
                      {"X-Api-Key", "k"},
                      {"X-Csrf-Token", "c"},
                      {"Accept", "*/*"}}};
  Result<Hop> follow(std::string_view location, int status = 302) const {
    return next_hop(route, call, hop.url, hop, status, location);
  }
};

TEST(RedirectTest, B11CredentialsStayWithTheirOrigin) {
  const RedirectCase test;
  EXPECT_EQ(test.follow("/v2").value().headers, test.hop.headers);
  EXPECT_EQ(test.follow("https://API.example:443/v2").value().headers, test.hop.headers);
  const Headers harmless{{"Accept", "*/*"}};
  for (const char* elsewhere :
       {"https://other.example/v2", "https://api.example:444/v2", "//api.example.org/"}) {
    const auto next = test.follow(elsewhere).value();
    EXPECT_EQ(next.headers, harmless) << elsewhere;
    EXPECT_FALSE(next.first_origin);
  }
}

TEST(RedirectTest, B11SecretParametersAreNotCarriedToAnotherOrigin) {
  const RedirectCase test;
  EXPECT_EQ(test.follow("https://cdn.example/a?x=1&apikey=S3cret&token=theirs").value().url,
            "https://cdn.example/a?x=1&token=theirs");
  EXPECT_EQ(test.follow("https://cdn.example/a?renamed=S3%63ret").value().url,
            "https://cdn.example/a");
  EXPECT_EQ(test.follow("/a?apikey=S3cret").value().url, "https://api.example/a?apikey=S3cret");
}

TEST(RedirectTest, J3RefusesDowngradesOtherSchemesAndOurOwnMachine) {
  const RedirectCase test;
  for (const char* location :
       {"http://api.example/v1", "file:///etc/passwd", "gopher://a", "ftp://a/b", "javascript:1",
        "https://169.254.169.254/latest/meta-data", "https://localhost/", "https://127.0.0.1/",
        "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://10.0.0.1/", "https://0x7f000001/",
        "https://2130706433/", "https://192.168.0.1/", "https://u:p@other.example/"}) {
    const auto next = test.follow(location);
    ASSERT_FALSE(next) << location;
    EXPECT_EQ(next.error().code, ErrorCode::redirect_refused) << location;
  }
}

TEST(RedirectTest, J3OurOwnMachineMayLeadToItselfButNotToMetadata) {
  RedirectCase test;
  test.hop.url = "http://127.0.0.1:8080/a";
  EXPECT_TRUE(test.follow("http://127.0.0.1:9090/b"));
  EXPECT_TRUE(test.follow("http://localhost:8080/b"));
  EXPECT_FALSE(test.follow("http://169.254.169.254/"));
  EXPECT_FALSE(test.follow("http://10.0.0.1/"));
  test.route.allow_private_hosts = true;
  EXPECT_TRUE(test.follow("http://10.0.0.1/"));
}

TEST(RedirectTest, J3ARedirectedNameMayNotResolveToOurNetwork) {
  const RedirectCase test;
  const auto next = test.follow("https://other.example/").value();
  EXPECT_FALSE(next.scopes.allows(HostScope::loopback));
  EXPECT_FALSE(next.scopes.allows(HostScope::link_local));
  EXPECT_TRUE(next.scopes.allows(HostScope::global));
  EXPECT_TRUE(test.follow("/same").value().scopes.allows(HostScope::private_network));
}

TEST(RedirectTest, APostBecomesAGetExceptBy307And308) {
  RedirectCase test;
  test.hop.method = HttpMethod::post;
  test.hop.body = "{}";
  const auto found = test.follow("/b", 302).value();
  EXPECT_EQ(found.method, HttpMethod::get);
  EXPECT_EQ(found.body, "");
  const auto kept = test.follow("/b", 307).value();
  EXPECT_EQ(kept.method, HttpMethod::post);
  EXPECT_EQ(kept.body, "{}");
  EXPECT_EQ(test.follow("https://other.example/", 308).error().code, ErrorCode::redirect_refused);
}

}  // namespace
}  // namespace vortex
