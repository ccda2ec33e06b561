#include "vortex/provider/cookies.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>

#include "vortex/base/ascii.hpp"

namespace vortex {
namespace {

constexpr std::size_t kCookieMax = 4096;
constexpr std::string_view kHttpOnly = "#HttpOnly_";

bool is_token(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F' && c != ';'; });
}

// A cookie for ".site.com", "site.com" or "www.site.com" goes to www.site.com.
bool is_for(std::string_view domain, std::string_view host) {
  if (domain.starts_with('.')) domain.remove_prefix(1);
  if (equals_ignoring_case(host, domain)) return true;
  return host.size() > domain.size() && host[host.size() - domain.size() - 1] == '.' &&
         equals_ignoring_case(host.substr(host.size() - domain.size()), domain);
}

// An attribute's value; none where it is not there.
std::optional<std::string_view> attribute_of(std::string_view attributes, std::string_view name) {
  while (!attributes.empty()) {
    const std::string_view one = attributes.substr(0, attributes.find(';'));
    attributes.remove_prefix(std::min(attributes.size(), one.size() + 1));
    const std::size_t equals = std::min(one.find('='), one.size());
    if (!equals_ignoring_case(trim(one.substr(0, equals)), name)) continue;
    return trim(equals < one.size() ? one.substr(equals + 1) : std::string_view());
  }
  return std::nullopt;
}

void put_cookie(Headers& cookies, std::string_view name, std::string_view value,
                std::size_t cookies_max) {
  if (name.empty() || name.size() + value.size() > kCookieMax) return;
  if (!is_token(name) || name.contains('=') || !is_token(value)) return;
  const auto found = std::ranges::find(cookies, name, &Header::name);
  if (value.empty()) {
    if (found != cookies.end()) cookies.erase(found);
  } else if (found != cookies.end()) {
    found->value = value;
  } else if (cookies.size() < cookies_max) {
    cookies.push_back({std::string(name), std::string(value)});
  }
}

void keep_cookie(Headers& cookies, std::string_view line, const CookieSite& site) {
  const std::size_t end = std::min(line.find(';'), line.size());
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos || equals >= end || line.size() > kCookieMax) return;
  const std::string_view attributes = end < line.size() ? line.substr(end + 1) : std::string_view();
  const auto domain = attribute_of(attributes, "Domain");
  if (domain && !is_for(*domain, site.host)) return;
  const bool ends = attribute_of(attributes, "Max-Age") == "0";
  const std::string_view value = trim(line.substr(equals + 1, end - equals - 1));
  put_cookie(cookies, trim(line.substr(0, equals)), ends ? std::string_view() : value,
             site.cookies_max);
}

// domain, subdomains too, path, secure, end in Unix seconds (0: with the browser), name, value.
constexpr std::size_t kFields = 7;

std::optional<std::array<std::string_view, kFields>> fields_of(std::string_view line) {
  std::array<std::string_view, kFields> fields;
  for (std::size_t i = 0; i < kFields; ++i) {
    const std::size_t tab = line.find('\t');
    if ((tab == std::string_view::npos) != (i + 1 == kFields)) return std::nullopt;
    fields.at(i) = line.substr(0, tab);
    line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
  }
  return fields;
}

bool is_over(std::string_view end, TimePoint now) {
  double seconds = 0;  // some browsers write a fraction
  const auto [stop, error] = std::from_chars(end.data(), end.data() + end.size(), seconds);
  if (error != std::errc{} || seconds <= 0) return false;
  return seconds < std::chrono::duration<double>(now.time_since_epoch()).count();
}

}  // namespace

void keep_cookies(Headers& cookies, const HttpReply& reply, const CookieSite& site) {
  for (const Header& header : reply.headers) {
    if (equals_ignoring_case(header.name, "Set-Cookie")) keep_cookie(cookies, header.value, site);
  }
}

std::string cookie_line(const Headers& cookies) {
  std::string line;
  for (const Header& cookie : cookies) {
    if (!line.empty()) line += "; ";
    line += cookie.name + "=" + cookie.value;
  }
  return line;
}

Headers cookies_of_line(std::string_view line) {
  Headers cookies;
  while (!line.empty()) {
    const std::string_view one = line.substr(0, line.find(';'));
    line.remove_prefix(std::min(line.size(), one.size() + 1));
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos) continue;
    put_cookie(cookies, trim(one.substr(0, equals)), trim(one.substr(equals + 1)),
               CookieSite{}.cookies_max);
  }
  return cookies;
}

std::string_view cookie_value_of(const Headers& cookies, std::string_view name) {
  const auto found = std::ranges::find(cookies, name, &Header::name);
  return found == cookies.end() ? std::string_view() : std::string_view(found->value);
}

Result<CookieFile> read_cookie_file(std::string_view text, const CookieSite& site, TimePoint now) {
  CookieFile file;
  bool any_line = false;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with(kHttpOnly)) {
      line.remove_prefix(kHttpOnly.size());
    } else if (line.starts_with('#')) {
      continue;
    }
    const auto fields = fields_of(line);
    if (!fields) continue;
    any_line = true;
    if (!is_for(fields->at(0), site.host)) continue;
    if (is_over(fields->at(4), now)) {
      ++file.expired;
    } else {
      put_cookie(file.cookies, fields->at(5), fields->at(6), site.cookies_max);
    }
  }
  if (!file.cookies.empty()) return file;
  std::string why = "is no cookies.txt: no line has seven fields with tabs between them";
  if (any_line) why = "holds no cookie for " + std::string(site.host);
  if (file.expired > 0)
    why = "holds only cookies for " + std::string(site.host) + " that have ended";
  return fail(ErrorCode::authentication, "the text of auth.cookies " + why);
}

}  // namespace vortex
