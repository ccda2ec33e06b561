#include "vortex/net/curl_transport.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "vortex/net/compress_for_test.hpp"
#include "vortex/net/loopback_for_test.hpp"

namespace vortex {
namespace {

using test::compress_for_test;
using test::get_call;
using test::Loopback;
using test::url_of;

ServerReply echo_for_transport(const ServerRequest& request) {
  std::string text = request.method + " " + request.path + "\n";
  for (const auto& [name, value] : request.query)
    text.append(name).append("=").append(value).append("\n");
  for (const auto& [name, value] : request.headers)
    text.append(name).append(": ").append(value).append("\n");
  return {.headers = {{"Set-Cookie", "a=1; Path=/"}, {"Set-Cookie", "b=2"}, {"X-Kept", "yes"}},
          .body = text + "\n" + request.body};
}

bool has_line(const HttpReply& reply, const std::string& line) {
  return reply.body.view().find("\n" + line + "\n") != std::string_view::npos;
}

TEST(CurlTransportTest, BringsAReplyWithAllItsHeaders) {
  Loopback world;
  const HttpRoute route{.base_url = url_of(world.serve(echo_for_transport))};
  const auto reply = world.send(route, {.path = "/v8/chart/%5EGSPC",
                                        .query = {{"crumb", "a/b+c"}, {"x", "1"}},
                                        .headers = {{"Cookie", "A1=z; B=y"}, {"X-Empty", ""}}});
  ASSERT_TRUE(reply) << reply.error().to_line();
  EXPECT_EQ(reply->status, 200);
  EXPECT_TRUE(reply->body.view().starts_with("GET /v8/chart/%5EGSPC\n"));
  EXPECT_TRUE(has_line(*reply, "crumb=a/b+c"));
  EXPECT_TRUE(has_line(*reply, "Cookie: A1=z; B=y"));
  EXPECT_NE(reply->body.view().find("\nUser-Agent: Vortex/"), std::string_view::npos);
  EXPECT_TRUE(has_line(*reply, "Accept-Encoding: gzip, deflate, br, zstd"));
  EXPECT_TRUE(has_line(*reply, "X-Empty: "));
  const Headers expected{{"Set-Cookie", "a=1; Path=/"}, {"Set-Cookie", "b=2"}, {"X-Kept", "yes"}};
  EXPECT_EQ(Headers(reply->headers.begin(), reply->headers.begin() + 3), expected);
  EXPECT_EQ(reply->final_url.find("a%2Fb"), std::string::npos) << "the crumb is masked";
  EXPECT_LE(reply->sent_at, reply->received_at);
}

TEST(CurlTransportTest, PostsJsonAndKeepsTheCallersOwnHeaders) {
  Loopback world;
  const HttpRoute route{.base_url = url_of(world.serve(echo_for_transport)),
                        .user_agent = "Agent/1"};
  const std::string body = R"({"big":")" + std::string(2'000'000, 'x') + "\"}";
  const auto reply =
      world.send(route, {.method = HttpMethod::post, .path = "/login", .body = body});
  ASSERT_TRUE(reply) << reply.error().to_line();
  EXPECT_TRUE(has_line(*reply, "Content-Type: application/json"));
  EXPECT_TRUE(has_line(*reply, "User-Agent: Agent/1"));
  EXPECT_TRUE(reply->body.view().ends_with(body));
  const auto form = world.send(route, {.method = HttpMethod::post,
                                       .path = "/",
                                       .headers = {{"content-type", "text/x"}},
                                       .body = "a=b"});
  EXPECT_TRUE(has_line(form.value(), "content-type: text/x"));
}

TEST(CurlTransportTest, ErrorStatusesAreRepliesWithTheirText) {
  Loopback world;
  const HttpRoute route{.base_url = url_of(world.serve([](const ServerRequest&) {
                          return ServerReply{
                              .status = 429, .headers = {{"Retry-After", "7"}}, .body = "Too Many"};
                        }))};
  const auto reply = world.send(route, get_call("/")).value();
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.body.view(), "Too Many");
  EXPECT_EQ(find_header(reply.headers, "retry-after"), "7");
}

TEST(CurlTransportTest, DecodesEveryEncodingAlsoLargeOnesOnThePool) {
  Loopback world;
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i * 7919 % 1'000'003) + ",";
  const HttpRoute route{.base_url = url_of(world.serve([&](const ServerRequest& request) {
                          const auto encoding = request.path.substr(1);
                          return ServerReply{.headers = {{"Content-Encoding", encoding}},
                                             .body = compress_for_test(encoding, text)};
                        }))};
  for (const char* encoding : {"gzip", "deflate", "br", "zstd"}) {
    const auto reply = world.send(route, get_call(std::string("/") + encoding));
    ASSERT_TRUE(reply) << encoding << reply.error().to_line();
    EXPECT_EQ(reply->body.view(), text) << encoding;
  }
}

