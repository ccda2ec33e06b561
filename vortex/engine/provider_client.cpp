#include "vortex/engine/provider_client.hpp"

#include <utility>

#include <fmt/format.h>

#include "vortex/config/load.hpp"
#include "vortex/runtime/run_on_pool.hpp"
#include "vortex/runtime/sleep.hpp"

namespace vortex {
namespace {

using std::chrono::seconds;

// A provider that says "too many requests" without a time blocks for minutes, and sending on
// prolongs it.
constexpr Duration kBlockPause = seconds(60);

Result<RateLimiter::Options> limiter_options(const ProviderSettings& settings,
                                             const Capabilities& provider) {
  std::vector<RateLimit> limits;
  if (settings.limits) {
    limits = *settings.limits;
  } else {
    for (const std::string_view text : provider.limits) {
      VORTEX_TRY(RateLimit limit, parse_rate_limit(text));
      limits.push_back(std::move(limit));
    }
  }
  RateLimiter::Options options;
  for (const RateLimit& limit : limits) {
    if (limit.window > Duration::zero()) {
      options.rolling.push_back({.count = limit.count, .length = limit.window});
      continue;
    }
    VORTEX_TRY(TimeZone zone, TimeZone::find(limit.zone));
    options.days.push_back({.count = limit.count, .zone = zone});
  }
  return options;
}

HttpRoute route_of(const ProviderSettings& settings, const Capabilities& provider) {
  return {.base_url = settings.base_url_is_default ? std::string(provider.default_base_url)
                                                   : settings.base_url,
          .keep_hosts = settings.base_url_is_default,
          .user_agent = settings.user_agent,
          .connect_timeout = settings.connect_timeout,
          .read_timeout = settings.read_timeout,
          .body_bytes_max = settings.body_bytes_max,
          .proxy = settings.proxy,
          .ca_file = settings.ca_file,
          .allow_private_hosts = settings.allow_private_hosts,
          .connections_max = settings.concurrency};
}

std::string redacted_request(const HttpRoute& route, const HttpCall& call) {
  const std::string origin =
      route.keep_hosts && !call.host.empty() ? "https://" + call.host : route.base_url;
  return fmt::format("{} {}", call.method == HttpMethod::get ? "GET" : "POST",
                     redact_url(origin + call.target()));
}

}  // namespace

Result<std::unique_ptr<ProviderClient>> ProviderClient::create(const Parts& parts) {
  VORTEX_TRY(const RateLimiter::Options limits,
             limiter_options(*parts.settings, parts.provider->adapter->capabilities()));
  return std::unique_ptr<ProviderClient>(new ProviderClient(parts, limits));
}

ProviderClient::ProviderClient(const Parts& parts, const RateLimiter::Options& limits)
    : parts_(parts),
      route_(route_of(*parts.settings, parts.provider->adapter->capabilities())),
      places_(parts.runtime->io_executor(), static_cast<std::size_t>(parts.settings->concurrency)),
      limiter_(limits),
      retry_(
          {.attempts_max = parts.settings->retry.attempts, .budget = parts.settings->retry.budget}),
      session_(parts.runtime->io_executor(), parts.provider->session.get(),
               [this](HttpCall call) { return send(std::move(call)); }),
      random_(parts.seed) {}

Task<CheckedPage> ProviderClient::ask(BarsRequest request, HttpCall call, bool keep_capture) {
  retry_.on_call();
  bool renewed = false;
  for (int number = 1;; ++number) {
    const std::uint64_t generation = session_.generation();
    Result<CheckedPage> page = co_await attempt(request, call, keep_capture);
    if (page) co_return page;
    ++parts_.counts->failed;
    Error error = std::move(page).error();
    error.provider = adapter().capabilities().name;
    if (error.call.empty()) error.call = redacted_request(route_, call);
    error.attempt = number;
    error.attempts_max = settings().retry.attempts;
    VORTEX_CO_TRY_VOID(
        co_await before_next_attempt(std::move(error), number, generation, &renewed));
    ++parts_.counts->retried;
  }
}

Task<CheckedPage> ProviderClient::attempt(BarsRequest request, HttpCall call, bool keep_capture) {
  session_.apply_to(call);
  VORTEX_CO_TRY(HttpReply reply, co_await send(call));
  DecodeJob job{.adapter = &adapter(),
                .request = std::move(request),
                .reply = std::move(reply),
                .redacted_request = redacted_request(route_, call),
                .keep_capture = keep_capture};
  co_return co_await run_on_pool(*parts_.runtime,
                                 [job = std::move(job)] { return run_decode_job(job); });
}

Task<HttpReply> ProviderClient::send(HttpCall call) {
  VORTEX_CO_TRY(auto place, co_await places_.take());
  VORTEX_CO_TRY(auto process_place, co_await parts_.all_calls->take());
  VORTEX_CO_TRY_VOID(co_await permit());
  ++parts_.counts->sent;
  const Deadline deadline =
      Deadline::after(parts_.runtime->clock().monotonic(), settings().breaker.call_timeout);
  co_return co_await parts_.transport->send(route_, std::move(call), deadline);
}

Task<void> ProviderClient::permit() {
  while (true) {
    const Clock& clock = parts_.runtime->clock();
    if (block_ && clock.monotonic() < blocked_until_) co_return std::unexpected(*block_);
    const RateLimiter::Decision decision = limiter_.try_acquire(clock.monotonic(), clock.now());
    if (decision.admitted) co_return Result<void>{};
    if (decision.day_used_up) {
      Error error{.code = ErrorCode::quota_exhausted, .message = "today's allowance is used up"};
      error.retry_at = clock.now() + decision.wait;
      co_return std::unexpected(std::move(error));
    }
    VORTEX_CO_TRY_VOID(co_await sleep_for(*parts_.runtime, decision.wait));
  }
}

Task<void> ProviderClient::before_next_attempt(Error error, int attempt, std::uint64_t generation,
                                               bool* renewed) {
  if (error.code == ErrorCode::session_refused || error.code == ErrorCode::consent_wall) {
    if (*renewed || !session_.can_renew()) co_return std::unexpected(std::move(error));
    *renewed = true;
    co_return co_await session_.renew(generation, SecretString{});
  }
  const TimePoint now = parts_.runtime->clock().now();
  const std::optional<Duration> delay = retry_.delay_after(error, attempt, now, random_);
  if (!delay) {
    note_block(error);
    if (block_ && error.error_class() == ErrorClass::rate_limited)
      error.retry_at = block_->retry_at;
    co_return std::unexpected(std::move(error));
  }
  // The whole provider waits: what it asked of one call it asked of the account.
  if (error.error_class() == ErrorClass::rate_limited) {
    limiter_.pause_until(parts_.runtime->clock().monotonic() + *delay);
  }
  co_return co_await sleep_for(*parts_.runtime, *delay);
}

void ProviderClient::note_block(const Error& error) {
  const ErrorClass kind = error.error_class();
  if (kind != ErrorClass::rate_limited && kind != ErrorClass::banned) return;
  const Clock& clock = parts_.runtime->clock();
  if (block_ && clock.monotonic() < blocked_until_) return;
  const Duration pause = error.retry_at ? *error.retry_at - clock.now() : kBlockPause;
  blocked_until_ = clock.monotonic() + pause;
  block_ = Error{
      .code = error.code,
      .message = "not asked: the provider refused a call before and is left alone for a while",
      .evidence = error.evidence,
      .provider = error.provider,
      .retry_at = clock.now() + pause};
}

}  // namespace vortex
