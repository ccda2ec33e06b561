// Where a provider can be called: base URLs that serve the same, each with its share of the calls.
// Plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"

namespace vortex {

inline constexpr int kEndpointWeightMax = 1000;
inline constexpr std::size_t kEndpointsMax = 1000;  // of one service: a list is no load test

struct Endpoint {
  std::string base_url;  // "https://query2.example/v8": canonical, without a slash at the end
  int weight = 1;        // 1 … kEndpointWeightMax: its share of the calls, against the others'
  std::string source;    // who named it: "config", "consul"
  bool operator==(const Endpoint&) const = default;
};

struct ServiceEndpoints {
  std::string service;  // the provider's name
  std::vector<Endpoint> endpoints;
  bool operator==(const ServiceEndpoints&) const = default;
};

// The one form in which two spellings of an address are equal: scheme and host in lower case, the
// scheme's own port left out, no slash at the end. `config` when it is not http or https, or has a
// query or a fragment.
Result<std::string> canonical_base_url(std::string_view url);

}  // namespace vortex
