// What a client asks before a call of data, where the provider wants that: with a session from the
// first call on, and each call of data behind its own steps.
#include <algorithm>
#include <optional>
#include <utility>

#include "vortex/engine/provider_client.hpp"
#include "vortex/provider/http_status.hpp"

namespace vortex {
namespace {

// More than any provider has; steps are bounded by themselves.
constexpr int kStepsMax = 10;

}  // namespace

Task<void> ProviderClient::prepare_session(Attempt* attempt) {
  if (parts_.provider->before == nullptr || session_.generation() > 0) co_return Result<void>{};
  Result<void> renewed = co_await session_.renew(0, login_);
  attempt->counts->sent += std::exchange(logins_.sent, 0);
  if (!renewed) co_return co_await after_failed_login(std::move(renewed).error());
  co_return Result<void>{};
}

Deadline ProviderClient::call_deadline() const {
  return Deadline::after(parts_.runtime->clock().monotonic(), settings().breaker.call_timeout);
}

Task<CallSteps::Step> ProviderClient::walk_to_data(HttpRoute route, HttpCall wanted,
                                                   Attempt* attempt, Deadline deadline) {
  const CallSteps& steps = *parts_.provider->before;
  CallSteps::State state;
  std::optional<std::int64_t> used_today;
  HttpCall call = steps.begin(state, std::move(wanted));
  for (int i = 0; i < kStepsMax; ++i) {
    VORTEX_CO_TRY(const HttpReply reply,
                  co_await exchange(route, std::move(call), attempt->counts, deadline));
    VORTEX_CO_TRY(CallSteps::Step step, steps.on_reply(state, reply));
    if (step.used_today) {  // told to those who are logged in
      session_.prove(attempt->session);
      used_today = step.used_today;
    }
    if (step.is_data) {
      step.used_today = used_today;
      co_return std::move(step);
    }
    call = std::move(step.call);
  }
  co_return fail(ErrorCode::internal, "the steps before a call did not end");
}

Task<HttpReply> ProviderClient::exchange_data(HttpRoute route, HttpCall call, Attempt* attempt,
                                              SecretMask* secrets) {
  const Deadline deadline = call_deadline();
  if (parts_.provider->before != nullptr) {
    VORTEX_CO_TRY(CallSteps::Step step,
                  co_await walk_to_data(route, std::move(call), attempt, deadline));
    // The call that goes now is counted here, and there not yet.
    if (step.used_today) co_await note_used(*step.used_today + 1);
    call = std::move(step.call);
    secrets->add(call.headers, {});
    secrets->add(step.token);
  }
  attempt->asked_for_data = true;
  co_return co_await exchange(std::move(route), std::move(call), attempt->counts, deadline);
}

// A call of data that was not made because of a no before it costs nothing of the day.
void ProviderClient::leave_unanswered(Permit permit, const Error& error, const Attempt& attempt) {
  const ErrorClass kind = error.error_class();
  const bool is_no = kind == ErrorClass::quota_exhausted || kind == ErrorClass::authentication ||
                     kind == ErrorClass::not_found;
  if (!attempt.asked_for_data && is_no) {
    account_.guard().not_sent(std::move(permit));
  } else {
    account_.leave(std::move(permit), verdict_of(error.code, TimeLimit::attempt));
  }
}

// The provider's own count of a day, where the settings say how long a day is and what it holds.
boost::asio::awaitable<void> ProviderClient::note_used(std::int64_t used_today) {
  if (limits().days.empty()) co_return;
  const DayWindow& day = limits().days.front();
  const TimePoint now = account_.now().calendar;
  const TimePoint reset = day.zone.to_utc(day.zone.local_date(now) + std::chrono::days(1));
  co_await account_.correct({.limit = day.count,
                             .remaining = std::max<std::int64_t>(0, day.count - used_today),
                             .reset = reset - now});
}

boost::asio::awaitable<bool> ProviderClient::probe_day(HttpCall wanted, CallCounts* counts) {
  if (parts_.provider->before == nullptr || limits().days.empty()) co_return true;
  Attempt attempt{.counts = counts};
  if (!co_await prepare_session(&attempt)) co_return true;
  auto place = co_await take_place();
  if (!place) co_return true;
  auto entry = co_await account_.enter();
  if (!entry) co_return true;
  session_.apply_to(wanted);
  attempt.session = session_.generation();
  auto step = co_await walk_to_data(route_, std::move(wanted), &attempt, call_deadline());
  if (!step) {
    leave_unanswered(std::move(entry->permit), step.error(), attempt);
    co_return step.error().error_class() != ErrorClass::not_found;
  }
  // No data is asked for: the ledger must hold nothing of it when the provider's count comes.
  account_.guard().not_sent(std::move(entry->permit));
  co_await account_.release();
  if (step->used_today) co_await note_used(*step->used_today);
  co_return true;
}

}  // namespace vortex
