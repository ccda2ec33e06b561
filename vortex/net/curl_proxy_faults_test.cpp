// The road's faults at every byte, over real loopback through the fault proxy, by the ids of the
// fault matrix.
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "vortex/base/fault_record_for_test.hpp"
#include "vortex/net/compress_for_test.hpp"
#include "vortex/net/fault_proxy_for_test.hpp"
#include "vortex/net/loopback_for_test.hpp"

namespace vortex {
namespace {

using std::chrono::milliseconds;
using test::compress_for_test;
using test::ConnectionFaults;
using test::fault_fired;
using test::FaultProxy;
using test::get_call;
using test::Loopback;
using test::url_of;
using FlowEnd = test::FlowFaults::End;

const std::string kProxiedText = "timestamp,open,high,low,close,volume 0123456789 0123456789";

// A server that answers well, the proxy before it, and a client that asks through the proxy.
struct ProxiedWorld {
  Loopback loopback;
  HttpServer& server;
  FaultProxy proxy{loopback.runtime(), server.port()};
  HttpRoute route{.base_url = proxy.url()};
  int answered = 0;

  explicit ProxiedWorld(std::string encoding = "identity")
      : server(loopback.serve([this, encoding](const ServerRequest&) {
          ++answered;
          if (encoding == "identity") return ServerReply{.body = kProxiedText};
          return ServerReply{.headers = {{"Content-Encoding", encoding}},
                             .body = compress_for_test(encoding, kProxiedText)};
        })) {}

  Result<HttpReply> ask(ConnectionFaults faults, Duration deadline = std::chrono::seconds(20)) {
    proxy.set_plan({faults});
    return loopback.send(route, get_call("/v8/chart"), deadline);
  }
  void let_connections_end() {
    while (proxy.open_connections() != 0) loopback.let_pass(milliseconds(1));
  }
};

ConnectionFaults request_ends(std::size_t after, FlowEnd end) {
  return {.request = {.ends_after = after, .end = end}};
}

ConnectionFaults answer_ends(std::size_t after, FlowEnd end) {
  return {.answer = {.ends_after = after, .end = end}};
}

TEST(FaultProxyTest, PassesOnWhatItIsNotToldToBreak) {
  ProxiedWorld world;
  const auto reply = world.ask({});
  ASSERT_TRUE(reply) << reply.error().to_line();
  EXPECT_EQ(reply->body.view(), kProxiedText);
  EXPECT_EQ(world.proxy.connections(), 1u);
  EXPECT_GT(world.proxy.request_bytes(), 60u);
  EXPECT_GT(world.proxy.answer_bytes(), kProxiedText.size());
  EXPECT_EQ(world.proxy.open_connections(), 1u) << "kept alive";
}

TEST(CurlProxyTest, A1ARefusedAddressGivesWayToTheNextOfItsName) {
  Loopback world;  // serves 127.0.0.1 only; localhost is ::1 as well
  auto& server = world.serve([](const ServerRequest&) { return ServerReply{.body = "here"}; });
  const auto reply =
      world.send({.base_url = "http://localhost:" + std::to_string(server.port())}, get_call("/"));
  ASSERT_TRUE(reply) << reply.error().to_line();
  EXPECT_EQ(reply->body.view(), "here");
}

// A port whose queue of connections is full: the kernel drops every further SYN.
class SynBlackHole {
 public:
  SynBlackHole(boost::asio::io_context& io, const boost::asio::ip::tcp::endpoint& where)
      : listener_(io) {
    boost::system::error_code error;
    listener_.open(where.protocol(), error);
    if (!error) listener_.bind(where, error);
    if (error) return;
    EXPECT_EQ(::listen(listener_.native_handle(), 0), 0);
    for (int i = 0; i < 4; ++i) {
      auto& filler = fillers_.emplace_back(io, where.protocol());
      filler.non_blocking(true);
      const auto full = listener_.local_endpoint();
      (void)::connect(filler.native_handle(), full.data(),
                      static_cast<socklen_t>(full.size()));  // Asio's would wait
    }
    stands_ = true;
  }
  bool stands() const { return stands_; }
  std::uint16_t port() const { return listener_.local_endpoint().port(); }

