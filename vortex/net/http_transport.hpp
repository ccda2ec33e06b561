// Carries one HttpCall to a provider and brings the reply back. The real one is CurlTransport;
// tests and simulated time use others. Belongs to the I/O thread.
#pragma once

#include <cstdint>
#include <string>

#include "vortex/base/http_message.hpp"
#include "vortex/base/secret.hpp"
#include "vortex/runtime/deadline.hpp"
#include "vortex/runtime/task.hpp"

namespace vortex {

// Where a call goes and under which rules; one per provider, from its settings.
struct HttpRoute {
  std::string base_url;    // "https://query2.finance.yahoo.com"; replaces the call's host
  bool keep_hosts = true;  // true: a call's own host is used (default base URL is in force)
  std::string user_agent;  // empty: "Vortex/<version>"
  Duration connect_timeout = std::chrono::seconds(10);
  Duration read_timeout = std::chrono::seconds(60);  // longest silence while reading
  std::uint64_t body_bytes_max = 512ull << 20;       // after decompression
  std::uint32_t body_ratio_max = 200;                // decompressed / received, above 1 MiB
  int redirects_max = 5;
  std::string proxy;                 // empty: the environment's
  std::string ca_file;               // empty: the system's
  bool allow_private_hosts = false;  // redirects to loopback, private and link-local addresses
  int connections_max = 8;
};

class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  // Any HTTP status is a reply. An error means that there was no whole answer: resolve, tls,
  // network, timeout, deadline, cancelled, truncated, body_too_large, redirect_refused.
  virtual Task<HttpReply> send(HttpRoute route, HttpCall call, Deadline deadline) = 0;
};

}  // namespace vortex
