#include "vortex/engine/provider_client.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "vortex/engine/account_name.hpp"
#include "vortex/provider/http_status.hpp"
#include "vortex/provider/rate_headers.hpp"
#include "vortex/runtime/run_on_pool.hpp"
#include "vortex/runtime/sleep.hpp"

namespace vortex {
namespace {

using std::chrono::seconds;

// A provider that says "too many requests" without a time blocks for minutes, and sending on
// prolongs it.
constexpr Duration kBlockPause = seconds(60);

std::string redacted_request(const HttpRoute& route, const HttpCall& call) {
  const std::string origin =
      route.keep_hosts && !call.host.empty() ? "https://" + call.host : route.base_url;
  return fmt::format("{} {}", call.method == HttpMethod::get ? "GET" : "POST",
                     redact_url(origin + call.target()));
}

// A step of a login is judged by its status alone; what it says is for the steps to read.
Verdict verdict_of_step(const Result<HttpReply>& reply) {
  if (!reply) return verdict_of(reply.error().code, TimeLimit::attempt);
  if (reply->status < 400) return Verdict::success;
  return verdict_of(http_status_error(*reply).code);
}

bool is_throttled(const Error& error) {
  const ErrorClass kind = error.error_class();
  return kind == ErrorClass::rate_limited || kind == ErrorClass::banned ||
         kind == ErrorClass::quota_exhausted;
}

std::optional<ErrorCode> wrong_with(const Result<CheckedPage>& page) {
  if (!page) return page.error().code;
  return page->refused ? std::optional(page->refused->code) : std::nullopt;
}

double milliseconds(Duration span) {
  return std::chrono::duration<double, std::milli>(span).count();
}

GuardOptions guard_options(const ProviderSettings& settings, std::string name,
                           AccountLimits limits) {
  return {.name = std::move(name),
          .limits = std::move(limits),
          .concurrency = settings.concurrency,
          .breaker = {.track = {.failures_in_a_row = settings.breaker.failures},
                      .reset = settings.breaker.reset,
                      .call_timeout = settings.breaker.call_timeout},
          .retry = {.attempts_max = settings.retry.attempts, .budget = settings.retry.budget}};
}

}  // namespace

Result<std::unique_ptr<ProviderClient>> ProviderClient::create(const Parts& parts) {
  const Capabilities& provider = parts.provider->adapter->capabilities();
  VORTEX_TRY(AccountLimits limits, account_limits(*parts.settings, provider));
  const CredentialSource source{parts.settings, &provider, parts.environment};
  VORTEX_TRY(const SecretString account_key, account_secret(source));
  VORTEX_TRY(LoginSecrets login, login_secrets(source));
  const Account::Parts account{
      .runtime = parts.runtime,
      .ledger = parts.ledger,
      .ledger_turn = parts.ledger_turn,
      .all_calls = parts.all_calls,
      .events = parts.events,
      .name = account_name(*parts.settings, provider, account_key),
      .guard = guard_options(*parts.settings, std::string(provider.name), std::move(limits))};
  std::unique_ptr<ProviderClient> client(new ProviderClient(parts, account, std::move(login)));
  VORTEX_TRY(client->credential_,
             credential_of(source, {.runtime = parts.runtime,
                                    .route = client->route_,
                                    .send = [self = client.get()](HttpRoute route, HttpCall call) {
                                      return self->exchange(std::move(route), std::move(call),
                                                            &self->logins_, self->call_deadline());
                                    }}));
  client->is_proven_ = !wants_credential(provider) && parts.provider->before == nullptr;
  return client;
}

ProviderClient::ProviderClient(const Parts& parts, const Account::Parts& account,
                               LoginSecrets login)
    : parts_(parts),
      route_(route_of(*parts.settings, parts.provider->adapter->capabilities())),
      places_(parts.runtime->io_executor(), static_cast<std::size_t>(parts.settings->concurrency)),
      account_(account),
      login_(std::move(login)),
      session_(*parts.runtime, parts.provider->session.get(),
               [this](HttpCall call) { return login_step(std::move(call)); }),
      first_(parts.runtime->io_executor(), 1),
      random_(parts.seed) {}

Task<CheckedPage> ProviderClient::ask(Question question) {
  account_.guard().on_call();
  Attempt attempt{.counts = question.counts};
  for (;; ++attempt.number) {
    attempt.sent = attempt.asked_for_data = false;
    Result<CheckedPage> page = co_await this->attempt(&question, &attempt);
    if (page || page.error().error_class() != ErrorClass::authentication) {
      is_proven_ = is_proven_ || attempt.sent;
      attempt.first.reset();
    }
    if (page) session_.prove(attempt.session);
    if (page && page->refused) {
      page->refused = described(*std::move(page->refused), question, attempt);
      note_failed_attempt(*page->refused, question);
    }
    if (page) co_return page;
    Error error = described(std::move(page).error(), question, attempt);
    if (attempt.sent) note_failed_attempt(error, question);
    VORTEX_CO_TRY_VOID(co_await before_next_attempt(std::move(error), &attempt));
    ++question.counts->retried;
    ++counts_.retried;
  }
}

Task<Slots::Slot> ProviderClient::take_place() {
  while (true) {
    {
      VORTEX_CO_TRY(auto place, co_await places_.take());
      if (!session_.is_renewing()) co_return std::move(place);
    }
    VORTEX_CO_TRY_VOID(co_await session_.renewal_ended());
  }
}

Task<CheckedPage> ProviderClient::attempt(const Question* question, Attempt* attempt) {
  VORTEX_CO_TRY_VOID(co_await wait_for_first(attempt));
  VORTEX_CO_TRY_VOID(co_await prepare_session(attempt));
  VORTEX_CO_TRY(auto place, co_await take_place());
  if (refused_) co_return std::unexpected(*refused_);  // while this one waited
  VORTEX_CO_TRY_VOID(co_await prepare_credential(attempt));
  VORTEX_CO_TRY(Account::Entry entry, co_await account_.enter());
  Permit& permit = entry.permit;
  auto chosen = choose_way(attempt->tried);
  if (!chosen) {
    account_.guard().not_sent(std::move(permit));
    co_return std::unexpected(std::move(chosen).error());
  }
  Way& way = *chosen;
  if (way.endpoint) attempt->tried.push_back(way.endpoint.id());
  HttpCall call = question->call;
  session_.apply_to(call);
  const std::string redacted = redacted_request(way.route, call);
  credential_->put_into(call);
  SecretMask secrets = secrets_of_calls();
  attempt->session = session_.generation();
  attempt->sent = true;
  const Monotonic sent = account_.now().elapsed;
  Result<HttpReply> reply = co_await exchange_data(way.route, std::move(call), attempt, &secrets);
  if (!reply) {
    leave_unanswered(std::move(permit), reply.error(), *attempt);
    settle_endpoint(way, reply.error().error_class(), sent);
    co_return std::unexpected(secrets.masked(std::move(reply).error()));
  }
  DecodeJob job{.adapter = &adapter(),
                .request = question->request,
                .reply = std::move(*reply),
                .redacted_request = redacted,
                .keep_capture = question->keep_capture,
                .keep_refused = question->keep_capture,
                .secrets = secrets,
                .calendars = question->calendars};
  const auto count = rate_headers(job.reply);
  Result<CheckedPage> page =
      co_await run_on_pool(*parts_.runtime, [job = std::move(job)] { return run_decode_job(job); });
  const std::optional<ErrorCode> wrong = wrong_with(page);
  account_.leave(std::move(permit), wrong ? verdict_of(*wrong) : Verdict::success);
  settle_endpoint(way, wrong ? std::optional(error_entry(*wrong).error_class) : std::nullopt, sent);
  if (count) {
    co_await account_.correct(
        {.limit = count->limit, .remaining = count->remaining, .reset = count->reset});
  }
  if (!page) co_return std::unexpected(secrets.masked(std::move(page).error()));
  if (!page->refused) note_page(*page);
  co_return page;
}

// An answer whose rows are mostly no good is a failure of its data, however well it was delivered.
void ProviderClient::note_page(const CheckedPage& page) {
  ++traffic_.good;
  const auto bad = static_cast<std::int64_t>(page.verdict.quarantined.size());
  const std::int64_t rows = page.page.bars->num_rows() + bad;
  if (rows == 0) return;
  account_.note_quality(bad * 2 <= rows);
}

Result<ProviderClient::Way> ProviderClient::choose_way(AvoidList tried) {
  Way way{.route = route_};
  if (parts_.directory == nullptr) return way;
  VORTEX_TRY(way.endpoint, parts_.directory->pick(adapter().capabilities().name,
                                                  account_.now().elapsed, random_, tried));
  way.route.base_url = way.endpoint.base_url();
  way.route.keep_hosts = false;
  return way;
}

void ProviderClient::settle_endpoint(Way& way, std::optional<ErrorClass> error, Monotonic sent) {
  if (!way.endpoint) return;
  const Monotonic now = account_.now().elapsed;
  way.endpoint.settle(now, error ? endpoint_verdict(*error) : EndpointVerdict::good,
                      std::chrono::duration_cast<Duration>(now - sent));
}

Task<HttpReply> ProviderClient::exchange(HttpRoute route, HttpCall call, CallCounts* counts,
                                         Deadline deadline) {
  ++counts->sent;
  ++counts_.sent;
  publish({.type = EventType::call_sent});
  Result<HttpReply> reply =
      co_await parts_.transport->send(std::move(route), std::move(call), deadline);
  // The attempt's own limit, not the caller's: the provider hangs, and may be asked again.
  if (!reply && reply.error().code == ErrorCode::deadline) reply.error().code = ErrorCode::timeout;
  note_connection(reply);
  co_return reply;
}

Task<HttpReply> ProviderClient::login_step(HttpCall call) {
  VORTEX_CO_TRY(auto place, co_await places_.take());
  VORTEX_CO_TRY(Account::Entry entry, co_await account_.enter());
  Result<HttpReply> reply = co_await exchange(route_, std::move(call), &logins_, call_deadline());
  const Verdict verdict = verdict_of_step(reply);
  // Where each call of data has steps before it, a permit is one for data; logins are not counted.
  if (parts_.provider->before != nullptr && verdict == Verdict::success) {
    account_.guard().not_sent(std::move(entry.permit));
  } else {
    account_.leave(std::move(entry.permit), verdict);
  }
  co_return reply;
}

Error ProviderClient::described(Error error, const Question& question,
                                const Attempt& attempt) const {
  error.provider = adapter().capabilities().name;
  if (error.call.empty()) error.call = redacted_request(route_, question.call);
  if (!attempt.sent) return error;
  error.attempt = attempt.number;
  error.attempts_max = settings().retry.attempts;
  return error;
}

Task<void> ProviderClient::before_next_attempt(Error error, Attempt* attempt) {
  if (error.code == ErrorCode::authentication && wants_credential(adapter().capabilities()))
    co_return co_await after_refused_credential(std::move(error), attempt);
  if (error.code == ErrorCode::session_refused || error.code == ErrorCode::consent_wall) {
    const bool afresh = attempt->renewed || session_.is_unproven(attempt->session);
    if (afresh) session_.distrust(error);
    if (afresh || !session_.can_renew()) co_return std::unexpected(std::move(error));
    attempt->renewed = true;
    Result<void> renewed = co_await session_.renew(attempt->session, login_);
    attempt->counts->sent += std::exchange(logins_.sent, 0);
    if (!renewed) co_return co_await after_failed_login(std::move(renewed).error());
    publish({.type = EventType::session_renewed});
    co_return Result<void>{};
  }
  const std::optional<Duration> delay = account_.guard().retry_delay(
      error, attempt->number, account_.now(), Monotonic::max(), random_);
  if (attempt->sent && is_throttled(error)) {
    const TimePoint now = account_.now().calendar;
    const Duration pause = delay ? *delay : error.retry_at ? *error.retry_at - now : kBlockPause;
    co_await close_account(error, std::max(pause, Duration::zero()));
    if (!delay && !error.retry_at) error.retry_at = now + pause;
  }
  if (!delay) co_return std::unexpected(std::move(error));
  Event retried{.type = EventType::call_retried,
                .count = attempt->number,
                .of = settings().retry.attempts,
                .measure = std::chrono::duration<double>(*delay).count()};
  retried.set_error(error);
  publish(retried);
  co_return co_await sleep_for(*parts_.runtime, *delay);
}

// The next caller is told the same without asking, where the provider said no.
Task<void> ProviderClient::after_failed_login(Error error) {
  error.provider = adapter().capabilities().name;
  error = secrets_of_calls().masked(std::move(error));
  // What was said without asking anybody would be said again.
  const bool is_final = error.code == ErrorCode::authentication ||
                        (error.code == ErrorCode::session_refused && error.http_status == 0);
  if (is_final && !refused_) co_return std::unexpected(refuse(std::move(error)));
  if (is_throttled(error) && error.attempt == 0 && error.http_status != 0) {
    const TimePoint now = account_.now().calendar;
    const Duration pause = error.retry_at ? *error.retry_at - now : kBlockPause;
    co_await close_account(error, std::max(pause, Duration::zero()));
  }
  co_return std::unexpected(std::move(error));
}

// What the provider asked of one call it asked of the account.
boost::asio::awaitable<void> ProviderClient::close_account(Error error, Duration pause) {
  const Now now = account_.now();
  const LeaseRefusal refusal{.code = error.code,
                             .rule = error.http_status != 0
                                         ? fmt::format("{} of the provider", error.http_status)
                                         : "the provider's word",
                             .until = now.elapsed + std::chrono::nanoseconds(pause),
                             .until_calendar = now.calendar + pause};
  co_await account_.close_until(refusal);
}

void ProviderClient::note_connection(const Result<HttpReply>& reply) {
  if (reply) {
    if (!connected_) publish({.type = EventType::connected});
    connected_ = true;
    publish({.type = EventType::data_received,
             .count = static_cast<std::int64_t>(reply->body.size()),
             .measure = milliseconds(reply->received_at - reply->sent_at)});
    return;
  }
  const ErrorClass kind = reply.error().error_class();
  const bool lost = kind == ErrorClass::network || kind == ErrorClass::resolve ||
                    kind == ErrorClass::tls || kind == ErrorClass::timeout;
  if (!lost || !connected_) return;
  connected_ = false;
  Event event{.type = EventType::disconnected};
  event.set_error(reply.error());
  publish(event);
}

void ProviderClient::note_failed_attempt(const Error& error, const Question& question) {
  ++question.counts->failed;
  ++counts_.failed;
  note_failure(error);
}

void ProviderClient::note_failure(const Error& error) {
  last_error_ = error.to_line();
  // An unknown symbol is an answer: it says nothing bad of the provider.
  if (verdict_of(error.code, TimeLimit::attempt) == Verdict::success) {
    ++traffic_.good;
  } else {
    ++traffic_.bad;
    traffic_.last_error = last_error_;
  }
  last_error_at_ = parts_.runtime->clock().now();
  Event event{.type = EventType::error, .count = error.attempt, .of = error.attempts_max};
  event.set_error(error);
  publish(event);
  if (error.error_class() != ErrorClass::schema) return;
  event.type = EventType::schema_drifted;
  publish(event);
}

void ProviderClient::publish(Event event) const {
  if (parts_.events == nullptr) return;
  event.time = parts_.runtime->clock().now();
  event.provider = adapter().capabilities().name;
  parts_.events->publish(event);
}

std::optional<Error> ProviderClient::open_breaker() const {
  const Now now = account_.now();
  const GuardSnapshot guard = account_.guard().snapshot(now);
  if (guard.state != BreakerState::open || guard.open_for <= Duration::zero()) return std::nullopt;
  Error error{.code = ErrorCode::breaker_open,
              .message = "it failed too often and is left alone for a while"};
  error.retry_at = now.calendar + guard.open_for;
  return error;
}

ProviderStatus ProviderClient::status() const {
  const Now now = account_.now();
  const GuardSnapshot guard = account_.guard().snapshot(now);
  ProviderStatus status{
      .provider = std::string(adapter().capabilities().name),
      .account = account_.name(),
      .breaker = std::string(to_string(guard.state)),
      .in_flight = guard.in_flight,
      .sent = counts_.sent,
      .retried = counts_.retried,
      .failed = counts_.failed,
      .refused = static_cast<std::int64_t>(std::accumulate(
          std::begin(guard.counters.refused), std::end(guard.counters.refused), std::uint64_t{0})),
      .retry_budget = guard.retry_tokens,
      .last_error = last_error_,
      .last_error_at = last_error_at_};
  if (guard.state != BreakerState::closed) {
    status.breaker_until = now.calendar + guard.open_for;
    if (!guard.transitions.empty()) status.breaker_reason = to_string(guard.transitions.back().why);
  }
  return status;
}

}  // namespace vortex