TEST(CurlTransportTest, KeepsConnectionsAndBoundsThem) {
  Loopback world;
  auto& server = world.serve([](const ServerRequest& request) {
    return ServerReply{.body = request.path, .delay = std::chrono::milliseconds(2)};
  });
  const HttpRoute route{.base_url = url_of(server), .connections_max = 3};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(world.send(route, get_call("/one")));
  EXPECT_EQ(server.connections_accepted(), 1u);
  std::vector<HttpCall> calls;
  calls.reserve(16);
  for (int i = 0; i < 16; ++i) calls.push_back(get_call("/" + std::to_string(i)));
  const auto replies = world.send_together(route, calls);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    EXPECT_EQ(replies[i].value().body.view(), calls[i].path);
  }
  EXPECT_EQ(server.connections_accepted(), 3u);
}

TEST(CurlTransportTest, B11FollowsAtMostFiveRedirectsItself) {
  Loopback world;
  const HttpRoute route{
      .base_url = url_of(world.serve([](const ServerRequest& request) {
        const int left = std::stoi(request.path.substr(1));
        if (left == 0) return ServerReply{.headers = {{"Set-Cookie", "last=1"}}, .body = "there"};
        return ServerReply{.status = 302,
                           .headers = {{"Location", "/" + std::to_string(left - 1)},
                                       {"Set-Cookie", "hop" + std::to_string(left) + "=1"}}};
      }))};
  const auto reply = world.send(route, get_call("/5"));
  ASSERT_TRUE(reply) << reply.error().to_line();
  EXPECT_EQ(reply->body.view(), "there");
  EXPECT_TRUE(reply->final_url.ends_with("/0"));
  EXPECT_EQ(reply->headers[0].value, "hop5=1");
  EXPECT_EQ(reply->headers[5].value, "last=1");
  EXPECT_EQ(world.send(route, get_call("/6")).error().code, ErrorCode::redirect_refused);
}

TEST(CurlTransportTest, ALoginSeesEachHopItself) {
  Loopback world;
  const HttpRoute route{.base_url = url_of(world.serve([](const ServerRequest&) {
                          return ServerReply{.status = 302,
                                             .headers = {{"Location", "http://169.254.169.254/"}}};
                        }))};
  HttpCall call = get_call("/consent");
  call.follow_redirects = false;
  const auto reply = world.send(route, call);
  ASSERT_TRUE(reply) << reply.error().to_line();
  EXPECT_EQ(reply->status, 302);
  EXPECT_EQ(find_header(reply->headers, "Location"), "http://169.254.169.254/");
}

TEST(CurlTransportTest, ASilentCallHoldsUpNoOther) {
  Loopback world;
  const HttpRoute route{.base_url = url_of(world.serve([](const ServerRequest& request) {
                          return ServerReply{.body = "here", .hang = request.path == "/silent"};
                        })),
                        .read_timeout = std::chrono::seconds(1)};
  const auto replies = world.send_together(route, {get_call("/silent"), get_call("/lively")});
  ASSERT_FALSE(replies[0].has_value());
  EXPECT_EQ(replies[0].error().code, ErrorCode::timeout);
  ASSERT_TRUE(replies[1].has_value()) << replies[1].error().to_line();
  EXPECT_EQ(replies[1]->body.view(), "here");
}

TEST(CurlTransportTest, B11CredentialsAreDroppedOnTheWayToAnotherOrigin) {
  Loopback world;
  auto& other = world.serve(echo_for_transport);
  const HttpRoute route{
      .base_url = url_of(world.serve([&](const ServerRequest& request) {
        const auto target = url_of(other) + "/there?apikey=" + request.query.at(0).second;
        return ServerReply{.status = 302,
                           .headers = {{"Location", target}, {"Set-Cookie", "own=1"}}};
      }))};
  const auto reply = world.send(route, {.path = "/",
                                        .query = {{"apikey", "S3cret"}},
                                        .headers = {{"Cookie", "session=S3cret"},
                                                    {"Authorization", "Bearer S3cret"},
                                                    {"X-Plain", "kept"}}});
  ASSERT_TRUE(reply) << reply.error().to_line();
  EXPECT_EQ(reply->body.view().find("S3cret"), std::string_view::npos) << reply->body.view();
  EXPECT_TRUE(has_line(*reply, "X-Plain: kept"));
}

