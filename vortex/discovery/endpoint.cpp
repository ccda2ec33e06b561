#include "vortex/discovery/endpoint.hpp"

#include <fmt/core.h>

#include "vortex/base/ascii.hpp"
#include "vortex/net/url.hpp"

namespace vortex {
namespace {

constexpr std::size_t kShownMax = 120;

// "HTTPS://Query2.Example:443" → "https://query2.example"; a user name keeps its case.
std::string canonical_origin(std::string_view origin) {
  const std::size_t at = origin.rfind('@');
  const std::size_t user_begin = origin.find("://") + 3;
  const std::size_t host_begin = at == std::string_view::npos ? user_begin : at + 1;
  std::string out = lower(origin.substr(0, user_begin));
  out += origin.substr(user_begin, host_begin - user_begin);
  out += lower(origin.substr(host_begin));
  const std::string_view own_port = out.starts_with("https:") ? ":443" : ":80";
  if (out.ends_with(own_port)) out.resize(out.size() - own_port.size());
  return out;
}

}  // namespace

Result<std::string> canonical_base_url(std::string_view url) {
  const auto parts = parse_url(url);
  const std::size_t scheme = url.find("://");
  const bool plain = url.find_first_of("?# \t\r\n") == std::string_view::npos &&
                     scheme != std::string_view::npos && !url.substr(scheme + 3).starts_with('/');
  if (!parts || !plain) {
    return fail(ErrorCode::config,
                fmt::format("'{}' is no http or https address to call", untrusted(url, kShownMax)));
  }
  std::string_view rest = url;
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const std::size_t path = std::min(rest.find('/', rest.find("://") + 3), rest.size());
  return canonical_origin(rest.substr(0, path)) + std::string(rest.substr(path));
}

}  // namespace vortex
