#include "vortex/engine/account.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "vortex/base/log.hpp"
#include "vortex/runtime/run_on_pool.hpp"
#include "vortex/runtime/sleep.hpp"

namespace vortex {
namespace {

// A place that another call or process holds is asked for again after this.
constexpr Duration kPlaceWaitMin = std::chrono::milliseconds(1);

// From this share of a day's allowance on, it is low.
constexpr double kLowShare = 0.8;

// What one visit to the ledger does, on the pool.
struct LedgerVisit {
  Ledger* ledger = nullptr;
  const Clock* clock = nullptr;
  std::string account;
  AccountLimits limits;
  LeaseRequest request;
  std::vector<GiveBack> back;
};

struct LedgerAnswer {
  Lease lease;
  std::optional<AccountUse> use;  // where the account has a daily limit
};

Result<LedgerAnswer> visit_ledger(const LedgerVisit& visit) {
  const Now now{.elapsed = visit.clock->monotonic(), .calendar = visit.clock->now()};
  for (const GiveBack& back : visit.back) {
    VORTEX_TRY_VOID(
        visit.ledger->give_back(visit.account, back.lease, back.permits, back.places_held, now));
  }
  LedgerAnswer answer;
  for (const std::string& note : visit.ledger->take_notes()) log::warning("{}", note);
  VORTEX_TRY(answer.lease, visit.ledger->lease(visit.account, visit.limits, visit.request, now));
  if (!visit.limits.days.empty()) {
    VORTEX_TRY(answer.use, visit.ledger->use(visit.account, visit.limits, now));
  }
  return answer;
}

Result<void> return_to_ledger(const LedgerVisit& visit) {
  const Now now{.elapsed = visit.clock->monotonic(), .calendar = visit.clock->now()};
  for (const GiveBack& back : visit.back) {
    VORTEX_TRY_VOID(
        visit.ledger->give_back(visit.account, back.lease, back.permits, back.places_held, now));
  }
  return {};
}

Duration longest_window(const AccountLimits& limits) {
  Duration longest = Account::kWaitMax;
  for (const RollingWindow& window : limits.rolling) longest = std::max(longest, window.length);
  return std::min<Duration>(longest, std::chrono::minutes(15));
}

class Counted {
 public:
  explicit Counted(int& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  int& count_;
};

double seconds(std::chrono::nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

EventType event_of(BreakerState state) {
  switch (state) {
    case BreakerState::open: return EventType::circuit_breaker_open;
    case BreakerState::half_open: return EventType::circuit_breaker_half_open;
    case BreakerState::closed: break;
  }
  return EventType::circuit_breaker_closed;
}

}  // namespace

Account::Account(const Parts& parts)
    : parts_(parts),
      guard_(parts.guard),
      wait_max_(longest_window(parts.guard.limits)),
      turn_(parts.runtime->io_executor(), 1) {}

Account::~Account() = default;

Now Account::now() const {
  const Clock& clock = parts_.runtime->clock();
  return {.elapsed = clock.monotonic(), .calendar = clock.now()};
}

Task<Account::Entry> Account::enter() {
  if (waiting_ == 0) {
    if (auto place = parts_.all_calls->try_take()) {
      Admission admission = guard_.try_enter(now());
      tell_transitions();
      if (admission) co_return Entry{std::move(*admission), std::move(*place)};
    }
  }
  co_return co_await enter_in_turn();
}

Task<Account::Entry> Account::enter_in_turn() {
  const Counted counted(waiting_);
  VORTEX_CO_TRY(auto turn, co_await turn_.take());
  while (true) {
    Refusal refusal;
    {
      VORTEX_CO_TRY(auto place, co_await parts_.all_calls->take());
      Admission admission = guard_.try_enter(now());
      tell_transitions();
      if (admission) co_return Entry{std::move(*admission), std::move(place)};
      refusal = admission.error();
    }
    if (refusal.lease_needed) {
      VORTEX_CO_TRY_VOID(co_await lease());
    } else if (worth_waiting(refusal)) {
      const Duration wait = std::max(refusal.wait, kPlaceWaitMin);
      VORTEX_CO_TRY_VOID(co_await sleep_for(*parts_.runtime, wait));
    } else {
      co_return std::unexpected(guard_.to_error(refusal, now()));
    }
  }
}

bool Account::worth_waiting(const Refusal& refusal) const {
  if (refusal.layer == GuardLayer::breaker) return false;
  if (refusal.code == ErrorCode::bulkhead_full) return true;
  return refusal.code == ErrorCode::rate_limited && refusal.wait <= wait_max_;
}

void Account::leave(Permit permit, Verdict verdict) {
  guard_.leave(std::move(permit), now(), verdict);
  tell_transitions();
  if (!returning_ && guard_.unused_at()) start_returning();
}

void Account::note_quality(bool good) {
  guard_.note_quality(good, now());
  tell_transitions();
}

void Account::start_returning() {
  if (!returns_) returns_.emplace(*parts_.runtime, TaskGroupOptions{.tasks_max = 1});
  returning_ = returns_->spawn(return_stale()).has_value();
}

Task<void> Account::lease() {
  VORTEX_CO_TRY(auto turn, co_await parts_.ledger_turn->take());
  LedgerVisit visit{.ledger = parts_.ledger,
                    .clock = &parts_.runtime->clock(),
                    .account = parts_.name,
                    .limits = parts_.guard.limits};
  while (auto back = guard_.unused(now())) visit.back.push_back(*back);
  visit.request = guard_.lease_wanted();
  auto answer = co_await run_on_pool(*parts_.runtime,
                                     [visit = std::move(visit)] { return visit_ledger(visit); });
  if (!answer) co_return std::unexpected(std::move(answer).error());
  guard_.accept(answer->lease, now());
  if (answer->lease.refusal && answer->lease.refusal->code != ErrorCode::bulkhead_full) {
    tell(EventType::rate_limit_hit, *answer->lease.refusal);
  }
  if (answer->use) tell_low(*answer->use);
  if (!returning_ && answer->lease.permits > 0) start_returning();
  co_return Result<void>{};
}

// Permits nobody used go back when they are too old, so that other processes may have them.
boost::asio::awaitable<void> Account::return_stale() {
  while (const std::optional<Monotonic> stale_at = guard_.unused_at()) {
    if (!co_await sleep_until(*parts_.runtime, *stale_at)) break;
    auto turn = co_await parts_.ledger_turn->take();
    if (!turn) break;  // stopped: they count as used
    // Collected in our turn: what another visit was granted meanwhile must not be given back.
    LedgerVisit visit{
        .ledger = parts_.ledger, .clock = &parts_.runtime->clock(), .account = parts_.name};
    while (auto back = guard_.unused(now())) visit.back.push_back(*back);
    if (visit.back.empty()) continue;
    // What cannot be written back counts as used, which is the safe side.
    co_await run_on_pool(*parts_.runtime,
                         [visit = std::move(visit)] { return return_to_ledger(visit); });
  }
  returning_ = false;
}

boost::asio::awaitable<void> Account::close_until(LeaseRefusal refusal) {
  guard_.close_until(refusal);
  tell(refusal.code == ErrorCode::banned ? EventType::banned : EventType::rate_limit_hit, refusal);
  auto turn = co_await parts_.ledger_turn->take();
  if (!turn) co_return;
  auto written = co_await run_on_pool(
      *parts_.runtime, [ledger = parts_.ledger, name = parts_.name, refusal, moment = now()] {
        return ledger->close_until(name, refusal, moment);
      });
  if (written || parts_.events == nullptr) co_return;
  // Closed in memory all the same; the next lease meets the same disk and is refused.
  Event event{.time = now().calendar,
              .type = EventType::error,
              .provider = std::string_view(parts_.guard.name)};
  event.set_error(written.error());
  parts_.events->publish(event);
}

boost::asio::awaitable<void> Account::correct(ProviderCount count) {
  auto turn = co_await parts_.ledger_turn->take();
  if (!turn) co_return;
  // A count that cannot be written is one hint less; the configured limits hold.
  co_await run_on_pool(*parts_.runtime, [ledger = parts_.ledger, name = parts_.name,
                                         limits = parts_.guard.limits, count, moment = now()] {
    return ledger->correct(name, limits, count, moment);
  });
}

boost::asio::awaitable<void> Account::release() {
  if (returns_) {
    returns_->stop();
    co_await returns_->join();
    returns_.reset();
  }
  auto turn = co_await parts_.ledger_turn->take();
  if (!turn) co_return;
  LedgerVisit visit{
      .ledger = parts_.ledger, .clock = &parts_.runtime->clock(), .account = parts_.name};
  while (auto back = guard_.unused_at_end()) visit.back.push_back(*back);
  if (visit.back.empty()) co_return;
  co_await run_on_pool(*parts_.runtime,
                       [visit = std::move(visit)] { return return_to_ledger(visit); });
}

void Account::tell(EventType type, const LeaseRefusal& refusal) {
  if (parts_.events == nullptr) return;
  const Now moment = now();
  const bool day = refusal.code == ErrorCode::quota_exhausted;
  const Event event{.time = moment.calendar,
                    .type = day ? EventType::quota_exhausted : type,
                    .provider = std::string_view(parts_.guard.name),
                    .text = std::string_view(refusal.rule),
                    .code = refusal.code,
                    .count = waiting_,
                    .measure = seconds(refusal.until - moment.elapsed)};
  parts_.events->publish(event);
}

void Account::tell_transitions() {
  if (guard_.transitions_total() == transitions_told_) return;
  const std::uint64_t told = std::exchange(transitions_told_, guard_.transitions_total());
  if (parts_.events == nullptr) return;
  for (const BreakerTransition& step : guard_.transitions_since(told)) {
    parts_.events->publish({.time = now().calendar,
                            .type = event_of(step.to),
                            .provider = std::string_view(parts_.guard.name),
                            .text = to_string(step.why)});
  }
}

void Account::tell_low(const AccountUse& use) {
  if (parts_.events == nullptr) return;
  if (use.foreign_use > foreign_told_) {
    foreign_told_ = use.foreign_use;
    parts_.events->publish({.time = now().calendar,
                            .type = EventType::quota_foreign_use,
                            .provider = std::string_view(parts_.guard.name),
                            .count = use.foreign_use});
  }
  for (const AllowanceUse& day : use.allowances) {
    const auto low = static_cast<std::int64_t>(kLowShare * static_cast<double>(day.limit));
    if (!day.is_day || day.used < low || low_told_ == day.resets_at) continue;
    low_told_ = day.resets_at;
    parts_.events->publish({.time = now().calendar,
                            .type = EventType::quota_low,
                            .provider = std::string_view(parts_.guard.name),
                            .text = std::string_view(day.rule),
                            .count = day.limit - day.used,
                            .of = day.limit,
                            .measure = seconds(day.resets_at - now().calendar)});
  }
}

}  // namespace vortex
