#include "vortex/secrets/oauth_token.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include "vortex/base/ascii.hpp"
#include "vortex/base/base64.hpp"
#include "vortex/base/json.hpp"
#include "vortex/net/host_scope.hpp"
#include "vortex/net/url.hpp"

namespace vortex {
namespace {

constexpr std::uint64_t kReplyBytesMax = std::uint64_t{64} * 1024;
constexpr Duration kLifetimeUnsaid = std::chrono::minutes(5);
constexpr double kLifetimeMaxSeconds = 10.0 * 366 * 86400;

// "https://host/oauth/token" at its path.
std::size_t path_begin(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return url.size();
  return std::min(url.size(), url.find_first_of("/?#", scheme + 3));
}

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

std::optional<TimePoint> retry_after(const HttpReply& reply) {
  const std::string_view text = find_header(reply.headers, "Retry-After");
  std::int64_t seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr std::int64_t kDay = 86400;
  if (text.empty() || read.ec != std::errc{} || seconds < 0 || seconds > kDay) return std::nullopt;
  return reply.received_at + std::chrono::seconds(seconds);
}

// The RFC's own words for it ("invalid_client"); nothing else of the answer is repeated.
std::string error_word(const HttpReply& reply) {
  const auto json = Json::parse(reply.body.view());
  if (!json) return "";
  const auto word = json->string_at("error");
  const auto is_plain = [](char c) {
    return is_alnum(c) || c == '_';
  };
  constexpr std::size_t kWordMax = 40;
  if (!word || word->size() > kWordMax || !std::ranges::all_of(*word, is_plain)) return "";
  return fmt::format(" ({})", *word);
}

std::unexpected<Error> refused(const HttpReply& reply) {
  Error error{
      .code = ErrorCode::server,
      .message = fmt::format("the token's address answers {}{}", reply.status, error_word(reply)),
      .http_status = reply.status};
  if (reply.status == 429) {
    error.code = ErrorCode::rate_limited;
  } else if (reply.status >= 400 && reply.status < 500 && reply.status != 408) {
    error.code = ErrorCode::authentication;
  }
  error.retry_at = retry_after(reply);
  return std::unexpected(std::move(error));
}

std::unexpected<Error> unreadable(std::string_view what) {
  return fail(ErrorCode::bad_payload, fmt::format("the answer with the token {}", what));
}

}  // namespace

Result<HttpRoute> token_route(const OAuthClient& client, const HttpRoute& provider) {
  const auto url = parse_url(client.token_url);
  if (!url || url->has_user)
    return fail(ErrorCode::config, "auth.token_url is no http or https URL without a user");
  if (url->scheme == "http" && host_scope(url->host) != HostScope::loopback) {
    Error error{.code = ErrorCode::config,
                .message = "auth.token_url would carry the client's secret over plain http",
                .hint = "use its https address"};
    return std::unexpected(std::move(error));
  }
  HttpRoute route = provider;
  route.base_url = client.token_url.substr(0, path_begin(client.token_url));
  route.keep_hosts = false;
  route.body_bytes_max = kReplyBytesMax;
  return route;
}

HttpCall token_call(const OAuthClient& client) {
  std::string path = client.token_url.substr(path_begin(client.token_url));
  if (!path.starts_with('/')) path.insert(0, "/");
  HttpCall call{.method = HttpMethod::post,
                .path = std::move(path),
                .headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                            {"Accept", "application/json"}},
                .body = "grant_type=client_credentials",
                .follow_redirects = false};
  if (!client.scope.empty()) call.body += "&scope=" + percent_encode(client.scope);
  const std::string id = percent_encode(client.client_id);
  const std::string secret = percent_encode(client.client_secret.reveal());
  if (client.secret_in_body) {
    call.body += "&client_id=" + id + "&client_secret=" + secret;
  } else {
    call.headers.push_back({"Authorization", "Basic " + base64_encode(id + ":" + secret)});
  }
  return call;
}

Result<OAuthToken> read_token_reply(const HttpReply& reply) {
  if (reply.status != 200) return refused(reply);
  const auto json = Json::parse(reply.body.view());
  if (!json) return unreadable("is no JSON");
  const auto token = json->string_at("access_token");
  if (!token || token->empty() || !is_visible(*token)) return unreadable("has no access_token");
  const auto type = json->string_at("token_type");
  if (!type || !equals_ignoring_case(*type, "bearer")) return unreadable("is for no bearer token");
  OAuthToken out{.value = SecretString(std::string(*token)), .lifetime = kLifetimeUnsaid};
  const Json* expires = json->find("expires_in");
  if (expires == nullptr || expires->is_null()) return out;
  const auto seconds = expires->as_number();
  if (!seconds || !(*seconds > 0)) return unreadable("has an expires_in that is no time to come");
  out.lifetime = std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(std::min(*seconds, kLifetimeMaxSeconds)));
  return out;
}

}  // namespace vortex