 private:
  boost::asio::ip::tcp::acceptor listener_;
  std::vector<boost::asio::ip::tcp::socket> fillers_;
  bool stands_ = false;
};

TEST(CurlProxyTest, A2AConnectThatHangsEndsLongBeforeTheDeadline) {
  Loopback world;
  const SynBlackHole hole(world.runtime().io(), {boost::asio::ip::address_v4::loopback(), 0});
  ASSERT_TRUE(hole.stands());
  const HttpRoute route{.base_url = "http://127.0.0.1:" + std::to_string(hole.port()),
                        .connect_timeout = milliseconds(40)};
  const auto reply = world.send(route, get_call("/"));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::timeout) << reply.error().to_line();
}

TEST(CurlProxyTest, A2ASecondAddressAnswersWhileTheFirstHangs) {
  Loopback world;
  auto& server = world.serve([](const ServerRequest&) { return ServerReply{.body = "here"}; });
  const SynBlackHole hole(world.runtime().io(),
                          {boost::asio::ip::address_v6::loopback(), server.port()});
  if (!hole.stands()) GTEST_SKIP() << "no IPv6 on this machine";
  const auto reply =
      world.send({.base_url = "http://localhost:" + std::to_string(server.port())}, get_call("/"));
  ASSERT_TRUE(reply) << reply.error().to_line();
  EXPECT_EQ(reply->body.view(), "here");
}

TEST(CurlProxyTest, A3ANameThatIsLookedUpHoldsUpNoOtherCall) {
  Loopback world;
  auto& server = world.serve([](const ServerRequest&) { return ServerReply{.body = "here"}; });
  const HttpCall unknown{.host = "no-such-host.invalid", .path = "/"};
  const auto replies =
      world.send_together({.base_url = url_of(server)}, {unknown, get_call("/"), unknown});
  EXPECT_EQ(replies[0].error().code, ErrorCode::resolve);
  ASSERT_TRUE(replies[1]) << replies[1].error().to_line();
  EXPECT_EQ(replies[2].error().code, ErrorCode::resolve);
}

TEST(CurlProxyTest, A4NewCallsTakeTheNewAddressAlthoughTheOldOneStillAnswers) {
  Loopback world;
  auto& older = world.serve([](const ServerRequest&) { return ServerReply{.body = "older"}; });
  auto& newer = world.serve([](const ServerRequest&) { return ServerReply{.body = "newer"}; });
  HttpRoute route{.base_url = url_of(older)};
  EXPECT_EQ(world.send(route, get_call("/")).value().body.view(), "older");
  route.base_url = url_of(newer);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(world.send(route, get_call("/")).value().body.view(), "newer");
  }
  EXPECT_EQ(older.connections_accepted(), 1u);
}

TEST(CurlProxyTest, A5ACutAtEveryByteOfTheRequestIsANetworkError) {
  ProxiedWorld whole;
  ASSERT_TRUE(whole.ask({}));
  const std::size_t size = whole.proxy.request_bytes();
  ProxiedWorld world;
  for (const FlowEnd end : {FlowEnd::reset, FlowEnd::close}) {
    for (std::size_t k = 0; k < size; ++k) {
      const auto reply = world.ask(request_ends(k, end));
      ASSERT_FALSE(reply) << k;
      EXPECT_EQ(reply.error().code, ErrorCode::network) << k;
      EXPECT_TRUE(reply.error().retryable());
      fault_fired("A5");
    }
  }
  EXPECT_EQ(world.proxy.connections(), 2 * size) << "none was sent again unasked";
  EXPECT_EQ(world.answered, 0);
}

