#include "vortex/net/http_server.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "vortex/base/log.hpp"
#include "vortex/net/request_reader.hpp"
#include "vortex/net/server_reply_text.hpp"
#include "vortex/runtime/cancelled.hpp"
#include "vortex/runtime/sleep.hpp"
#include "vortex/runtime/task_group.hpp"

namespace vortex {
namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;

namespace {

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
constexpr auto kAcceptPause = std::chrono::milliseconds(20);  // when descriptors have run out
constexpr auto kWait = asio::as_tuple(asio::use_awaitable);

void close_socket(tcp::socket& socket, bool reset) {
  boost::system::error_code ignored;  // the peer may have gone first
  if (reset) {
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
  } else {
    socket.shutdown(tcp::socket::shutdown_send, ignored);
  }
  socket.close(ignored);
}

// One client's connection. It lives as long as the coroutine that serves it; the watchdog closes
// its socket after a silence, which ends that coroutine.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Runtime& runtime, tcp::socket socket, const HttpServer::Handler& handler,
             const ServerLimits& limits)
      : runtime_(runtime),
        socket_(std::move(socket)),
        watchdog_(runtime.io()),
        handler_(handler),
        limits_(limits) {}
  ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  awaitable<void> serve();

 private:
  awaitable<bool> read_request(RequestReader* reader);
  awaitable<bool> write_reply(ServerReply reply, bool head, bool keep_alive);
  awaitable<bool> write_body(const ServerReply* reply, std::string_view body);
  awaitable<bool> write_bytes(std::string_view bytes);
  awaitable<void> wait_for_close();
  ServerReply answer(const ServerRequest& request);
  void feed_watchdog();

  Runtime& runtime_;
  tcp::socket socket_;
  asio::steady_timer watchdog_;
  const HttpServer::Handler& handler_;
  const ServerLimits& limits_;
  std::string received_;  // read and not yet taken
};

// Restarted by every byte that moves.
void Connection::feed_watchdog() {
  watchdog_.expires_after(limits_.idle_timeout);
  watchdog_.async_wait([self = weak_from_this()](boost::system::error_code error) {
    const auto connection = self.lock();
    if (error || !connection) return;
    boost::system::error_code ignored;
    connection->socket_.close(ignored);
  });
}

awaitable<void> Connection::serve() {
  boost::system::error_code ignored;  // without it replies are slower, not wrong
  socket_.set_option(tcp::no_delay(true), ignored);
  bool open = true;
  while (open) {
    RequestReader reader(limits_);
    if (!co_await read_request(&reader)) break;
    if (reader.failed_status() != 0) {
      co_await write_reply({.status = reader.failed_status()}, false, false);
      break;
    }
    const bool keep_alive = reader.keep_alive();
    const ServerRequest request = reader.take();
    open = co_await write_reply(answer(request), request.method == "HEAD", keep_alive);
  }
  if (socket_.is_open()) close_socket(socket_, false);
  watchdog_.cancel();
}

// False when the connection ended instead.
awaitable<bool> Connection::read_request(RequestReader* reader) {
  bool continued = false;
  for (;;) {
    received_.erase(0, reader->feed(received_));
    if (reader->done() || reader->failed_status() != 0) co_return true;
    if (!continued && reader->wants_continue()) {
      continued = true;
      if (!co_await write_bytes("HTTP/1.1 100 Continue\r\n\r\n")) co_return false;
    }
    if (co_await is_cancelled()) co_return false;
    feed_watchdog();
    const std::size_t before = received_.size();
    received_.resize(before + kReadBytes);
    auto done = co_await socket_.async_read_some(
        asio::buffer(received_.data() + before, kReadBytes), kWait);
    auto& [error, count] = done;
    received_.resize(before + count);
    if (error) co_return false;
  }
}

// A handler's exception must not end the server.
ServerReply Connection::answer(const ServerRequest& request) {
  std::string what;
  try {
    ServerReply reply = handler_(request);
    if (is_sendable(reply)) return reply;
    what = "a reply header holds a line break";
  } catch (const std::exception& error) {
    what = error.what();
  } catch (...) {
    what = "unknown exception";
  }
  log::error("http server: {} {}: {}", request.method, untrusted(request.path), what);
  return {.status = 500};
}

