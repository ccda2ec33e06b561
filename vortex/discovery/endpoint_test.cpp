#include "vortex/discovery/endpoint.hpp"

#include <gtest/gtest.h>

#include "vortex/discovery/static_source.hpp"
#include "vortex/discovery/verdict.hpp"

namespace vortex {
namespace {

TEST(EndpointTest, SpellingsOfOneAddressAreEqual) {
  for (const char* text :
       {"https://query2.example", "https://query2.example/", "HTTPS://Query2.Example",
        "https://query2.example:443", "https://query2.example:443//"}) {
    EXPECT_EQ(canonical_base_url(text), "https://query2.example") << text;
  }
  EXPECT_EQ(canonical_base_url("http://127.0.0.1:80/"), "http://127.0.0.1");
  EXPECT_EQ(canonical_base_url("http://127.0.0.1:8080/V1/"), "http://127.0.0.1:8080/V1");
  EXPECT_EQ(canonical_base_url("http://[::1]:8080"), "http://[::1]:8080");
  EXPECT_EQ(canonical_base_url("https://User:Pass@Host.example"), "https://User:Pass@host.example");
}

TEST(EndpointTest, J3OnlyPlainWebAddressesAreTaken) {
  for (const char* text : {"", "query2.example", "file:///etc/passwd", "ftp://a", "https://",
                           "http:///x", "https://a?x=1", "https://a#f", "https://a b",
                           "https://a\r\nHost: b", "javascript:alert(1)", "https://a:99999999"}) {
    const auto url = canonical_base_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, ErrorCode::config) << text;
    EXPECT_EQ(url.error().message.find('\n'), std::string::npos) << text;
  }
}

TEST(StaticSourceTest, GivesTheListOfTheServiceAsked) {
  const StaticSource source("config", {equal_endpoints("yahoo", {"https://a", "https://b"})});
  EXPECT_EQ(source.name(), "config");
  EXPECT_TRUE(source.knows_at_start());
  ASSERT_EQ(source.current("yahoo")->size(), 2U);
  EXPECT_EQ(source.current("yahoo")->at(1).base_url, "https://b");
  EXPECT_TRUE(source.current("other")->empty());
}

TEST(EndpointVerdictTest, AnAnswerIsGoodAndARoadIsBad) {
  EXPECT_EQ(endpoint_verdict(ErrorClass::not_found), EndpointVerdict::good);
  EXPECT_EQ(endpoint_verdict(ErrorClass::authentication), EndpointVerdict::good);
  EXPECT_EQ(endpoint_verdict(ErrorClass::timeout), EndpointVerdict::bad);
  EXPECT_EQ(endpoint_verdict(ErrorClass::server), EndpointVerdict::bad);
  EXPECT_EQ(endpoint_verdict(ErrorClass::rate_limited), EndpointVerdict::ignored);
  EXPECT_EQ(endpoint_verdict(ErrorClass::cancelled), EndpointVerdict::ignored);
}

}  // namespace
}  // namespace vortex
