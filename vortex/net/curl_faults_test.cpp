// Faults of the road and of HTTP at byte level, by the ids of the fault matrix.
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "vortex/net/compress_for_test.hpp"
#include "vortex/net/loopback_for_test.hpp"

namespace vortex {
namespace {

using test::compress_for_test;
using test::get_call;
using test::Loopback;
using test::RawScript;
using End = RawScript::End;
using std::string_literals::operator""s;

const std::string kWholeAnswer =
    "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 10\r\n\r\n0123456789";

ErrorCode failure_of(std::string bytes, End end = End::close) {
  Loopback world;
  const auto reply =
      world.send({.base_url = world.play(std::move(bytes), end).url()}, get_call("/"));
  return reply ? ErrorCode::empty : reply.error().code;
}

TEST(CurlFaultsTest, A1ConnectionRefusedIsANetworkError) {
  Loopback world;
  std::string url;
  {
    Loopback gone;
    url = gone.play("").url();
  }
  EXPECT_EQ(world.send({.base_url = url}, get_call("/")).error().code, ErrorCode::network);
}

TEST(CurlFaultsTest, A3AnUnknownHostIsAResolveError) {
  Loopback world;
  EXPECT_EQ(world.send({.base_url = "http://no-such-host.invalid"}, get_call("/")).error().code,
            ErrorCode::resolve);
}

TEST(CurlFaultsTest, A5AResetWithinTheRequestIsANetworkError) {
  for (const std::size_t k : {1u, 2u, 10u, 40u}) {
    Loopback world;
    auto& server = world.play({{.end = End::reset, .read_only = k}});
    const auto reply = world.send({.base_url = server.url()}, get_call("/"));
    ASSERT_FALSE(reply) << k;
    EXPECT_EQ(reply.error().code, ErrorCode::network) << k;
  }
}

TEST(CurlFaultsTest, A6A12EveryCutOfTheAnswerIsAnError) {
  const std::size_t first_line = kWholeAnswer.find('\n') + 1;
  for (const End end : {End::close, End::reset}) {
    for (std::size_t k = 0; k < kWholeAnswer.size(); ++k) {
      const auto code = failure_of(kWholeAnswer.substr(0, k), end);
      EXPECT_EQ(code, k < first_line ? ErrorCode::network : ErrorCode::truncated) << k;
    }
  }
  EXPECT_EQ(failure_of(kWholeAnswer), ErrorCode::empty) << "the whole answer is none";
}

TEST(CurlFaultsTest, A8SilenceInMidAnswerIsATimeoutAndTheConnectionIsNotKept) {
  Loopback world;
  auto& server = world.play(kWholeAnswer.substr(0, kWholeAnswer.size() - 3), End::stay_silent);
  const HttpRoute route{.base_url = server.url(), .read_timeout = std::chrono::milliseconds(30)};
  const auto reply = world.send(route, get_call("/"));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::timeout);
  while (server.open_connections() != 0) world.let_pass(std::chrono::milliseconds(1));
  EXPECT_EQ(server.connections(), 1u);
}

TEST(CurlFaultsTest, A8SilenceBeforeTheAnswerIsATimeoutToo) {
  Loopback world;
  auto& server = world.play("", End::stay_silent);
  const HttpRoute route{.base_url = server.url(), .read_timeout = std::chrono::milliseconds(30)};
  EXPECT_EQ(world.send(route, get_call("/")).error().code, ErrorCode::timeout);
}

TEST(CurlFaultsTest, A9TheDeadlineEndsACallWhateverTheTimeouts) {
  Loopback world;
  auto& server = world.play("", End::stay_silent);
  const HttpRoute route{.base_url = server.url()};
  EXPECT_EQ(world.send(route, get_call("/"), std::chrono::milliseconds(30)).error().code,
            ErrorCode::deadline);
  EXPECT_EQ(world.send(route, get_call("/"), Duration::zero()).error().code, ErrorCode::deadline);
}

TEST(CurlFaultsTest, A10ASlowAnswerMayTakeLongerThanTheReadTimeout) {
  Loopback world;
  auto& server = world.serve([](const ServerRequest&) {
    return ServerReply{.body = std::string(30, 'x'),
                       .trickle_bytes = 1,
                       .trickle_pause = std::chrono::milliseconds(20)};
  });
  const HttpRoute route{.base_url = test::url_of(server),
                        .read_timeout = std::chrono::milliseconds(500)};
  EXPECT_EQ(world.send(route, get_call("/")).value().body.size(), 30u);
}

TEST(CurlFaultsTest, A11OneByteSegmentsGiveTheSameReply) {
  Loopback world;
  auto& server = world.play({{.bytes = kWholeAnswer, .segment = 1}});
  const auto reply = world.send({.base_url = server.url()}, get_call("/"));
  ASSERT_TRUE(reply) << reply.error().to_line();
  EXPECT_EQ(reply->body.view(), "0123456789");
  EXPECT_EQ(find_header(reply->headers, "X-A"), "b");
}

TEST(CurlFaultsTest, A13AServerThatNeverClosesLeaksNoConnection) {
  Loopback world;
  auto& server = world.play(kWholeAnswer, End::stay_silent);
  HttpRoute route{.base_url = server.url()};
  EXPECT_TRUE(world.send(route, get_call("/")));
  route.read_timeout = std::chrono::milliseconds(30);
  for (int i = 0; i < 5; ++i) (void)world.send(route, get_call("/"));
  while (server.open_connections() > 1) world.let_pass(std::chrono::milliseconds(1));
  EXPECT_LE(server.open_connections(), 1u);
}

TEST(CurlFaultsTest, A17WithoutDescriptorsTheErrorIsOurOwnAndPasses) {
#if __has_feature(undefined_behavior_sanitizer)
  // It looks at an object's memory through a pipe: without descriptors it takes good ones for bad.
  GTEST_SKIP() << "the sanitizer itself needs descriptors; the plain build and TSan run this";
#endif
  Loopback world;
  auto& server = world.play(kWholeAnswer);
  const HttpRoute route{.base_url = server.url()};
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::close(next);
  const rlimit none{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto starved = world.send(route, get_call("/"));
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(starved);
  EXPECT_EQ(starved.error().code, ErrorCode::local_resource) << starved.error().to_line();
  EXPECT_TRUE(world.send(route, get_call("/")));
}

TEST(CurlFaultsTest, B12WrongLengthsAreRefused) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  EXPECT_EQ(failure_of(head + "Content-Length: 11\r\n\r\n0123456789"), ErrorCode::truncated);
  EXPECT_EQ(failure_of(head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
            ErrorCode::bad_payload);
  EXPECT_EQ(failure_of(head + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            ErrorCode::bad_payload);
  EXPECT_EQ(failure_of(head + "Content-Length: x\r\n\r\nabcd"), ErrorCode::bad_payload);
}

TEST(CurlFaultsTest, B12BytesBeyondTheLengthAreNoAnswerToTheNextCall) {
  Loopback world;
  auto& server =
      world.play({{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\n"
                            "Content-Length: 4\r\n\r\nevil",
                   .end = End::next_request},
                  {.bytes = kWholeAnswer}});
  const HttpRoute route{.base_url = server.url()};
  EXPECT_EQ(world.send(route, get_call("/1")).value().body.view(), "abc");
  EXPECT_EQ(world.send(route, get_call("/2")).value().body.view(), "0123456789");
  EXPECT_EQ(server.connections(), 2u);
}

TEST(CurlFaultsTest, B13ChunksAreReadOrRefused) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(failure_of(head + "3\r\nabc\r\n0\r\nX-Trailer: y\r\n\r\n"), ErrorCode::empty);
  EXPECT_EQ(failure_of(head + "zz\r\nabc\r\n0\r\n\r\n"), ErrorCode::bad_payload);
  EXPECT_EQ(failure_of(head + "fffffffffffffffff\r\nabc"), ErrorCode::bad_payload);
  EXPECT_EQ(failure_of(head + "3\r\nabcX\r\n0\r\n\r\n"), ErrorCode::bad_payload);
  EXPECT_EQ(failure_of(head + "3\r\nabc\r\n"), ErrorCode::truncated);
  EXPECT_EQ(failure_of(head + "5\r\nabc"), ErrorCode::truncated);
}

TEST(CurlFaultsTest, B13EndlessChunksEndAtTheByteLimit) {
  Loopback world;
  std::string bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 2000; ++i) bytes += "64\r\n" + std::string(100, 'x') + "\r\n";
  auto& server = world.play(std::move(bytes), End::stay_silent);
  const HttpRoute route{.base_url = server.url(), .body_bytes_max = 100'000};
  EXPECT_EQ(world.send(route, get_call("/")).error().code, ErrorCode::body_too_large);
}

std::string encoded_answer(std::string_view encoding, std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Encoding: " + std::string(encoding) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

TEST(CurlFaultsTest, B14BombsWrongAndCutEncodings) {
  const std::string zeros(std::size_t{4} << 20, '\0');
  for (const char* encoding : {"gzip", "deflate", "br", "zstd"}) {
    const auto bomb = compress_for_test(encoding, zeros);
    EXPECT_EQ(failure_of(encoded_answer(encoding, bomb)), ErrorCode::body_too_large) << encoding;
    EXPECT_EQ(failure_of(encoded_answer(encoding, "{\"chart\": 1}")), ErrorCode::bad_payload)
        << encoding;
    const auto whole = compress_for_test(encoding, "twenty characters of it");
    EXPECT_EQ(failure_of(encoded_answer(encoding, whole.substr(0, whole.size() - 4))),
              ErrorCode::truncated)
        << encoding;
  }
  EXPECT_EQ(failure_of(encoded_answer("rot13", "nopq")), ErrorCode::bad_payload);
}

TEST(CurlFaultsTest, B15OversizedAndMalformedHeadersAreRefused) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  std::string many = head;
  for (int i = 0; i < 10'000; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  EXPECT_EQ(failure_of(many + "\r\n"), ErrorCode::bad_payload);
  EXPECT_EQ(failure_of(head + "X: " + std::string(1 << 20, 'y') + "\r\n\r\n"),
            ErrorCode::bad_payload);
  EXPECT_EQ(failure_of(head + "X: a\0b\r\nContent-Length: 0\r\n\r\n"s), ErrorCode::bad_payload);
  EXPECT_EQ(failure_of(head + "X: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n"),
            ErrorCode::bad_payload);
  EXPECT_EQ(failure_of("SSH-2.0-OpenSSH\r\n"), ErrorCode::bad_payload);
}

TEST(CurlFaultsTest, B16AFloodOfInterimAnswersIsRefused) {
  std::string flood;
  for (int i = 0; i < 20'000; ++i) flood += "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n";
  EXPECT_EQ(failure_of(flood), ErrorCode::bad_payload);
  EXPECT_EQ(failure_of("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + kWholeAnswer),
            ErrorCode::empty);
}

TEST(CurlFaultsTest, B17AKeptConnectionThatClosedIsReplacedUnseen) {
  Loopback world;
  auto& server = world.play({{.bytes = kWholeAnswer, .end = End::next_request},
                             {.end = End::close, .read_only = 1},
                             {.bytes = kWholeAnswer, .end = End::next_request}});
  const HttpRoute route{.base_url = server.url()};
  EXPECT_TRUE(world.send(route, get_call("/1")));
  const auto second = world.send(route, get_call("/2"));
  EXPECT_TRUE(second) << second.error().to_line();
  EXPECT_EQ(server.connections(), 2u);
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST(CurlFaultsTest, H10CancellingAtAnyMomentFreesTheCall) {
  Loopback world;
  auto& server = world.play(kWholeAnswer.substr(0, 30), End::stay_silent);
  const HttpRoute route{.base_url = server.url()};
  for (const int delay_us : {0, 1, 100, 500, 2000}) {
    const auto reply = world.send_and_cancel(route, get_call("/"), Duration(delay_us));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::cancelled) << delay_us;
  }
  while (server.open_connections() != 0) world.let_pass(std::chrono::milliseconds(1));
}

}  // namespace
}  // namespace vortex
