// TLS against certificates that are good, expired, for another host, and of an unknown authority.
#include <string>

#include <gtest/gtest.h>

#include "vortex/base/fault_record_for_test.hpp"
#include "vortex/net/fault_proxy_for_test.hpp"
#include "vortex/net/loopback_for_test.hpp"
#include "vortex/net/tls_for_test.hpp"

namespace vortex {
namespace {

using test::CaFile;
using test::fault_fired;
using test::FaultProxy;
using test::get_call;
using test::Identity;
using test::Loopback;
using test::make_identity;
using test::TlsServer;

const std::string kTlsAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsafe";
constexpr long kHour = 3600;

struct TlsWorld {
  Identity authority = make_identity("", kHour, nullptr);
  CaFile ca{authority};
  Loopback loopback;

  Result<HttpReply> send_to(const TlsServer& server, const std::string& host = "127.0.0.1") {
    return loopback.send({.base_url = server.url(host), .ca_file = ca.path()}, get_call("/"));
  }
};

TEST(CurlTlsTest, AGoodCertificateOfOurOwnAuthorityIsTrusted) {
  TlsWorld world;
  const TlsServer server(make_identity("DNS:localhost,IP:127.0.0.1", kHour, &world.authority),
                         kTlsAnswer);
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const auto reply = world.send_to(server, host);
    ASSERT_TRUE(reply) << reply.error().to_line() << reply.error().evidence;
    EXPECT_EQ(reply->body.view(), "safe");
  }
}

TEST(CurlTlsTest, A14AnUnknownAuthorityIsRefusedAndNothingIsSent) {
  TlsWorld world;
  const Identity stranger = make_identity("", kHour, nullptr);
  const TlsServer server(make_identity("IP:127.0.0.1", kHour, &stranger), kTlsAnswer);
  const auto reply = world.send_to(server);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::tls);
  EXPECT_NE(reply.error().evidence, "");
  EXPECT_EQ(server.answered(), 0);
}

TEST(CurlTlsTest, A14TheSystemsAuthoritiesDoNotKnowOurs) {
  TlsWorld world;
  const TlsServer server(make_identity("IP:127.0.0.1", kHour, &world.authority), kTlsAnswer);
  const auto reply = world.loopback.send({.base_url = server.url("127.0.0.1")}, get_call("/"));
  EXPECT_EQ(reply.error().code, ErrorCode::tls);
}

TEST(CurlTlsTest, A14AnExpiredCertificateIsRefused) {
  TlsWorld world;
  const TlsServer server(make_identity("IP:127.0.0.1", -60, &world.authority), kTlsAnswer);
  EXPECT_EQ(world.send_to(server).error().code, ErrorCode::tls);
}

TEST(CurlTlsTest, A14ACertificateForAnotherHostIsRefused) {
  TlsWorld world;
  const TlsServer server(make_identity("DNS:other.example", kHour, &world.authority), kTlsAnswer);
  EXPECT_EQ(world.send_to(server).error().code, ErrorCode::tls);
  EXPECT_EQ(world.send_to(server, "localhost").error().code, ErrorCode::tls);
}

TEST(CurlTlsTest, A15AConnectionCutWithoutCloseNotifyIsTruncated) {
  TlsWorld world;
  const TlsServer server(make_identity("IP:127.0.0.1", kHour, &world.authority),
                         "HTTP/1.1 200 OK\r\n\r\nno length, no end", TlsServer::End::cut);
  const auto reply = world.send_to(server);
  ASSERT_FALSE(reply) << reply->body.view();
  EXPECT_EQ(reply.error().code, ErrorCode::truncated);
}

TEST(CurlTlsTest, A14VersionsBelowTls12AreRefusedAndNothingIsTriedWithout) {
  TlsWorld world;
  const TlsServer server(make_identity("IP:127.0.0.1", kHour, &world.authority), kTlsAnswer,
                         TlsServer::End::close_notify, TlsServer::Versions::old_only);
  EXPECT_EQ(world.send_to(server).error().code, ErrorCode::tls);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(server.answered(), 0);
}

