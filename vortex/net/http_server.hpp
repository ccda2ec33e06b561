// The one HTTP/1.1 server: the simulator stands on it, later the daemon. A handler maps a request
// to a reply that may also misbehave on purpose, so that clients can be tested. Belongs to the I/O
// thread. Keep-alive, HEAD, Expect: 100-continue and chunked requests are served; a malformed
// request gets 400, one beyond the limits 413 or 431, and the connection is closed. No pipelining
// beyond one buffer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"
#include "vortex/runtime/runtime.hpp"

namespace vortex {

struct ServerRequest {
  std::string method;  // "GET"
  std::string path;    // as sent, without the query; decoding is the handler's business
  QueryParams query;   // decoded
  Headers headers;
  std::string body;
};

struct ServerReply {
  int status = 200;
  Headers headers;  // Content-Length is added
  std::string body;
  // Misbehaviour, off by default. Content-Length always announces the whole body.
  Duration delay = Duration::zero();             // before the first byte
  std::optional<std::size_t> close_after_bytes;  // of the body, then the connection is closed
  bool reset = false;             // closes with a TCP reset: after close_after_bytes,
                                  // or without an answer where that is not set
  bool hang = false;              // never answers; the connection stays open
  std::size_t trickle_bytes = 0;  // > 0: this many bytes a trickle_pause
  Duration trickle_pause = std::chrono::milliseconds(10);
};

inline ServerReply reply_with(int status, std::string_view content_type, std::string body) {
  ServerReply reply;
  reply.status = status;
  reply.headers.push_back({"Content-Type", std::string(content_type)});
  reply.body = std::move(body);
  return reply;
}

struct ServerLimits {
  std::uint32_t header_bytes_max = 64 * 1024;
  std::uint64_t body_bytes_max = 16ull << 20;
  std::size_t connections_max = 1024;                // one more is closed at once
  Duration idle_timeout = std::chrono::seconds(60);  // without a byte from or to the client
};

class HttpServer {
 public:
  // Runs on the I/O thread and must not block. What it throws becomes a 500.
  using Handler = std::function<ServerReply(const ServerRequest&)>;

  // Listens on 127.0.0.1 or the given address; port 0 picks a free one. Storage error when it
  // cannot.
  static Result<std::unique_ptr<HttpServer>> listen(Runtime& runtime, const std::string& address,
                                                    std::uint16_t port, Handler handler,
                                                    ServerLimits limits = {});
  // Without `stop` before: connections are abandoned where they wait, and end with the runtime.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  std::uint64_t connections_accepted() const;  // since the start
  // Stops accepting, closes every connection, waits for its coroutines.
  boost::asio::awaitable<void> stop();

 private:
  struct Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with its coroutines
};

}  // namespace vortex
