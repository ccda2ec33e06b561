// The one HTTP/1.1 server: the simulator stands on it, later the daemon. A handler maps a request to a
// reply that may also misbehave on purpose, so that clients can be tested. Belongs to the I/O thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"
#include "vortex/runtime/runtime.hpp"

namespace vortex {

struct ServerRequest {
  std::string method;   // "GET"
  std::string path;     // decoded is the handler's business: as sent, without the query
  QueryParams query;    // decoded
  Headers headers;
  std::string body;
};

struct ServerReply {
  int status = 200;
  Headers headers;      // Content-Length is added
  std::string body;
  // Misbehaviour, off by default.
  Duration delay = Duration::zero();              // before the first byte
  std::optional<std::size_t> close_after_bytes;   // of the body, then the connection is closed
  bool reset = false;                             // with a TCP reset instead of an orderly close
  bool hang = false;                              // never answers; the connection stays open
  std::size_t trickle_bytes = 0;                  // > 0: this many bytes a trickle_pause
  Duration trickle_pause = std::chrono::milliseconds(10);
};

struct ServerLimits {
  std::uint32_t header_bytes_max = 64 * 1024;
  std::uint64_t body_bytes_max = 16ull << 20;
  int connections_max = 1024;
};

class HttpServer {
 public:
  using Handler = std::function<ServerReply(const ServerRequest&)>;  // must not block

  // Listens on 127.0.0.1 or the given address; port 0 picks a free one. Storage error when it cannot.
  static Result<std::unique_ptr<HttpServer>> listen(Runtime& runtime, const std::string& address,
                                                    std::uint16_t port, Handler handler,
                                                    ServerLimits limits = {});
  ~HttpServer();
  std::uint16_t port() const;
  // Stops accepting, closes every connection, waits for its coroutines.
  boost::asio::awaitable<void> stop();

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vortex