TEST(CurlProxyTest, A6A12ACutAtEveryByteOfTheAnswerIsAnErrorWhateverItsEncoding) {
  const std::size_t status_line = std::string("HTTP/1.1 200 OK\r\n").size();
  for (const char* encoding : {"identity", "gzip"}) {
    ProxiedWorld whole(encoding);
    ASSERT_TRUE(whole.ask({}));
    const std::size_t size = whole.proxy.answer_bytes();
    ProxiedWorld world(encoding);
    for (const FlowEnd end : {FlowEnd::reset, FlowEnd::close}) {
      for (std::size_t k = 0; k < size; ++k) {
        const auto reply = world.ask(answer_ends(k, end));
        ASSERT_FALSE(reply) << encoding << k;
        EXPECT_EQ(reply.error().code, k < status_line ? ErrorCode::network : ErrorCode::truncated)
            << encoding << k << reply.error().to_line();
        fault_fired(end == FlowEnd::reset ? "A6" : "A12");
      }
    }
    EXPECT_EQ(world.proxy.connections(), 2 * size);
  }
}

TEST(CurlProxyTest, A8ABlackHoleAtAnyByteIsATimeoutAndTheConnectionIsNotUsedAgain) {
  ProxiedWorld world;
  ASSERT_TRUE(world.ask({}));
  const std::size_t asked = world.proxy.request_bytes();
  const std::size_t answered = world.proxy.answer_bytes();
  std::int64_t fired = 0;
  const auto expect_timeout = [&](ConnectionFaults faults) {
    ProxiedWorld silent;
    silent.route.read_timeout = milliseconds(20);
    const auto reply = silent.ask(faults);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::timeout) << reply.error().to_line();
    silent.let_connections_end();
    silent.route.read_timeout = HttpRoute().read_timeout;
    EXPECT_TRUE(silent.ask({})) << "the next call goes over a new connection";
    EXPECT_EQ(silent.proxy.connections(), 2u);
    ++fired;
  };
  for (std::size_t k = 0; k <= asked; k += 25) expect_timeout(request_ends(k, FlowEnd::silence));
  for (std::size_t k = 0; k < answered; k += 25) expect_timeout(answer_ends(k, FlowEnd::silence));
  fault_fired("A8", fired);
}

TEST(CurlProxyTest, A9LatencyAndJitterDelayAnAnswerButNotTheDeadline) {
  ProxiedWorld world;
  const test::FlowFaults late{.latency = milliseconds(5), .jitter = milliseconds(10)};
  const auto reply = world.ask({.request = late, .answer = late});
  ASSERT_TRUE(reply) << reply.error().to_line();
  EXPECT_EQ(reply->body.view(), kProxiedText);
  ProxiedWorld later;
  const auto ended = later.ask({.answer = {.latency = std::chrono::seconds(30)}}, milliseconds(30));
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::deadline);
  fault_fired("A9", 2);
}

// Bytes keep coming, so the read timeout does not hold; what bounds the call is its deadline.
TEST(CurlProxyTest, A10ASlowLorisEndsAtTheDeadline) {
  for (const std::size_t rate : {100u, 1024u}) {
    ProxiedWorld world;
    world.route.read_timeout = std::chrono::seconds(5);
    const auto reply = world.ask({.answer = {.bytes_per_second = rate}}, milliseconds(50));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::deadline) << reply.error().to_line();
    world.let_connections_end();
    fault_fired("A10");
  }
}

TEST(CurlProxyTest, A11OneByteSegmentsBothWaysGiveTheSameReply) {
  for (const char* encoding : {"identity", "gzip", "br", "zstd"}) {
    ProxiedWorld world(encoding);
    const auto reply = world.ask({.request = {.segment = 1}, .answer = {.segment = 1}});
    ASSERT_TRUE(reply) << encoding << reply.error().to_line();
    EXPECT_EQ(reply->body.view(), kProxiedText) << encoding;
    fault_fired("A11");
  }
}

std::ptrdiff_t descriptors_open() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                       std::filesystem::directory_iterator());
}

