#include "vortex/net/call_check.hpp"

#include <algorithm>
#include <array>

#include "vortex/base/ascii.hpp"
#include "vortex/net/url.hpp"

namespace vortex {

namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

bool is_token_char(char c) {
  return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_host_char(char c) {
  return is_alnum(c) || c == '.' || c == '-' || c == '_' || c == ':';
}

bool is_target_char(char c) {
  return !is_control(c) && c != ' ' && c != '#';
}

Result<void> check_header(const Header& header) {
  if (header.name.empty() || !std::ranges::all_of(header.name, is_token_char)) {
    return fail(ErrorCode::client,
                "not sent: header name '" + untrusted(header.name, 40) + "' is not valid");
  }
  const bool bad_value =
      std::ranges::any_of(header.value, [](char c) { return is_control(c) && c != '\t'; });
  if (bad_value) {
    return fail(ErrorCode::client,
                "not sent: the value of header '" + header.name + "' holds a control character");
  }
  static constexpr auto kOurs = std::to_array<std::string_view>(
      {"host", "content-length", "transfer-encoding", "connection", "te", "upgrade", "expect"});
  if (std::ranges::find(kOurs, lower(header.name)) != kOurs.end()) {
    return fail(ErrorCode::client, "not sent: header '" + header.name + "' is the transport's");
  }
  return {};
}

}  // namespace

Result<void> check_call(const HttpCall& call) {
  if (!call.path.starts_with('/') || !std::ranges::all_of(call.path, is_target_char)) {
    return fail(ErrorCode::client, "not sent: the path '" + untrusted(call.path, 80) +
                                       "' is not encoded or does not begin with '/'");
  }
  if (!std::ranges::all_of(call.host, is_host_char)) {
    return fail(ErrorCode::client, "not sent: '" + untrusted(call.host, 80) + "' is no host name");
  }
  for (const Header& header : call.headers) VORTEX_TRY_VOID(check_header(header));
  return {};
}

Result<std::string> call_url(const HttpRoute& route, const HttpCall& call) {
  if (route.keep_hosts && !call.host.empty()) return "https://" + call.host + call.target();
  std::string_view base = route.base_url;
  while (base.ends_with('/')) base.remove_suffix(1);
  const bool plain = std::ranges::all_of(base, is_target_char) && base.find('?') == base.npos;
  const auto parts = parse_url(base);
  if (!plain || !parts) {
    return fail(ErrorCode::config, "base_url '" + untrusted(redact_url(route.base_url), 120) +
                                       "' is no http or https address");
  }
  return std::string(base) + call.target();
}

bool is_credential_name(std::string_view name) {
  static constexpr auto kMarks = std::to_array<std::string_view>(
      {"cookie", "auth", "key", "token", "secret", "crumb", "pass", "session", "signature", "sig",
       "csrf", "xsrf", "credential"});
  const std::string low = lower(name);
  return std::ranges::any_of(
      kMarks, [&](std::string_view mark) { return low.find(mark) != std::string::npos; });
}

}  // namespace vortex
