// Which proxy a call goes through: the route's, else the environment's by the usual variables. Pure
// but for `from_environment`.
#pragma once

#include <string>

#include "vortex/net/http_transport.hpp"
#include "vortex/net/url.hpp"

namespace vortex {

struct ProxyEnvironment {
  std::string http;   // http_proxy; the upper-case name is not read: a CGI caller could set it
  std::string https;  // https_proxy, HTTPS_PROXY
  std::string all;    // all_proxy, ALL_PROXY
  std::string none;   // no_proxy, NO_PROXY: "*", or host suffixes with commas between

  // Read once, at start: the environment is not safe to read beside its writers.
  static ProxyEnvironment from_environment();
};

// Empty: no proxy. The environment's proxy is never used for this machine itself.
std::string proxy_for(const ProxyEnvironment& environment, const HttpRoute& route,
                      const UrlParts& url);

}  // namespace vortex