TEST(CurlProxyTest, A13AServerWhoseCloseNeverComesLeaksNoDescriptor) {
  Loopback world;
  auto& server =
      world.play("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nhere");
  FaultProxy proxy(world.runtime(), server.port(), {{.answer = {.slow_close = Duration::max()}}});
  const HttpRoute route{.base_url = proxy.url()};
  std::ptrdiff_t after_first = 0;
  for (int i = 0; i < 20; ++i) {
    const auto reply = world.send(route, get_call("/"));
    ASSERT_TRUE(reply) << reply.error().to_line();
    EXPECT_EQ(reply->body.view(), "here");
    while (proxy.open_connections() != 0) world.let_pass(milliseconds(1));
    if (i == 0) after_first = descriptors_open();
  }
  EXPECT_EQ(descriptors_open(), after_first);
  fault_fired("A13", 20);
}

TEST(CurlProxyTest, A13AnEndThatComesLateIsWaitedForAndOneThatNeverComesIsATimeout) {
  const std::string endless = "HTTP/1.1 200 OK\r\n\r\nuntil the end";
  for (const Duration late : {Duration(milliseconds(30)), Duration::max()}) {
    Loopback world;
    FaultProxy proxy(world.runtime(), world.play(endless).port(),
                     {{.answer = {.slow_close = late}}});
    HttpRoute route{.base_url = proxy.url()};
    if (late == Duration::max()) route.read_timeout = milliseconds(200);
    const auto reply = world.send(route, get_call("/"));
    if (late == Duration::max()) {
      ASSERT_FALSE(reply);
      EXPECT_EQ(reply.error().code, ErrorCode::timeout);
    } else {
      ASSERT_TRUE(reply) << reply.error().to_line();
      EXPECT_EQ(reply->body.view(), "until the end");
    }
    fault_fired("A13");
  }
}

// We send, nothing comes back: whether the call took effect is unknown, so it must not be repeated
// behind the caller's back.
TEST(CurlProxyTest, A19ACallThatReachedTheServerIsNotSentTwice) {
  for (const HttpMethod method : {HttpMethod::get, HttpMethod::post}) {
    for (const FlowEnd end : {FlowEnd::silence, FlowEnd::reset, FlowEnd::close}) {
      ProxiedWorld world;
      if (end == FlowEnd::silence) world.route.read_timeout = milliseconds(250);
      world.proxy.set_plan({answer_ends(0, end)});
      const auto reply =
          world.loopback.send(world.route, {.method = method, .path = "/", .body = "{}"});
      ASSERT_FALSE(reply);
      EXPECT_EQ(reply.error().code,
                end == FlowEnd::silence ? ErrorCode::timeout : ErrorCode::network);
      EXPECT_EQ(world.answered, 1);
      fault_fired("A19");
    }
  }
}

TEST(CurlProxyTest, A19B17APostOverAKeptConnectionIsNotSentTwiceEither) {
  Loopback world;
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere";
  using Ending = test::RawScript::End;
  auto& server =
      world.play({{.bytes = answer, .end = Ending::next_request}, {.end = Ending::close}});
  const HttpRoute route{.base_url = server.url()};
  EXPECT_TRUE(world.send(route, get_call("/1")));
  const auto posted =
      world.send(route, {.method = HttpMethod::post, .path = "/2", .body = R"({"buy": 1})"});
  ASSERT_FALSE(posted);
  EXPECT_EQ(posted.error().code, ErrorCode::network);
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST(CurlProxyTest, B17AGetOverAConnectionThatDiedMeanwhileIsSentOnceMore) {
  ProxiedWorld whole;
  ASSERT_TRUE(whole.ask({}));
  for (const FlowEnd end : {FlowEnd::close, FlowEnd::reset}) {
    ProxiedWorld world;  // the connection dies with the first byte of its second request
    world.proxy.set_plan({request_ends(whole.proxy.request_bytes() + 1, end), {}});
    ASSERT_TRUE(world.loopback.send(world.route, get_call("/v8/chart")));
    const auto reply = world.loopback.send(world.route, get_call("/v8/chart"));
    ASSERT_TRUE(reply) << reply.error().to_line();
    EXPECT_EQ(reply->body.view(), kProxiedText);
    EXPECT_EQ(world.answered, 2);
    EXPECT_EQ(world.proxy.connections(), 2u);
    fault_fired("B17");
  }
}

}  // namespace
}  // namespace vortex
