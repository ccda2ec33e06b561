// A small world for the tests of this room: a runtime, a CurlTransport, and servers on 127.0.0.1,
// among them a raw one that plays given bytes. Each `send` runs the loop until its calls have
// ended.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vortex/net/curl_transport.hpp"
#include "vortex/net/http_server.hpp"
#include "vortex/runtime/runtime.hpp"

namespace vortex::test {

// How the raw server treats one request.
struct RawScript {
  enum class End : unsigned char { close, reset, stay_silent, next_request };

  std::string bytes;                     // sent when the request's head has come
  End end = End::close;                  // what follows them
  std::size_t segment = 0;               // > 0: so many bytes a write
  std::optional<std::size_t> read_only;  // ends after so many bytes of the request instead
};

// Plays one script per request, in the order of the requests; the last one repeats.
class RawServer {
 public:
  RawServer(Runtime& runtime, std::vector<RawScript> scripts);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::uint16_t port() const;
  std::string url() const;
  std::size_t connections() const;
  std::size_t open_connections() const;
  const std::vector<std::string>& requests() const;  // heads, as received
  boost::asio::awaitable<void> stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

class Loopback {
 public:
  Loopback();
  ~Loopback();
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;

  Runtime& runtime() { return runtime_; }
  CurlTransport& transport() { return *transport_; }

  HttpServer& serve(HttpServer::Handler handler);
  RawServer& play(std::vector<RawScript> scripts);
  RawServer& play(std::string bytes, RawScript::End end = RawScript::End::close);

  Result<HttpReply> send(const HttpRoute& route, const HttpCall& call,
                         Duration deadline = std::chrono::seconds(20));
  // All at once; the results in the order of the calls.
  std::vector<Result<HttpReply>> send_together(const HttpRoute& route,
                                               const std::vector<HttpCall>& calls);
  // Starts the call, cancels it after `delay`.
  Result<HttpReply> send_and_cancel(const HttpRoute& route, const HttpCall& call, Duration delay);
  void let_pass(Duration duration);

 private:
  SystemClock clock_;
  Runtime runtime_{clock_, 2};
  std::vector<std::unique_ptr<HttpServer>> servers_;
  std::vector<std::unique_ptr<RawServer>> raw_servers_;
  std::unique_ptr<CurlTransport> transport_;
};

std::string url_of(const HttpServer& server);
HttpCall get_call(std::string path);

}  // namespace vortex::test
