#include "vortex/net/redirect.hpp"

#include <algorithm>
#include <utility>

#include "vortex/net/call_check.hpp"
#include "vortex/net/url.hpp"

namespace vortex {

namespace {

std::unexpected<Error> refuse(std::string_view url, std::string_view why) {
  return fail(ErrorCode::redirect_refused,
              "redirect to '" + untrusted(redact_url(url), 120) + "' refused: " + std::string(why));
}

// Of an encoded query, what does not repeat the value of a secret parameter of the call.
std::string without_secrets(std::string_view query, const HttpCall& call) {
  const auto is_secret = [&](std::string_view pair) {
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) return false;
    const auto value = percent_decode(pair.substr(equals + 1));
    return std::ranges::any_of(call.query, [&](const auto& own) {
      return is_credential_name(own.first) && !own.second.empty() && value == own.second;
    });
  };
  std::string kept;
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (is_secret(pair)) continue;
    if (!kept.empty()) kept += '&';
    kept += pair;
  }
  return kept;
}

ScopeRule scopes_for(const HttpRoute& route, const UrlParts& first, const UrlParts& target) {
  // The same host is where the settings point anyway.
  const bool same_host = target.host == first.host;
  return {.allow_all = route.allow_private_hosts || same_host,
          .also = host_scope(first.host).value_or(HostScope::global)};
}

Result<void> check_target(const UrlParts& from, const UrlParts& to, const ScopeRule& scopes,
                          std::string_view url) {
  if (from.scheme == "https" && to.scheme == "http") {
    return refuse(url, "it would leave https for http");
  }
  if (to.has_user) return refuse(url, "it carries a user name");
  const auto scope = host_scope(to.host);
  if (scope && !scopes.allows(*scope)) {
    return refuse(url, "it is an address of this machine or network (allow_private_hosts)");
  }
  return {};
}

}  // namespace

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Result<Hop> next_hop(const HttpRoute& route, const HttpCall& call, std::string_view first_url,
                     const Hop& current, int status, std::string_view location) {
  auto joined = join_url(current.url, location);
  if (!joined) return refuse(location, "it is no URL");
  const auto first = parse_url(first_url);
  const auto from = parse_url(current.url);
  const auto to = parse_url(*joined);
  if (!to || !from || !first) return refuse(*joined, "it is neither http nor https");
  const ScopeRule scopes = scopes_for(route, *first, *to);
  VORTEX_TRY_VOID(check_target(*from, *to, scopes, *joined));

  const bool keeps_method = status == 307 || status == 308 || current.method == HttpMethod::get;
  Hop next{.url = std::move(*joined),
           .method = keeps_method ? current.method : HttpMethod::get,
           .headers = current.headers,
           .body = keeps_method ? current.body : std::string(),
           .scopes = scopes,
           .first_origin = to->same_origin(*first)};
  if (to->same_origin(*from)) return next;
  if (next.method == HttpMethod::post) {
    return refuse(next.url, "it would repeat a POST body to another origin");
  }
  std::erase_if(next.headers, [](const Header& header) { return is_credential_name(header.name); });
  const std::string query = without_secrets(to->query, call);
  if (query == to->query) return next;
  VORTEX_TRY(next.url, with_query(next.url, query));
  return next;
}

}  // namespace vortex
