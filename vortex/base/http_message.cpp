#include "vortex/base/http_message.hpp"

#include <algorithm>
#include <array>

#include "vortex/base/ascii.hpp"
#include "vortex/base/query_params.hpp"

namespace vortex {

Body Body::copy_of(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() + kBodyPadding);
  text.append(bytes);
  return take(std::move(text));
}

Body Body::take(std::string bytes) {
  Body body;
  body.size_ = bytes.size();
  bytes.resize(bytes.size() + kBodyPadding);
  body.text_ = std::make_shared<const std::string>(std::move(bytes));
  return body;
}

std::string_view find_header(const Headers& headers, std::string_view name) {
  for (const Header& header : headers) {
    if (equals_ignoring_case(header.name, name)) return header.value;
  }
  return {};
}

std::string HttpCall::target() const {
  return query.empty() ? path : path + '?' + encode_params(query);
}

namespace {

bool is_unreserved(char c) {
  return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 0x0F];
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

namespace {

constexpr auto kSecretParams = std::to_array<std::string_view>(
    {"crumb", "apikey", "api_key", "api-key", "key", "token", "access_token", "refresh_token",
     "csrftoken", "sessionid", "password", "passwd", "secret", "client_secret", "signature",
     "sig"});

bool is_secret_param(std::string_view name) {
  return std::ranges::any_of(
      kSecretParams, [&](std::string_view secret) { return equals_ignoring_case(secret, name); });
}

bool ends_value(char c) {
  return c == '&' || c == '#' || c == ' ' || c == '"' || c == '\'' || c == '<' || c == '>' ||
         c == ';';
}

bool is_name_char(char c) {
  return is_alnum(c) || c == '_' || c == '-';
}

// "https://user:password@host" → "https://***@host", for every URL in the text.
std::string mask_user_info(std::string_view text) {
  std::string out;
  std::size_t from = 0;
  while (true) {
    const std::size_t scheme = text.find("://", from);
    if (scheme == std::string_view::npos) break;
    const std::size_t begin = scheme + 3;
    const std::size_t end = text.find_first_of("/?# \"'<>", begin);
    const std::string_view authority =
        text.substr(begin, end == std::string_view::npos ? end : end - begin);
    const std::size_t at = authority.rfind('@');
    out.append(text.substr(from, begin - from));
    if (at != std::string_view::npos) out.append("***");
    from = at == std::string_view::npos ? begin : begin + at;
  }
  out.append(text.substr(from));
  return out;
}

}  // namespace

std::string redact_url(std::string_view url) {
  const std::string text = mask_user_info(url);
  std::string out;
  out.reserve(text.size());
  std::size_t name_begin = 0;  // of the word that may turn out to be a parameter's name
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '=' && i > name_begin &&
        is_secret_param(std::string_view(text).substr(name_begin, i - name_begin))) {
      out += "=***";
      ++i;
      while (i < text.size() && !ends_value(text[i])) ++i;
      name_begin = i;
      continue;
    }
    if (!is_name_char(c)) name_begin = i + 1;
    out += c;
    ++i;
  }
  return out;
}

}  // namespace vortex
