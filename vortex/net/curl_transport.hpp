// The HttpTransport over libcurl: kept connections, HTTP/2 where offered, proxies, TLS verified,
// redirects and content encodings under our own rules (redirect.hpp, content_decoder.hpp). Belongs
// to the I/O thread; goes before its Runtime and after the last `send` has ended.
//
// Cookies: a call carries its own Cookie header; nothing is remembered between calls. The reply's
// headers are the last answer's, after the Set-Cookie headers of the redirects before it on the
// same origin.
#pragma once

#include <memory>

#include "vortex/net/http_transport.hpp"
#include "vortex/runtime/runtime.hpp"

namespace vortex {

class CurlTransport final : public HttpTransport {
 public:
  // Reads the proxy variables of the environment. local_resource when libcurl cannot start.
  static Result<std::unique_ptr<CurlTransport>> create(Runtime& runtime);
  ~CurlTransport() override;
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  // Beside the errors of HttpTransport: `client` for a call that must not be sent, `config` for a
  // base URL or CA file that cannot be used, `bad_payload` for an answer that is no sound HTTP,
  // `proxy_authentication`, `local_resource`. Cancelling (terminal) cuts the exchange off.
  Task<HttpReply> send(HttpRoute route, HttpCall call, Deadline deadline) override;

 private:
  struct Impl;
  explicit CurlTransport(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with calls under way
};

}  // namespace vortex
