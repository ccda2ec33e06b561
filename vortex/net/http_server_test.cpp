#include "vortex/net/http_server.hpp"

#include <stdexcept>
#include <string>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "vortex/net/request_reader.hpp"
#include "vortex/runtime/sleep.hpp"
#include "vortex/runtime/task_group.hpp"

namespace vortex {
namespace {

using boost::asio::awaitable;
using boost::asio::ip::tcp;

constexpr auto kServerTestWait = boost::asio::as_tuple(boost::asio::use_awaitable);

struct RawAnswer {
  std::string bytes;
  boost::system::error_code end;
};

// Sends `bytes` and reads until the server closes.
awaitable<RawAnswer> ask_raw(Runtime* runtime, std::uint16_t port, std::string bytes) {
  tcp::socket socket(runtime->io());
  const tcp::endpoint server(boost::asio::ip::address_v4::loopback(), port);
  co_await socket.async_connect(server, kServerTestWait);
  co_await boost::asio::async_write(socket, boost::asio::buffer(bytes), kServerTestWait);
  RawAnswer answer;
  std::string piece(4096, '\0');
  while (!answer.end) {
    auto done = co_await socket.async_read_some(boost::asio::buffer(piece), kServerTestWait);
    auto& [error, count] = done;
    answer.bytes.append(piece, 0, count);
    answer.end = error;
  }
  co_return answer;
}

ServerReply answer_for_test(const ServerRequest& request) {
  if (request.path == "/echo") {
    std::string text = request.method + "|";
    for (const auto& [name, value] : request.query)
      text.append(name).append("=").append(value).append(";");
    return {.headers = {{"X-One", "1"}}, .body = text + "|" + request.body};
  }
  if (request.path == "/cut") return {.body = "0123456789", .close_after_bytes = 4};
  if (request.path == "/cut-reset") {
    return {.body = "0123456789", .close_after_bytes = 4, .reset = true};
  }
  if (request.path == "/reset") return {.reset = true};
  if (request.path == "/hang") return {.hang = true};
  if (request.path == "/trickle") {
    return {.body = "abcdef", .trickle_bytes = 2, .trickle_pause = Duration(100)};
  }
  if (request.path == "/late") return {.body = "late", .delay = std::chrono::milliseconds(5)};
  if (request.path == "/throw") throw std::runtime_error("bug");
  if (request.path == "/split") return {.headers = {{"X", "a\r\nSet-Cookie: b"}}};
  return {.status = 404};
}

struct ServerExchange {
  std::vector<RawAnswer> answers;
  std::uint64_t connections = 0;
};

awaitable<void> exchange_all(Runtime* runtime, std::vector<std::string> requests,
                             ServerLimits limits, ServerExchange* out) {
  auto server = HttpServer::listen(*runtime, "127.0.0.1", 0, answer_for_test, limits).value();
  for (auto& request : requests) {
    out->answers.push_back(co_await ask_raw(runtime, server->port(), std::move(request)));
  }
  out->connections = server->connections_accepted();
  co_await server->stop();
}

ServerExchange exchange(std::vector<std::string> requests, ServerLimits limits = {}) {
  const SystemClock clock;
  Runtime runtime(clock, 1);
  ServerExchange out;
  runtime.run(exchange_all(&runtime, std::move(requests), limits, &out));
  return out;
}

std::string only_answer(std::string request, ServerLimits limits = {}) {
  return exchange({std::move(request)}, limits).answers.at(0).bytes;
}

TEST(HttpServerTest, AnswersTwoRequestsOnOneConnectionWithDecodedQuery) {
  const auto out = exchange(
      {"GET /echo?a=x%2Fy&b=one+two&c HTTP/1.1\r\nHost: h\r\n\r\n"
       "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"});
  EXPECT_EQ(out.connections, 1u);
  EXPECT_EQ(
      out.answers[0].bytes,
      "HTTP/1.1 200 OK\r\nX-One: 1\r\nContent-Length: 24\r\n\r\nGET|a=x/y;b=one two;c=;|"
      "HTTP/1.1 200 OK\r\nX-One: 1\r\nContent-Length: 9\r\nConnection: close\r\n\r\nPOST||abc");
}

TEST(HttpServerTest, HeadAnnouncesTheLengthAndSendsNoBody) {
  const auto text = only_answer("HEAD /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(text.ends_with("Content-Length: 6\r\nConnection: close\r\n\r\n")) << text;
}

TEST(HttpServerTest, ReadsChunkedBodiesAndAnswersExpectContinue) {
  const auto text = only_answer(
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_TRUE(text.ends_with("POST||abcde")) << text;
}

TEST(HttpServerTest, CutsAfterTheGivenBytesWithTheWholeLengthAnnounced) {
  const auto out = exchange({"GET /cut HTTP/1.1\r\nHost: h\r\n\r\n",
                             "GET /cut-reset HTTP/1.1\r\nHost: h\r\n\r\n",
                             "GET /reset HTTP/1.1\r\nHost: h\r\n\r\n"});
  EXPECT_EQ(out.answers[0].bytes, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123");
  EXPECT_EQ(out.answers[0].end, boost::asio::error::eof);
  EXPECT_EQ(out.answers[1].end, boost::asio::error::connection_reset);
  EXPECT_EQ(out.answers[2].end, boost::asio::error::connection_reset);
  EXPECT_EQ(out.answers[2].bytes, "");
}

TEST(HttpServerTest, TricklesAndDelaysWithoutChangingTheBytes) {
  EXPECT_TRUE(only_answer("GET /trickle HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                  .ends_with("\r\n\r\nabcdef"));
  EXPECT_TRUE(only_answer("GET /late HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                  .ends_with("\r\n\r\nlate"));
}

TEST(HttpServerTest, RefusesMalformedAndOversizedRequests) {
  EXPECT_TRUE(only_answer("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
  const ServerLimits small{.header_bytes_max = 200, .body_bytes_max = 4};
  EXPECT_TRUE(only_answer("GET / HTTP/1.1\r\nX: " + std::string(500, 'x') + "\r\n\r\n", small)
                  .starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(only_answer("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde", small)
                  .starts_with("HTTP/1.1 413 "));
}

TEST(HttpServerTest, AHandlersBugOrASplitHeaderBecomesA500) {
  const std::string close = " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  EXPECT_TRUE(only_answer("GET /throw" + close).starts_with("HTTP/1.1 500 "));
  const auto split = only_answer("GET /split" + close);
  EXPECT_TRUE(split.starts_with("HTTP/1.1 500 "));
  EXPECT_EQ(split.find("Set-Cookie"), std::string::npos);
}

TEST(HttpServerTest, ClosesAClientThatStaysSilent) {
  const auto out =
      exchange({"GET /echo HTTP/1.1\r\nHo"}, {.idle_timeout = std::chrono::milliseconds(20)});
  EXPECT_EQ(out.answers[0].bytes, "");
}

awaitable<void> stop_with_hanging_clients(Runtime* runtime, int* ended) {
  auto server = HttpServer::listen(*runtime, "127.0.0.1", 0, answer_for_test).value();
  TaskGroup clients(*runtime);
  for (int i = 0; i < 5; ++i) {
    auto client = [](Runtime* rt, std::uint16_t port, int* count) -> awaitable<void> {
      (void)co_await ask_raw(rt, port, "GET /hang HTTP/1.1\r\nHost: h\r\n\r\n");
      ++*count;
    };
    EXPECT_TRUE(clients.spawn(client(runtime, server->port(), ended)));
  }
  while (server->connections_accepted() < 5) {
    (void)co_await sleep_for(*runtime, std::chrono::milliseconds(1));
  }
  co_await server->stop();
  co_await clients.join();
}

TEST(HttpServerTest, StopEndsConnectionsThatHang) {
  const SystemClock clock;
  Runtime runtime(clock, 1);
  int ended = 0;
  runtime.run(stop_with_hanging_clients(&runtime, &ended));
  EXPECT_EQ(ended, 5);
}

// Closes the client of a server that missed its stop, which would wait for ever.
awaitable<void> close_later(Runtime* runtime, tcp::socket* client, bool* missed) {
  if (!co_await sleep_for(*runtime, std::chrono::seconds(30))) co_return;
  *missed = true;
  boost::system::error_code ignored;
  client->close(ignored);
}

// The server goes while its handler answers: the connection's coroutine runs, and waits for nothing
// that the stop could reach.
awaitable<void> go_while_answering(Runtime* runtime, ServerReply reply, bool* missed) {
  std::unique_ptr<HttpServer> server;
  const auto answer = [&server, &reply](const ServerRequest&) {
    server.reset();
    return reply;
  };
  server =
      HttpServer::listen(*runtime, "127.0.0.1", 0, answer, {.idle_timeout = std::chrono::hours(1)})
          .value();
  tcp::socket client(runtime->io());
  TaskGroup rescue(*runtime);
  EXPECT_TRUE(rescue.spawn(close_later(runtime, &client, missed)));
  co_await client.async_connect({boost::asio::ip::address_v4::loopback(), server->port()},
                                kServerTestWait);
  const std::string_view request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  co_await boost::asio::async_write(client, boost::asio::buffer(request), kServerTestWait);
  std::string received(1024, '\0');
  boost::system::error_code end;
  while (!end)
    end = std::get<0>(
        co_await client.async_read_some(boost::asio::buffer(received), kServerTestWait));
  rescue.stop();
  co_await rescue.join();
}

TEST(HttpServerTest, StopReachesAConnectionThatIsAnswering) {
  const SystemClock clock;
  for (const ServerReply& reply : {ServerReply{.hang = true}, ServerReply{.body = "whole"}}) {
    Runtime runtime(clock, 1);
    bool missed = false;
    runtime.run(go_while_answering(&runtime, reply, &missed));
    EXPECT_FALSE(missed) << "hang " << reply.hang;
  }
}

awaitable<void> listen_twice(Runtime* runtime, Result<std::uint16_t>* second) {
  auto first = HttpServer::listen(*runtime, "127.0.0.1", 0, answer_for_test).value();
  auto again = HttpServer::listen(*runtime, "127.0.0.1", first->port(), answer_for_test);
  if (!again) *second = std::unexpected(again.error());
  co_await first->stop();
}

TEST(HttpServerTest, ATakenPortIsAnError) {
  const SystemClock clock;
  Runtime runtime(clock, 1);
  Result<std::uint16_t> second = 0;
  runtime.run(listen_twice(&runtime, &second));
  EXPECT_EQ(second.error().code, ErrorCode::storage);
}

TEST(HttpServerTest, MayBeAbandonedWithoutStop) {
  const SystemClock clock;
  Runtime runtime(clock, 1);
  auto server = HttpServer::listen(runtime, "127.0.0.1", 0, answer_for_test).value();
  runtime.run([](Runtime* rt) -> awaitable<void> {
    (void)co_await sleep_for(*rt, std::chrono::milliseconds(1));
  }(&runtime));
  EXPECT_NE(server->port(), 0);
}

}  // namespace
}  // namespace vortex
