#include "vortex/sim/simulated_transport.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "vortex/base/ascii.hpp"
#include "vortex/net/call_check.hpp"
#include "vortex/net/content_decoder.hpp"
#include "vortex/net/redirect.hpp"
#include "vortex/net/url.hpp"
#include "vortex/runtime/sleep.hpp"

namespace vortex {
namespace asio = boost::asio;

namespace {

using Reaction = SimulatedNet::Reaction;

// How an exchange ends, and when, from the moment it began.
struct Outcome {
  Duration after = Duration::zero();
  std::optional<Error> error;
};

struct Trip {
  Duration there = Duration::zero();
  Duration back = Duration::zero();
};

Outcome ends(Duration after, ErrorCode code, std::string message) {
  return {.after = after, .error = Error{.code = code, .message = std::move(message)}};
}

Outcome silence(Duration begun, const HttpRoute& route) {
  return ends(begun + route.read_timeout, ErrorCode::timeout,
              "no byte for " + format_duration(route.read_timeout) + " (read_timeout)");
}

Outcome connect_outcome(FaultKind kind, const Trip& trip, const HttpRoute& route) {
  const Duration round = trip.there + trip.back;
  if (kind == FaultKind::resolve)
    return ends(trip.there, ErrorCode::resolve, "the host has no address");
  if (kind == FaultKind::tls)
    return ends(round, ErrorCode::tls, "the peer's certificate is not trusted");
  if (kind == FaultKind::connect_hang) {
    return ends(route.connect_timeout, ErrorCode::timeout,
                "no connection within " + format_duration(route.connect_timeout));
  }
  return ends(round, ErrorCode::network, "connection refused");
}

// From the first byte on. `size` bytes come before the end, whatever end it is.
Outcome body_outcome(const Reaction& reaction, std::size_t size, Duration first,
                     const SimulatedRoad& road, const HttpRoute& route) {
  const ServerReply& reply = reaction.reply;
  Duration time = Duration::zero();
  if (reply.trickle_bytes > 0 && size > reply.trickle_bytes) {
    if (reply.trickle_pause > route.read_timeout) return silence(first, route);
    time = reply.trickle_pause * static_cast<std::int64_t>((size - 1) / reply.trickle_bytes);
  } else if (reply.trickle_bytes == 0 && road.bytes_per_second > 0) {
    time = Duration(size * 1'000'000 / road.bytes_per_second);
  }
  if (size == reaction.body_size()) return {.after = first + time, .error = std::nullopt};
  return ends(first + time, ErrorCode::truncated,
              "the body ended after " + std::to_string(size) + " of " +
                  std::to_string(reaction.body_size()) + " bytes");
}

Outcome outcome_of(const Reaction& reaction, const Trip& trip, const SimulatedRoad& road,
                   const HttpRoute& route) {
  if (reaction.fault && is_before_sending(*reaction.fault))
    return connect_outcome(*reaction.fault, trip, route);
  const ServerReply& reply = reaction.reply;
  const Duration first = trip.there + reply.delay + trip.back;
  if (reply.hang || first > route.read_timeout) return silence(Duration::zero(), route);
  if (reply.reset && !reply.close_after_bytes)
    return ends(first, ErrorCode::network, "connection reset without an answer");
  if (reaction.body_size() > route.body_bytes_max) {
    return ends(first, ErrorCode::body_too_large,
                "body refused: beyond " + std::to_string(route.body_bytes_max) + " bytes");
  }
  const std::size_t size =
      std::min(reaction.body_size(), reply.close_after_bytes.value_or(SIZE_MAX));
  return body_outcome(reaction, size, first, road, route);
}

Result<Body> decoded_body(Reaction& reaction, const HttpRoute& route) {
  const std::string encoding(find_header(reaction.reply.headers, "Content-Encoding"));
  if (is_identity(encoding)) {
    return reaction.body ? std::move(*reaction.body) : Body::take(std::move(reaction.reply.body));
  }
  const std::string_view encoded =
      reaction.body ? reaction.body->view() : std::string_view(reaction.reply.body);
  VORTEX_TRY(std::string plain, decode_content(encoding, encoded,
                                               {.bytes_max = route.body_bytes_max,
                                                .ratio_max = route.body_ratio_max}));
  return Body::take(std::move(plain));
}

QueryParams read_query(std::string_view text) {
  QueryParams query;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    const auto value =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    query.emplace_back(percent_decode(pair.substr(0, equals)).value_or(std::string()),
                       percent_decode(value).value_or(std::string()));
  }
  return query;
}

// The call that a redirect leads to.
Result<HttpCall> call_of(Hop hop) {
  VORTEX_TRY(const UrlParts url, parse_url(hop.url));
  const std::size_t begin = hop.url.find('/', hop.url.find("://") + 3);
  std::string path = begin == std::string::npos ? "/" : hop.url.substr(begin);
  path.resize(std::min(path.size(), path.find_first_of("?#")));
  return HttpCall{.method = hop.method,
                  .host = url.host,
                  .path = std::move(path),
                  .query = read_query(url.query),
                  .headers = std::move(hop.headers),
                  .body = std::move(hop.body)};
}

void keep_cookies(const Headers& from, Headers& into) {
  for (const Header& header : from) {
    if (equals_ignoring_case(header.name, "Set-Cookie")) into.push_back(header);
  }
}

// Counts a call as under way from its arrival to its end, however it ends.
class UnderWay {
 public:
  UnderWay(SimulatedNet& net, const std::string& provider) : net_(net), provider_(provider) {}
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() { net_.leave(provider_); }

