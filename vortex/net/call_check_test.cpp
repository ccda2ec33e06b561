#include "vortex/net/call_check.hpp"

#include <gtest/gtest.h>

#include "vortex/net/host_scope.hpp"
#include "vortex/net/proxy_choice.hpp"
#include "vortex/net/url.hpp"

namespace vortex {
namespace {

TEST(CheckCallTest, RefusesWhatCouldEndAHeaderOrAPathEarly) {
  using std::string_literals::operator""s;
  const HttpCall good{.host = "a.example", .path = "/x%0D%0A", .headers = {{"X-A", "b c"}}};
  EXPECT_TRUE(check_call(good));
  for (const auto& path : {"/a\r\nHost: b"s, "/a\0b"s, "/a b"s, "a"s, ""s, "/a#b"s, "/\x7F"s}) {
    HttpCall call = good;
    call.path = path;
    EXPECT_EQ(check_call(call).error().code, ErrorCode::client) << path;
  }
  for (const auto& value : {"a\r\nX: b"s, "a\nb"s, "a\rb"s, "a\0b"s, "\x1B[0m"s}) {
    HttpCall call = good;
    call.headers[0].value = value;
    EXPECT_EQ(check_call(call).error().code, ErrorCode::client) << value;
  }
  for (const auto& name : {""s, "a b"s, "a:b"s, "a\r\n"s, "Content-Length"s, "host"s}) {
    HttpCall call = good;
    call.headers[0].name = name;
    EXPECT_EQ(check_call(call).error().code, ErrorCode::client) << name;
  }
  for (const auto& host : {"a\r\nb"s, "a/b"s, "user@a"s, "a b"s, "a\0b"s, "a?b"s, "a#b"s}) {
    HttpCall call = good;
    call.host = host;
    EXPECT_EQ(check_call(call).error().code, ErrorCode::client) << host;
  }
}

TEST(CallUrlTest, BaseUrlReplacesTheHostUnlessTheRouteKeepsHosts) {
  const HttpCall call{.host = "q1.example", .path = "/v8", .query = {{"a", "b c"}}};
  const HttpRoute own{.base_url = "http://127.0.0.1:8080/", .keep_hosts = false};
  EXPECT_EQ(call_url(own, call).value(), "http://127.0.0.1:8080/v8?a=b%20c");
  const HttpRoute kept{.base_url = "https://q2.example", .keep_hosts = true};
  EXPECT_EQ(call_url(kept, call).value(), "https://q1.example/v8?a=b%20c");
  EXPECT_EQ(call_url(kept, {.path = "/v8"}).value(), "https://q2.example/v8");
}

TEST(CallUrlTest, J3OtherSchemesAreAConfigurationError) {
  for (const char* base : {"file:///etc", "ftp://a", "", "http://", "localhost:80", "http://a b",
                           "http://a/?x", "gopher://a"}) {
    const auto url = call_url({.base_url = base}, {.path = "/"});
    ASSERT_FALSE(url) << base;
    EXPECT_EQ(url.error().code, ErrorCode::config) << base;
  }
}

TEST(UrlTest, TakesApartAndJoins) {
  const auto parts = parse_url("HTTPS://User:p@A.Example.:8443/x?y=1#z").value();
  EXPECT_EQ(parts.scheme, "https");
  EXPECT_EQ(parts.host, "a.example");
  EXPECT_EQ(parts.port, "8443");
  EXPECT_EQ(parts.query, "y=1");
  EXPECT_TRUE(parts.has_user);
  EXPECT_EQ(parse_url("http://a/").value().port, "80");
  EXPECT_EQ(parse_url("http://[::1]/").value().host, "::1");
  EXPECT_FALSE(parse_url("file:///etc/passwd"));
  EXPECT_EQ(join_url("http://a/b/c?d", "../e").value(), "http://a/e");
  EXPECT_EQ(join_url("https://a/b", "//c/d").value(), "https://c/d");
  EXPECT_EQ(with_query("http://a/b?c=1", "").value(), "http://a/b");
}

TEST(HostScopeTest, J3KnowsTheWaysToWriteThisMachine) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "0.0.0.0", "localhost", "a.localhost", "::1",
                           "::", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"}) {
    EXPECT_EQ(host_scope(host), HostScope::loopback) << host;
  }
  for (const char* host : {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
                           "fd00::1", "::ffff:10.1.2.3"}) {
    EXPECT_EQ(host_scope(host), HostScope::private_network) << host;
  }
  for (const char* host : {"169.254.169.254", "fe80::1", "fe80::1%eth0", "::ffff:a9fe:a9fe"}) {
    EXPECT_EQ(host_scope(host), HostScope::link_local) << host;
  }
  EXPECT_EQ(host_scope("224.0.0.1"), HostScope::reserved);
  EXPECT_EQ(host_scope("ff02::1"), HostScope::reserved);
  for (const char* host : {"8.8.8.8", "172.32.0.1", "2606:4700::1", "128.0.0.1"}) {
    EXPECT_EQ(host_scope(host), HostScope::global) << host;
  }
  EXPECT_EQ(host_scope("localhost.example"), std::nullopt);
  // Other spellings of an address become the usual one when the URL is read.
  EXPECT_EQ(parse_url("http://2130706433/").value().host, "127.0.0.1");
  EXPECT_EQ(parse_url("http://0x7f.1/").value().host, "127.0.0.1");
}

TEST(ProxyForTest, TheRouteComesFirstAndThisMachineNeedsNone) {
  const ProxyEnvironment environment{.http = "http://p1",
                                     .https = "http://p2",
                                     .all = "http://p3",
                                     .none = "direct.example, .inner.example"};
  const auto through = [&](const char* url, const char* own = "") {
    return proxy_for(environment, {.proxy = own}, parse_url(url).value());
  };
  EXPECT_EQ(through("http://a.example"), "http://p1");
  EXPECT_EQ(through("https://a.example"), "http://p2");
  EXPECT_EQ(through("https://direct.example"), "");
  EXPECT_EQ(through("https://x.inner.example"), "");
  EXPECT_EQ(through("https://indirect.example"), "http://p2");
  EXPECT_EQ(through("http://127.0.0.1:1"), "");
  EXPECT_EQ(through("http://127.0.0.1:1", "http://own"), "http://own");
  EXPECT_EQ(proxy_for({.all = "http://p3"}, {}, parse_url("https://a.example").value()),
            "http://p3");
  EXPECT_EQ(proxy_for({.all = "http://p3", .none = "*"}, {}, parse_url("https://a").value()), "");
}

}  // namespace
}  // namespace vortex