// Where an answer ends with its connection, only close_notify tells a whole one from a cut one.
TEST(CurlTlsTest, A15NoCutOfTheTlsStreamLooksLikeAShorterAnswer) {
  TlsWorld world;
  const TlsServer server(make_identity("IP:127.0.0.1", kHour, &world.authority),
                         "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n01234567890123456789");
  FaultProxy proxy(world.loopback.runtime(), server.port());
  const HttpRoute route{.base_url = "https://127.0.0.1:" + std::to_string(proxy.port()),
                        .ca_file = world.ca.path()};
  ASSERT_TRUE(world.loopback.send(route, get_call("/")));
  const std::size_t size = proxy.answer_bytes();
  for (std::size_t k = 0; k < size; k += k + 150 < size ? 37 : 1) {
    proxy.set_plan({{.answer = {.ends_after = k}}});
    const auto reply = world.loopback.send(route, get_call("/"));
    if (reply) {
      EXPECT_EQ(reply->body.view(), "01234567890123456789") << k;
      EXPECT_GT(k + 60, size) << "before the last record";
    } else {
      const auto code = reply.error().code;
      EXPECT_TRUE(code == ErrorCode::tls || code == ErrorCode::network ||
                  code == ErrorCode::truncated)
          << k << reply.error().to_line();
    }
    fault_fired("A15");
  }
}

TEST(CurlTlsTest, A15AGarbledRecordIsRefusedWhereverItIs) {
  TlsWorld world;
  const TlsServer server(make_identity("IP:127.0.0.1", kHour, &world.authority), kTlsAnswer);
  FaultProxy proxy(world.loopback.runtime(), server.port());
  HttpRoute route{.base_url = "https://127.0.0.1:" + std::to_string(proxy.port()),
                  .ca_file = world.ca.path()};
  ASSERT_TRUE(world.loopback.send(route, get_call("/")));
  // What is garbled may leave both sides waiting for the other.
  route.connect_timeout = std::chrono::milliseconds(200);
  route.read_timeout = std::chrono::milliseconds(200);
  const std::size_t answer_start = proxy.answer_bytes() - 60;
  for (std::size_t k = 0; k < answer_start; k += 53) {
    proxy.set_plan({{.answer = {.garbled_at = k}}});
    const auto reply = world.loopback.send(route, get_call("/"));
    if (reply) EXPECT_EQ(reply->body.view(), "safe") << k;
    fault_fired("A15");
  }
}

TEST(CurlTlsTest, PlainHttpBehindHttpsIsATlsError) {
  TlsWorld world;
  auto& server = world.loopback.serve([](const ServerRequest&) { return ServerReply{}; });
  const auto reply = world.loopback.send(
      {.base_url = "https://127.0.0.1:" + std::to_string(server.port())}, get_call("/"));
  EXPECT_EQ(reply.error().code, ErrorCode::tls);
}

TEST(CurlTlsTest, A2AHandshakeThatHangsEndsWithTheConnectTimeout) {
  TlsWorld world;
  auto& server = world.loopback.play("", test::RawScript::End::stay_silent);
  const auto reply =
      world.loopback.send({.base_url = "https://127.0.0.1:" + std::to_string(server.port()),
                           .connect_timeout = std::chrono::milliseconds(30)},
                          get_call("/"));
  EXPECT_EQ(reply.error().code, ErrorCode::timeout);
}

TEST(CurlTlsTest, ACaFileThatIsNotThereIsAConfigurationError) {
  TlsWorld world;
  const TlsServer server(make_identity("IP:127.0.0.1", kHour, &world.authority), kTlsAnswer);
  const auto reply = world.loopback.send(
      {.base_url = server.url("127.0.0.1"), .ca_file = world.ca.path() + ".missing"},
      get_call("/"));
  EXPECT_EQ(reply.error().code, ErrorCode::config);
}

}  // namespace
}  // namespace vortex
