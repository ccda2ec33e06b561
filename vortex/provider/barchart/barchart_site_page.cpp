#include "vortex/provider/barchart/barchart_site_page.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "vortex/base/ascii.hpp"
#include "vortex/provider/barchart/barchart_errors.hpp"
#include "vortex/provider/html_tag.hpp"
#include "vortex/provider/http_status.hpp"

namespace vortex {
namespace {

constexpr std::size_t kPageMax = std::size_t{1} << 20;  // looked at
constexpr std::size_t kTokenMax = 512;
constexpr std::string_view kBlockedHint =
    "ask OnDemand (providers.barchart.access = \"default\" and an API key), or save the files in a "
    "browser and run vortex import FILE…; the cookies of a browser that is logged in also serve "
    "(providers.barchart.auth.cookies)";

// A token is sent back in a form and in headers: nothing but plain characters.
std::string token_of(std::string_view html, std::string_view tag, std::string_view name,
                     std::string_view attribute) {
  const std::string_view token = find_tag_attribute(html, tag, name, attribute);
  const bool plain = std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7F'; });
  return plain && token.size() <= kTokenMax ? std::string(token) : std::string();
}

bool is_wall(const HttpReply& reply) {
  constexpr auto kWords = std::to_array<std::string_view>(
      {"Just a moment...", "Enable JavaScript and cookies to continue", "Attention Required!",
       "Verify you are human", "Pardon Our Interruption"});
  if (find_header(reply.headers, "cf-mitigated") == "challenge") return true;
  const std::string_view page = reply.body.view().substr(0, kPageMax);
  return trim(page.substr(0, 64)).starts_with('<') &&
         std::ranges::any_of(kWords, [&](std::string_view word) { return page.contains(word); });
}

// "/login", "https://www.barchart.com/login?x".
bool leads_to_login(std::string_view location) {
  if (const std::size_t scheme = location.find("://"); scheme != std::string_view::npos) {
    location.remove_prefix(std::min(location.find('/', scheme + 3), location.size()));
  }
  return location.substr(0, location.find_first_of("?#")) == kBarchartLoginPath;
}

}  // namespace

std::string barchart_form_token(std::string_view html) {
  return token_of(html, "<input", "_token", "value");
}

std::string barchart_page_token(std::string_view html) {
  return token_of(html, "<meta", "csrf-token", "content");
}

bool asks_for_barchart_login(const HttpReply& reply) {
  if (reply.status == 401 || reply.status == 419) return true;
  if (reply.status >= 300 && reply.status < 400) {
    return leads_to_login(find_header(reply.headers, "Location"));
  }
  const std::string_view page = reply.body.view().substr(0, kPageMax);
  return leads_to_login(reply.final_url) ||
         (page.contains("action=\"/login\"") && page.contains("name=\"password\""));
}

Error barchart_site_error(ErrorCode code, std::string message, const HttpReply& reply) {
  Error error = reply_error(code, std::move(message), reply);
  error.evidence.clear();
  return error;
}

Error barchart_blocked(std::string message, const HttpReply& reply) {
  return barchart_site_error(ErrorCode::banned,
                             "blocked as a bot: " + std::move(message) +
                                 "; since 2026-08-31 the website keeps out what is no browser",
                             reply)
      .with_hint(std::string(kBlockedHint));
}

Error barchart_session_ended(std::string message, const HttpReply& reply) {
  return barchart_site_error(ErrorCode::session_refused, std::move(message), reply)
      .with_hint(
          "export the cookies of a browser that is logged in anew "
          "(providers.barchart.auth.cookies), "
          "or set auth.user and auth.password");
}

Error barchart_site_told(std::string_view words, const HttpReply& reply) {
  const std::string text = lower(words);
  const auto says = [&](auto... parts) {
    return (text.contains(parts) || ...);
  };
  const std::string shown = "the website says: " + untrusted(words);
  if (says("exceed", "limit", "allowance", "quota")) {
    Error error =
        reply_error(ErrorCode::quota_exhausted, shown + "; today's downloads are used up", reply);
    error.retry_at = barchart_allowance_back(reply.received_at);
    return error;
  }
  if (says("log in", "login", "sign in", "unauthenticated", "csrf", "session")) {
    return barchart_session_ended(shown, reply);
  }
  if (says("upgrade", "premier", "subscri", "not permitted", "not authorized")) {
    return reply_error(ErrorCode::authorization, shown, reply);
  }
  return reply_error(ErrorCode::schema,
                     shown + "; known are a count and words about a limit that is EXCEEDED", reply);
}

std::optional<Error> barchart_site_refusal(const HttpReply& reply) {
  if (is_wall(reply)) return barchart_blocked("a page for browsers came instead", reply);
  if (reply.status == 403) return barchart_blocked("HTTP 403", reply);
  const bool passes = reply.status == 404 || reply.status < 400;
  if (passes || asks_for_barchart_login(reply)) return std::nullopt;
  Error error = http_status_error(reply);
  error.evidence.clear();
  return error;
}

}  // namespace vortex
