#include "vortex/net/proxy_choice.hpp"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

#include "vortex/base/ascii.hpp"
#include "vortex/net/host_scope.hpp"

namespace vortex {

namespace {

std::string first_set(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): at start, before other threads
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

// "example.com" and ".example.com" both cover the name itself and what is below it.
bool covers(std::string_view entry, std::string_view host) {
  while (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.empty()) return false;
  if (entry == "*" || equals_ignoring_case(entry, host)) return true;
  return host.size() > entry.size() && host[host.size() - entry.size() - 1] == '.' &&
         equals_ignoring_case(host.substr(host.size() - entry.size()), entry);
}

bool is_excluded(std::string_view list, std::string_view host) {
  while (!list.empty()) {
    const auto entry = list.substr(0, list.find_first_of(", "));
    list.remove_prefix(std::min(list.size(), entry.size() + 1));
    if (covers(entry, host)) return true;
  }
  return false;
}

}  // namespace

ProxyEnvironment ProxyEnvironment::from_environment() {
  return {.http = first_set({"http_proxy"}),
          .https = first_set({"https_proxy", "HTTPS_PROXY"}),
          .all = first_set({"all_proxy", "ALL_PROXY"}),
          .none = first_set({"no_proxy", "NO_PROXY"})};
}

std::string proxy_for(const ProxyEnvironment& environment, const HttpRoute& route,
                      const UrlParts& url) {
  if (!route.proxy.empty()) return route.proxy;
  if (host_scope(url.host) == HostScope::loopback || is_excluded(environment.none, url.host)) {
    return {};
  }
  const std::string& own = url.scheme == "https" ? environment.https : environment.http;
  return own.empty() ? environment.all : own;
}

}  // namespace vortex
