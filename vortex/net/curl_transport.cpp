#include "vortex/net/curl_transport.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "vortex/base/ascii.hpp"
#include "vortex/net/call_check.hpp"
#include "vortex/net/content_decoder.hpp"
#include "vortex/net/curl_transfer.hpp"
#include "vortex/net/proxy_choice.hpp"
#include "vortex/runtime/cancelled.hpp"
#include "vortex/runtime/run_on_pool.hpp"

namespace vortex {
namespace asio = boost::asio;

namespace {

constexpr int kHostConnectionsMax = 64;
constexpr int kProxyAuthenticationRequired = 407;
// Decompressing less than this is cheaper than a visit to the pool.
constexpr std::size_t kPoolBytesMin = std::size_t{32} * 1024;
// A timer's wait must stay within the clock's range.
constexpr Duration kWaitMax = std::chrono::hours(1);

std::string_view method_name(HttpMethod method) {
  return method == HttpMethod::post ? "POST" : "GET";
}

// What one hop brought, body as it came over the wire.
struct Answer {
  int status = 0;
  Headers headers;
  std::string body;
};

// All Content-Encoding lines as one list (RFC 9110 §5.3).
std::string content_encoding(const Headers& headers) {
  std::string all;
  for (const Header& header : headers) {
    if (!equals_ignoring_case(header.name, "Content-Encoding")) continue;
    if (!all.empty()) all += ", ";
    all += header.value;
  }
  return all;
}

}  // namespace

struct CurlTransport::Impl {
  explicit Impl(Runtime& given_runtime)
      : runtime(given_runtime), environment(ProxyEnvironment::from_environment()) {}
  ~Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<CurlLoop*> loop_for(const HttpRoute& route);

  Task<Answer> exchange(const HttpRoute* route, const Hop* hop, Deadline deadline);
  asio::awaitable<Result<void>> wait(CurlTransfer* transfer, Duration read_timeout,
                                     Deadline deadline);
  Task<HttpReply> follow(const HttpRoute* route, const HttpCall* call, std::string url,
                         Deadline deadline);
  Task<Body> decode(const HttpRoute* route, Answer* answer);

  Runtime& runtime;
  ProxyEnvironment environment;
  // libcurl bounds the connections to a host per multi handle: one for each bound in use.
  std::map<int, std::shared_ptr<CurlLoop>> loops;
};

namespace {

// A transfer's time in a loop: however the coroutine ends, the transfer leaves libcurl before it
// goes.
class Membership {
 public:
  Membership(CurlLoop& loop, CURL* easy) : loop_(loop), easy_(easy) {}
  ~Membership() {
    if (joined_) loop_.remove(easy_);
  }
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;
  bool join(CurlListener* listener) { return joined_ = loop_.add(easy_, listener); }