 private:
  SimulatedNet& net_;
  const std::string& provider_;
};

}  // namespace

Result<std::string> SimulatedTransport::host_of(const HttpRoute& route, const HttpCall& call) {
  if (route.keep_hosts && !call.host.empty()) return call.host;
  const auto known = hosts_.find(route.base_url);
  if (known != hosts_.end()) return known->second;
  VORTEX_TRY(const std::string url, call_url(route, call));
  VORTEX_TRY(UrlParts parts, parse_url(url));
  hosts_[route.base_url] = parts.host;
  return std::move(parts.host);
}

Task<void> SimulatedTransport::pass_to(Monotonic moment, Deadline deadline) {
  if (moment < deadline.at()) co_return co_await sleep_until(runtime_, moment);
  VORTEX_CO_TRY_VOID(co_await sleep_until(runtime_, deadline.at()));
  co_return fail(ErrorCode::deadline, "the deadline passed before the answer was whole");
}

Task<HttpReply> SimulatedTransport::exchange(const HttpRoute* route, const std::string* host,
                                             const HttpCall* call, Deadline deadline) {
  const std::string* const provider = net_.provider_of(*host);
  if (provider == nullptr) co_return fail(ErrorCode::resolve, "the host has no address");
  const Monotonic begun = runtime_.clock().monotonic();
  HttpReply reply{.sent_at = runtime_.clock().now()};
  const Trip trip{.there = net_.draw_latency(), .back = net_.draw_latency()};
  VORTEX_CO_TRY_VOID(co_await pass_to(begun + trip.there, deadline));
  Reaction reaction = net_.arrive(*host, *call);
  const UnderWay under_way(net_, *provider);
  Outcome outcome = outcome_of(reaction, trip, net_.road(), *route);
  VORTEX_CO_TRY_VOID(co_await pass_to(begun + outcome.after, deadline));
  if (outcome.error) co_return std::unexpected(std::move(*outcome.error));
  VORTEX_CO_TRY(reply.body, decoded_body(reaction, *route));
  reply.status = reaction.reply.status;
  reply.headers = std::move(reaction.reply.headers);
  reply.received_at = runtime_.clock().now();
  co_return reply;
}

// The slow path of a call that was redirected.
Task<HttpReply> SimulatedTransport::follow(const HttpRoute* route, const HttpCall* call,
                                           Deadline deadline, HttpReply redirected) {
  VORTEX_CO_TRY(const std::string first_url, call_url(*route, *call));
  Hop hop{.url = first_url, .method = call->method, .headers = call->headers, .body = call->body};
  Headers cookies;
  for (int redirects = 0;; ++redirects) {
    const std::string location(find_header(redirected.headers, "Location"));
    if (!is_redirect(redirected.status) || location.empty()) break;
    if (redirects >= route->redirects_max) {
      co_return fail(ErrorCode::redirect_refused,
                     "more than " + std::to_string(route->redirects_max) + " redirects");
    }
    VORTEX_CO_TRY(Hop next, next_hop(*route, *call, first_url, hop, redirected.status, location));
    if (hop.first_origin) keep_cookies(redirected.headers, cookies);
    hop = std::move(next);
    VORTEX_CO_TRY(const HttpCall next_call, call_of(hop));
    const TimePoint sent_at = redirected.sent_at;
    VORTEX_CO_TRY(redirected, co_await exchange(route, &next_call.host, &next_call, deadline));
    redirected.sent_at = sent_at;
  }
  redirected.headers.insert(redirected.headers.begin(), cookies.begin(), cookies.end());
  redirected.final_url = redact_url(hop.url);
  co_return redirected;
}

Task<HttpReply> SimulatedTransport::send(HttpRoute route, HttpCall call, Deadline deadline) {
  co_await asio::this_coro::throw_if_cancelled(false);
  VORTEX_CO_TRY_VOID(check_call(call));
  VORTEX_CO_TRY(const std::string host, host_of(route, call));
  auto reply = co_await exchange(&route, &host, &call, deadline);
  const bool redirected = reply && call.follow_redirects && is_redirect(reply->status);
  if (redirected) reply = co_await follow(&route, &call, deadline, std::move(*reply));
  if (reply && !redirected) {
    const bool own_host = route.keep_hosts && !call.host.empty();
    reply->final_url =
        redact_url((own_host ? "https://" + call.host : route.base_url) + call.target());
  }
  if (!reply) {
    Error error = std::move(reply).error();
    error.call = (call.method == HttpMethod::get ? "GET " : "POST ") +
                 redact_url((route.keep_hosts && !call.host.empty() ? "https://" + call.host
                                                                    : route.base_url) +
                            call.target());
    co_return std::unexpected(std::move(error));
  }
  co_return reply;
}

}  // namespace vortex
