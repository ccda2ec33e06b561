// URLs taken apart and put together by libcurl's own parser, so that what is checked here is what
// is sent. Pure.
#pragma once

#include <string>
#include <string_view>

#include "vortex/base/error.hpp"

namespace vortex {

struct UrlParts {
  std::string scheme;  // lower case: "http" or "https"; others are refused
  std::string host;    // lower case; an IPv6 address without brackets
  std::string port;    // the scheme's own when none is given
  std::string query;   // encoded, without '?'
  bool has_user = false;

  bool same_origin(const UrlParts& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
};

// `usage` on anything but a well-formed http or https URL.
Result<UrlParts> parse_url(std::string_view url);

// A Location header's reference against the URL it came from (RFC 3986 §5).
Result<std::string> join_url(std::string_view base, std::string_view reference);

// The URL with another query; an empty one removes it.
Result<std::string> with_query(std::string_view url, const std::string& query);

}  // namespace vortex