TEST(CurlTransportTest, J3RefusesRedirectsIntoOurOwnMachineAndToOtherSchemes) {
  Loopback world;
  for (const char* target :
       {"http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "http://10.0.0.1/",
        "gopher://127.0.0.1:70/", "http://a:b@127.0.0.1/"}) {
    const HttpRoute route{.base_url = url_of(world.serve([&](const ServerRequest&) {
                            return ServerReply{.status = 302, .headers = {{"Location", target}}};
                          }))};
    const auto reply = world.send(route, get_call("/"));
    ASSERT_FALSE(reply) << target;
    EXPECT_EQ(reply.error().code, ErrorCode::redirect_refused) << target;
  }
}

// A stranger's server, played by a proxy that answers for any host.
TEST(CurlTransportTest, J3AStrangersRedirectToLocalhostIsNeverFollowed) {
  Loopback world;
  int asked = 0;
  auto& server = world.serve([&](const ServerRequest&) {
    ++asked;
    return ServerReply{.status = 302, .headers = {{"Location", "http://localhost:1/x"}}};
  });
  const HttpRoute route{.base_url = "http://stranger.example", .proxy = url_of(server)};
  EXPECT_EQ(world.send(route, get_call("/")).error().code, ErrorCode::redirect_refused);
  EXPECT_EQ(asked, 1);
}

TEST(CurlTransportTest, GoesThroughTheRoutesProxyWithTheFullUrl) {
  Loopback world;
  const HttpRoute route{.base_url = "http://provider.example",
                        .proxy = url_of(world.serve(echo_for_transport))};
  const auto reply = world.send(route, get_call("/a"));
  ASSERT_TRUE(reply) << reply.error().to_line();
  EXPECT_TRUE(reply->body.view().starts_with("GET http://provider.example/a\n"));
}

TEST(CurlTransportTest, A16AProxyThatWantsALoginIsItsOwnError) {
  Loopback world;
  auto& server = world.serve([](const ServerRequest&) {
    return ServerReply{.status = 407, .headers = {{"Proxy-Authenticate", "Basic realm=x"}}};
  });
  for (const char* base : {"http://provider.example", "https://provider.example"}) {
    const auto reply = world.send({.base_url = base, .proxy = url_of(server)}, get_call("/"));
    EXPECT_EQ(reply.error().code, ErrorCode::proxy_authentication) << base;
  }
}

TEST(CurlTransportTest, J2NothingIsSentForACallThatHoldsALineBreak) {
  Loopback world;
  auto& server = world.serve(echo_for_transport);
  const HttpRoute route{.base_url = url_of(server)};
  EXPECT_EQ(world.send(route, get_call("/a\r\nX: y")).error().code, ErrorCode::client);
  EXPECT_EQ(world.send(route, {.path = "/", .headers = {{"Cookie", "a\r\nHost: b"}}}).error().code,
            ErrorCode::client);
  EXPECT_EQ(world.send({.base_url = "file:///etc"}, get_call("/passwd")).error().code,
            ErrorCode::config);
  EXPECT_EQ(server.connections_accepted(), 0u);
  const auto encoded = world.send(route, {.path = "/", .query = {{"s", "a\r\nX: y"}}});
  EXPECT_TRUE(encoded->body.view().find("s=a\r\nX: y\n") != std::string_view::npos);
}

TEST(CurlTransportTest, TheBodyLimitHoldsAndBodiesMayBeReadBehindTheirEnd) {
  Loopback world;
  const HttpRoute route{
      .base_url = url_of(world.serve([](const ServerRequest& request) {
        return ServerReply{.body = std::string(std::stoul(request.path.substr(1)), 'x')};
      })),
      .body_bytes_max = 1000};
  const auto fits = world.send(route, get_call("/1000"));
  ASSERT_TRUE(fits);
  EXPECT_EQ(fits->body.data()[1000 + Body::kBodyPadding - 1], '\0');
  EXPECT_EQ(world.send(route, get_call("/1001")).error().code, ErrorCode::body_too_large);
}

TEST(CurlTransportTest, ErrorsNameTheCallWithoutItsSecrets) {
  Loopback world;
  auto& server = world.play("nonsense");
  const auto reply =
      world.send({.base_url = server.url()}, {.path = "/a", .query = {{"apikey", "S3cret"}}});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().call, "GET " + server.url() + "/a?apikey=***");
  EXPECT_FALSE(reply.error().evidence.empty());
}

}  // namespace
}  // namespace vortex