 private:
  CurlLoop& loop_;
  CURL* easy_;
  bool joined_ = false;
};

}  // namespace

Result<CurlLoop*> CurlTransport::Impl::loop_for(const HttpRoute& route) {
  const int connections = std::clamp(route.connections_max, 1, kHostConnectionsMax);
  auto& loop = loops[connections];
  if (!loop) loop = CurlLoop::create(runtime, connections);
  if (!loop) return fail(ErrorCode::local_resource, "libcurl gave no multi handle");
  return loop.get();
}

// Until the transfer ends, the deadline passes, the peer is silent too long, or the caller is
// cancelled. The transfer's own timer is the only one.
asio::awaitable<Result<void>> CurlTransport::Impl::wait(CurlTransfer* transfer,
                                                        Duration read_timeout, Deadline deadline) {
  // Where the loop itself was held up, the bytes may wait in the socket: a silence counts when it
  // still lasts after one more round.
  Monotonic doubted = Monotonic::max();
  while (!transfer->is_finished()) {
    if (co_await is_cancelled()) {
      co_return fail(ErrorCode::cancelled, "cancelled while waiting for the answer");
    }
    const Monotonic now = runtime.clock().monotonic();
    if (deadline.passed(now)) {
      co_return fail(ErrorCode::deadline, transfer->is_connected()
                                              ? "the deadline passed before the answer was whole"
                                              : "the deadline passed before a connection stood");
    }
    // While connecting libcurl counts; when it is done, the silence began no earlier than now.
    Duration quiet_left = read_timeout;
    if (transfer->is_connected()) {
      quiet_left -= std::chrono::duration_cast<Duration>(now - transfer->progressed_at());
      const bool silent = quiet_left <= Duration::zero();
      if (silent && doubted == transfer->progressed_at()) {
        co_return fail(ErrorCode::timeout,
                       "no byte for " + format_duration(read_timeout) + " (read_timeout)");
      }
      if (silent) doubted = transfer->progressed_at();
    }
    const Duration wait = std::min({quiet_left, deadline.left(now), kWaitMax});
    transfer->wake().expires_after(std::max(wait, Duration::zero()));
    co_await transfer->wake().async_wait(asio::as_tuple(asio::use_awaitable));
  }
  co_return Result<void>{};
}

Task<Answer> CurlTransport::Impl::exchange(const HttpRoute* route, const Hop* hop,
                                           Deadline deadline) {
  VORTEX_CO_TRY(const UrlParts url, parse_url(hop->url));
  VORTEX_CO_TRY(CurlLoop* const loop, loop_for(*route));
  // A new handle for each call: connections, names and TLS sessions are kept by the loop, and a
  // handle used before may refuse options (libcurl 7.88: its buffer's size, after HTTP/2).
  const CurlEasy easy(curl_easy_init());
  if (!easy) co_return fail(ErrorCode::local_resource, "libcurl gave no handle");
  CurlTransfer transfer(runtime, *route, *hop, easy.get());
  VORTEX_CO_TRY_VOID(transfer.prepare(proxy_for(environment, *route, url)));
  Membership membership(*loop, easy.get());
  if (!membership.join(&transfer)) co_return fail(ErrorCode::internal, "libcurl took no call");
  VORTEX_CO_TRY_VOID(co_await wait(&transfer, route->read_timeout, deadline));
  if (auto failure = transfer.failure()) co_return std::unexpected(std::move(*failure));
  co_return Answer{.status = transfer.status(),
                   .headers = transfer.headers().take(),
                   .body = transfer.take_body()};
}

Task<Body> CurlTransport::Impl::decode(const HttpRoute* route, Answer* answer) {
  std::string encoding = content_encoding(answer->headers);
  if (is_identity(encoding)) co_return Body::take(std::move(answer->body));
  const DecodeLimits limits{.bytes_max = route->body_bytes_max, .ratio_max = route->body_ratio_max};
  const bool small = answer->body.size() < kPoolBytesMin;
  auto job = [encoding = std::move(encoding), encoded = std::move(answer->body), limits] {
    return decode_content(encoding, encoded, limits);
  };
  Result<std::string> decoded = small ? job() : Result<std::string>();
  if (!small) decoded = co_await run_on_pool(runtime, std::move(job));
  if (!decoded) co_return std::unexpected(std::move(decoded).error());
  co_return Body::take(std::move(*decoded));
}

Task<HttpReply> CurlTransport::Impl::follow(const HttpRoute* route, const HttpCall* call,
                                            std::string url, Deadline deadline) {
  Hop hop{.url = url, .method = call->method, .headers = call->headers, .body = call->body};
  HttpReply reply{.sent_at = runtime.clock().now()};
  for (int redirects = 0;; ++redirects) {
    VORTEX_CO_TRY(Answer answer, co_await exchange(route, &hop, deadline));
    if (answer.status == kProxyAuthenticationRequired) {
      co_return fail(ErrorCode::proxy_authentication, "the proxy wants a user name and password");
    }
    const std::string location(find_header(answer.headers, "Location"));
    if (!call->follow_redirects || !is_redirect(answer.status) || location.empty()) {
      reply.status = answer.status;
      VORTEX_CO_TRY(reply.body, co_await decode(route, &answer));
      std::ranges::move(answer.headers, std::back_inserter(reply.headers));
      reply.final_url = redact_url(hop.url);
      reply.received_at = runtime.clock().now();
      co_return reply;
    }
    if (redirects >= route->redirects_max) {
      co_return fail(ErrorCode::redirect_refused,
                     "more than " + std::to_string(route->redirects_max) + " redirects");
    }
    VORTEX_CO_TRY(Hop next, next_hop(*route, *call, url, hop, answer.status, location));
    for (Header& header : answer.headers) {
      if (hop.first_origin && equals_ignoring_case(header.name, "Set-Cookie")) {
        reply.headers.push_back(std::move(header));
      }
    }
    hop = std::move(next);
  }
}

CurlTransport::CurlTransport(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
CurlTransport::~CurlTransport() = default;

Result<std::unique_ptr<CurlTransport>> CurlTransport::create(Runtime& runtime) {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kStarted != CURLE_OK) {
    return fail(ErrorCode::local_resource,
                std::string("libcurl did not start: ") + curl_easy_strerror(kStarted));
  }
  return std::unique_ptr<CurlTransport>(new CurlTransport(std::make_shared<Impl>(runtime)));
}

Task<HttpReply> CurlTransport::send(HttpRoute route, HttpCall call, Deadline deadline) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto impl = impl_;
  VORTEX_CO_TRY_VOID(check_call(call));
  VORTEX_CO_TRY(const std::string url, call_url(route, call));
  auto reply = co_await impl->follow(&route, &call, url, deadline);
  if (!reply) {
    Error error = std::move(reply).error();
    error.call = std::string(method_name(call.method)) + " " + redact_url(url);
    co_return std::unexpected(std::move(error));
  }
  co_return reply;
}

}  // namespace vortex