// False when the connection is over.
awaitable<bool> Connection::write_reply(ServerReply reply, bool head, bool keep_alive) {
  watchdog_.cancel();  // a delay is not the client's silence
  if (reply.delay > Duration::zero() && !co_await sleep_for(runtime_, reply.delay)) co_return false;
  if (reply.hang) {
    co_await wait_for_close();
    co_return false;
  }
  if (reply.reset && !reply.close_after_bytes) {
    close_socket(socket_, true);
    co_return false;
  }
  std::string_view body = reply.body;
  const bool cut = reply.close_after_bytes.has_value() && !head;
  if (cut) body = body.substr(0, *reply.close_after_bytes);
  if (head) body = {};
  const std::string top = reply_head(reply, keep_alive);
  if (reply.trickle_bytes == 0 && body.size() <= kReadBytes) {
    if (!co_await write_bytes(top + std::string(body))) co_return false;
  } else {
    if (!co_await write_bytes(top)) co_return false;
    if (!co_await write_body(&reply, body)) co_return false;
  }
  if (cut) close_socket(socket_, reply.reset);
  co_return !cut && keep_alive;
}

awaitable<bool> Connection::write_body(const ServerReply* reply, std::string_view body) {
  const std::size_t step = reply->trickle_bytes != 0 ? reply->trickle_bytes : body.size();
  while (!body.empty()) {
    const auto piece = body.substr(0, step);
    body.remove_prefix(piece.size());
    if (!co_await write_bytes(piece)) co_return false;
    if (reply->trickle_bytes != 0 && !body.empty() &&
        !co_await sleep_for(runtime_, reply->trickle_pause)) {
      co_return false;
    }
  }
  co_return true;
}

awaitable<bool> Connection::write_bytes(std::string_view bytes) {
  if (co_await is_cancelled()) co_return false;
  feed_watchdog();
  auto done = co_await asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()), kWait);
  co_return !std::get<0>(done);
}

// Reads and drops until the client gives up.
awaitable<void> Connection::wait_for_close() {
  std::array<char, 256> dropped{};
  while (!co_await is_cancelled()) {
    auto done = co_await socket_.async_read_some(asio::buffer(dropped), kWait);
    if (std::get<0>(done)) co_return;
  }
}

}  // namespace

struct HttpServer::Impl : std::enable_shared_from_this<Impl> {
  Impl(Runtime& given_runtime, Handler given_handler, ServerLimits given_limits)
      : runtime(given_runtime),
        handler(std::move(given_handler)),
        limits(given_limits),
        acceptor(given_runtime.io()),
        tasks(given_runtime, {.tasks_max = given_limits.connections_max + 1}) {}

  Result<void> open(const std::string& address, std::uint16_t wanted_port);
  static awaitable<void> accept_all(std::shared_ptr<Impl> self);
  static awaitable<void> serve(std::shared_ptr<Impl> self, tcp::socket socket);

  Runtime& runtime;
  Handler handler;
  ServerLimits limits;
  tcp::acceptor acceptor;
  TaskGroup tasks;
  std::uint64_t accepted = 0;
  std::uint16_t port = 0;
};

Result<void> HttpServer::Impl::open(const std::string& address, std::uint16_t wanted_port) {
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return fail(ErrorCode::usage, "listen: '" + untrusted(address) + "' is no IP address");
  const tcp::endpoint endpoint(ip, wanted_port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return fail(ErrorCode::storage, "listen: " + address + " port " + std::to_string(wanted_port) +
                                        ": " + error.message());
  }
  port = acceptor.local_endpoint(error).port();
  return {};
}

awaitable<void> HttpServer::Impl::accept_all(std::shared_ptr<Impl> self) {
  while (self->acceptor.is_open()) {
    auto done = co_await self->acceptor.async_accept(kWait);
    auto& [error, socket] = done;
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      if (!co_await sleep_for(self->runtime, kAcceptPause)) co_return;
      continue;
    }
    ++self->accepted;
    // A refused socket is closed by its destruction with the coroutine that never ran.
    if (!self->tasks.spawn(serve(self, std::move(socket)))) {
      log::warning("http server: over {} connections, one refused", self->limits.connections_max);
    }
  }
}

awaitable<void> HttpServer::Impl::serve(std::shared_ptr<Impl> self, tcp::socket socket) {
  const auto connection =
      std::make_shared<Connection>(self->runtime, std::move(socket), self->handler, self->limits);
  co_await connection->serve();
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->tasks.stop();
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(Runtime& runtime, const std::string& address,
                                                       std::uint16_t port, Handler handler,
                                                       ServerLimits limits) {
  auto impl = std::make_shared<Impl>(runtime, std::move(handler), limits);
  VORTEX_TRY_VOID(impl->open(address, port));
  VORTEX_TRY_VOID(impl->tasks.spawn(Impl::accept_all(impl)));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::uint16_t HttpServer::port() const {
  return impl_->port;
}
std::uint64_t HttpServer::connections_accepted() const {
  return impl_->accepted;
}

awaitable<void> HttpServer::stop() {
  const auto impl = impl_;
  boost::system::error_code ignored;
  impl->acceptor.close(ignored);
  impl->tasks.stop();
  co_await impl->tasks.join();
}

}  // namespace vortex
