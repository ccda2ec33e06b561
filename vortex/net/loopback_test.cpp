#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "vortex/net/loopback_for_test.hpp"
#include "vortex/runtime/sleep.hpp"
#include "vortex/runtime/task_group.hpp"

namespace vortex::test {
namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;

namespace {

constexpr auto kTestWait = asio::as_tuple(asio::use_awaitable);
constexpr std::string_view kEndOfHead = "\r\n\r\n";

}  // namespace

struct RawServer::Impl {
  Impl(Runtime& given_runtime, std::vector<RawScript> given_scripts)
      : runtime(given_runtime),
        scripts(std::move(given_scripts)),
        acceptor(given_runtime.io(), tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        tasks(given_runtime, {.tasks_max = 2000}) {}

  static awaitable<void> accept_all(std::shared_ptr<Impl> self);
  static awaitable<void> serve(std::shared_ptr<Impl> self, tcp::socket socket);
  static awaitable<void> serve_requests(Impl* self, tcp::socket* socket);
  static awaitable<bool> read_head(Impl* self, tcp::socket* socket, const RawScript* script,
                                   std::string* received);
  static awaitable<bool> write_script(tcp::socket* socket, const RawScript* script);

  const RawScript& next_script() { return scripts[std::min(played++, scripts.size() - 1)]; }

  Runtime& runtime;
  std::vector<RawScript> scripts;
  tcp::acceptor acceptor;
  TaskGroup tasks;
  std::size_t played = 0;
  std::size_t connections = 0;
  std::size_t open = 0;
  std::vector<std::string> requests;
};

awaitable<void> RawServer::Impl::accept_all(std::shared_ptr<Impl> self) {
  for (;;) {
    auto done = co_await self->acceptor.async_accept(kTestWait);
    auto& [error, socket] = done;
    if (error == asio::error::operation_aborted) co_return;
    if (error) {  // out of descriptors
      (void)co_await sleep_for(self->runtime, std::chrono::milliseconds(1));
      continue;
    }
    ++self->connections;
    (void)self->tasks.spawn(serve(self, std::move(socket)));
  }
}

awaitable<void> RawServer::Impl::serve(std::shared_ptr<Impl> self, tcp::socket socket) {
  ++self->open;
  co_await serve_requests(self.get(), &socket);
  --self->open;
}

// False when the connection ended, or was ended by the script, instead.
awaitable<bool> RawServer::Impl::read_head(Impl* self, tcp::socket* socket, const RawScript* script,
                                           std::string* received) {
  std::string piece(std::size_t{64} * 1024, '\0');
  const std::size_t enough = script->read_only.value_or(std::string::npos);
  while (received->find(kEndOfHead) == std::string::npos) {
    if (received->size() >= enough) co_return false;
    const std::size_t wanted = std::min(piece.size(), enough - received->size());
    auto done = co_await socket->async_read_some(asio::buffer(piece.data(), wanted), kTestWait);
    if (std::get<0>(done)) co_return false;
    received->append(piece, 0, std::get<1>(done));
  }
  const std::size_t end = received->find(kEndOfHead) + kEndOfHead.size();
  self->requests.push_back(received->substr(0, end));
  received->erase(0, end);
  co_return true;
}

awaitable<bool> RawServer::Impl::write_script(tcp::socket* socket, const RawScript* script) {
  std::string_view rest = script->bytes;
  while (!rest.empty()) {
    const auto piece = rest.substr(0, script->segment != 0 ? script->segment : rest.size());
    rest.remove_prefix(piece.size());
    auto done =
        co_await asio::async_write(*socket, asio::buffer(piece.data(), piece.size()), kTestWait);
    if (std::get<0>(done)) co_return false;
  }
  co_return true;
}

awaitable<void> RawServer::Impl::serve_requests(Impl* self, tcp::socket* socket) {
  socket->set_option(tcp::no_delay(true));
  std::string received;
  for (;;) {
    const RawScript* script = &self->next_script();
    if (co_await read_head(self, socket, script, &received)) {
      if (!co_await write_script(socket, script)) co_return;
      if (script->end == RawScript::End::next_request) continue;
    }
    if (script->end == RawScript::End::reset) {
      socket->set_option(asio::socket_base::linger(true, 0));
    }
    if (script->end == RawScript::End::stay_silent) {
      std::string dropped(1024, '\0');
      while (!std::get<0>(co_await socket->async_read_some(asio::buffer(dropped), kTestWait))) {
      }
    }
    socket->close();
    co_return;
  }
}

RawServer::RawServer(Runtime& runtime, std::vector<RawScript> scripts)
    : impl_(std::make_shared<Impl>(runtime, std::move(scripts))) {
  EXPECT_TRUE(impl_->tasks.spawn(Impl::accept_all(impl_)));
}
RawServer::~RawServer() = default;
std::uint16_t RawServer::port() const {
  return impl_->acceptor.local_endpoint().port();
}
std::string RawServer::url() const {
  return "http://127.0.0.1:" + std::to_string(port());
}
std::size_t RawServer::connections() const {
  return impl_->connections;
}
std::size_t RawServer::open_connections() const {
  return impl_->open;
}
const std::vector<std::string>& RawServer::requests() const {
  return impl_->requests;
}

awaitable<void> RawServer::stop() {
  const auto impl = impl_;
  impl->acceptor.close();
  impl->tasks.stop();
  co_await impl->tasks.join();
}

namespace {

awaitable<void> stop_servers(const std::vector<std::unique_ptr<HttpServer>>* servers,
                             const std::vector<std::unique_ptr<RawServer>>* raw_servers) {
  for (const auto& server : *servers) co_await server->stop();
  for (const auto& server : *raw_servers) co_await server->stop();
}

awaitable<void> send_one(HttpTransport* transport, HttpRoute route, HttpCall call,
                         Deadline deadline, Result<HttpReply>* out) {
  *out = co_await transport->send(std::move(route), std::move(call), deadline);
}

struct SendJob {
  Runtime* runtime;
  HttpTransport* transport;
  HttpRoute route;
  std::vector<HttpCall> calls;
  Duration deadline;
  std::optional<Duration> cancel_after = std::nullopt;
};

awaitable<void> send_all(const SendJob* job, std::vector<Result<HttpReply>>* out) {
  TaskGroup group(*job->runtime);
  const Deadline deadline = Deadline::after(job->runtime->clock().monotonic(), job->deadline);
  for (std::size_t i = 0; i < job->calls.size(); ++i) {
    EXPECT_TRUE(
        group.spawn(send_one(job->transport, job->route, job->calls[i], deadline, &(*out)[i])));
  }
  if (job->cancel_after) {
    (void)co_await sleep_for(*job->runtime, *job->cancel_after);
    group.stop();
  }
  co_await group.join();
}

std::vector<Result<HttpReply>> run_job(const SendJob& job) {
  std::vector<Result<HttpReply>> out(job.calls.size(), fail(ErrorCode::internal, "not sent"));
  job.runtime->run(send_all(&job, &out));
  return out;
}

awaitable<void> pass(Runtime* runtime, Duration duration) {
  (void)co_await sleep_for(*runtime, duration);
}

}  // namespace

Loopback::Loopback() : transport_(CurlTransport::create(runtime_).value()) {}

Loopback::~Loopback() {
  runtime_.run(stop_servers(&servers_, &raw_servers_));
}

HttpServer& Loopback::serve(HttpServer::Handler handler) {
  servers_.push_back(HttpServer::listen(runtime_, "127.0.0.1", 0, std::move(handler)).value());
  return *servers_.back();
}

RawServer& Loopback::play(std::vector<RawScript> scripts) {
  raw_servers_.push_back(std::make_unique<RawServer>(runtime_, std::move(scripts)));
  return *raw_servers_.back();
}

RawServer& Loopback::play(std::string bytes, RawScript::End end) {
  return play(std::vector{RawScript{.bytes = std::move(bytes), .end = end}});
}

Result<HttpReply> Loopback::send(const HttpRoute& route, const HttpCall& call, Duration deadline) {
  return run_job({&runtime_, transport_.get(), route, {call}, deadline}).at(0);
}

std::vector<Result<HttpReply>> Loopback::send_together(const HttpRoute& route,
                                                       const std::vector<HttpCall>& calls) {
  return run_job({&runtime_, transport_.get(), route, calls, std::chrono::seconds(20)});
}

Result<HttpReply> Loopback::send_and_cancel(const HttpRoute& route, const HttpCall& call,
                                            Duration delay) {
  return run_job({&runtime_, transport_.get(), route, {call}, std::chrono::seconds(20), delay})
      .at(0);
}

void Loopback::let_pass(Duration duration) {
  runtime_.run(pass(&runtime_, duration));
}

std::string url_of(const HttpServer& server) {
  return "http://127.0.0.1:" + std::to_string(server.port());
}

HttpCall get_call(std::string path) {
  return {.path = std::move(path)};
}

TEST(RawServerTest, PlaysItsScriptsInOrder) {
  Loopback world;
  auto& server = world.play({{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"},
                             {.bytes = "HTTP/1.1 201 Ok\r\nContent-Length: 1\r\n\r\nb"}});
  const HttpRoute route{.base_url = server.url()};
  EXPECT_EQ(world.send(route, get_call("/1")).value().status, 200);
  EXPECT_EQ(world.send(route, get_call("/2")).value().body.view(), "b");
  EXPECT_EQ(world.send(route, get_call("/3")).value().status, 201);
  ASSERT_EQ(server.requests().size(), 3u);
  EXPECT_TRUE(server.requests()[1].starts_with("GET /2 HTTP/1.1\r\n"));
}

}  // namespace vortex::test
