// What every call to a provider passes: bulkhead, then circuit breaker, then a permit leased from
// the account's ledger, and the retry budget. They stand in this order and no other, so that an
// open breaker costs no allowance, a refusal spends nothing, and our own no never counts against
// the provider. Deciding only: nothing here waits, locks, allocates or throws while a call is let
// in or out. A Guard belongs to the I/O thread and outlives its permits.
//
//     Admission admission = guard.try_enter(now);
//     if (!admission && admission.error().lease_needed) …ledger.lease(…, guard.lease_wanted(), …),
//                                                       guard.accept(*lease, now), once more…
//     if (!admission) return fail(guard.to_error(admission.error(), now));
//     …send, decode, judge…
//     guard.leave(std::move(*admission), now, verdict_of(code));
//
// One caller at a time asks the ledger; the others wait for it and try again. Before each lease and
// at unused_at(): while (auto back = guard.unused(now)) ledger.give_back(…).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/resilience/bulkhead.hpp"
#include "vortex/resilience/circuit_breaker.hpp"
#include "vortex/resilience/leased_permits.hpp"
#include "vortex/resilience/ledger.hpp"
#include "vortex/resilience/retry.hpp"
#include "vortex/resilience/verdict.hpp"

namespace vortex {

class Guard;

enum class GuardLayer : std::uint8_t { bulkhead, breaker, limiter };
inline constexpr std::size_t kGuardLayers = 3;
std::string_view to_string(GuardLayer layer);

// Leave to make one call. Not settled by Guard::leave, its end means that nobody learned anything,
// and every place it held is free again.
class Permit {
 public:
  Permit(Permit&& other) noexcept
      : guard_(std::exchange(other.guard_, nullptr)),
        ticket_(other.ticket_),
        lease_(other.lease_),
        send_by_(other.send_by_) {}
  Permit& operator=(Permit&& other) noexcept;
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;
  ~Permit() {
    if (guard_ != nullptr) drop();
  }

  // A call leaves at once or not at all: false when the process stood still in between.
  bool may_send(Now now) const noexcept { return guard_ != nullptr && now.elapsed < send_by_; }
  Monotonic send_by() const noexcept { return send_by_; }

 private:
  friend class Guard;
  Permit(Guard* guard, CircuitBreaker::Ticket ticket, std::uint64_t lease,
         Monotonic send_by) noexcept
      : guard_(guard), ticket_(ticket), lease_(lease), send_by_(send_by) {}
  void drop() noexcept;

  Guard* guard_;  // none: settled, or moved from
  CircuitBreaker::Ticket ticket_;
  std::uint64_t lease_;
  Monotonic send_by_;
};

struct Refusal {
  GuardLayer layer = GuardLayer::limiter;
  ErrorCode code = ErrorCode::rate_limited;
  bool lease_needed = false;  // no refusal yet: the ledger is to be asked
  Duration wait{};            // zero for the bulkhead: until somebody leaves
  Monotonic until;
  TimePoint until_calendar;
};

using Admission = std::expected<Permit, Refusal>;

struct GuardOptions {
  std::string name;  // of the provider, for messages
  AccountLimits limits;
  int concurrency = 16;
  CircuitBreaker::Options breaker;
  RetryOptions retry;
};

struct GuardCounters {
  std::uint64_t admitted = 0;
  std::uint64_t refused[kGuardLayers] = {};  // by GuardLayer; a lease needed is none
  std::uint64_t settled[4] = {};             // by Verdict
  std::uint64_t dropped = 0;                 // permits that ended without leave
  std::uint64_t not_sent = 0;                // given back unused
  std::uint64_t leases = 0;                  // accepted, with permits
  std::uint64_t calls = 0;
  std::uint64_t retried = 0;  // counted when the wait before a retry begins
  bool operator==(const GuardCounters&) const = default;
};

// For status, metrics and events; made off the hot path.
struct GuardSnapshot {
  BreakerState state = BreakerState::closed;
  Duration open_for{};  // until the next trial may go
  int failures_in_a_row = 0;
  std::uint64_t transitions_total = 0;
  std::vector<BreakerTransition> transitions;  // the latest, oldest first
  GuardCounters counters;
  std::uint64_t late_answers = 0;
  std::uint64_t lost_trials = 0;
  int in_flight = 0;
  int places_max = 0;
  std::int64_t permits_left = 0;
  std::int64_t permits_lost = 0;  // leased and never used: the ledger counts them as used
  double retry_tokens = 0;
  std::optional<LeaseRefusal> closed;  // by the ledger or the provider's word
};

class Guard {
 public:
  static constexpr std::size_t kTransitionsShown = 10;

  explicit Guard(const GuardOptions& options);
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() = default;

  // A call's way in and out. A refusal spends nothing.
  Admission try_enter(Now now) noexcept;
  void leave(Permit permit, Now now, Verdict verdict) noexcept;
  // The call was never sent: its permit may serve another one.
  void not_sent(Permit permit) noexcept;

  // The ledger's side.
  LeaseRequest lease_wanted() const noexcept;
  void accept(const Lease& lease, Now now);
  std::optional<GiveBack> unused(Now now) noexcept;  // what went stale; until there is none
  std::optional<GiveBack> unused_at_end() noexcept;  // all of it; until there is none
  std::optional<Monotonic> unused_at() const noexcept;

  // The provider said stop: no call before that moment. Never shortens a pause.
  void close_until(const LeaseRefusal& refusal) { permits_.close_until(refusal); }
  // Data judged after its call was settled as a success: both outcomes are told.
  void note_quality(bool good, Now now) noexcept { breaker_.note_quality(good, now.elapsed); }

  // Once for each call, before its first attempt.
  void on_call() noexcept;
  // How long to wait before attempt `attempt + 1`; none: give up. Never retried: an open breaker, a
  // wait that does not end before the deadline, an account closed for longer than that.
  std::optional<Duration> retry_delay(const Error& error, int attempt, Now now, Monotonic deadline,
                                      Random& random);

  Error to_error(const Refusal& refusal, Now now) const;

  // Transitions are numbered from 0. Comparing the total after each leave is all it costs to watch.
  std::uint64_t transitions_total() const noexcept { return breaker_.transitions_total(); }
  std::vector<BreakerTransition> transitions_since(std::uint64_t number) const {
    return breaker_.transitions_since(number);
  }
  BreakerState state() const noexcept { return breaker_.state(); }
  int in_flight() const noexcept { return bulkhead_.in_flight(); }
  const GuardCounters& counters() const noexcept { return counters_; }
  GuardSnapshot snapshot(Now now) const;

 private:
  friend class Permit;
  std::unexpected<Refusal> refuse(GuardLayer layer, ErrorCode code, Now now,
                                  Monotonic until) noexcept;
  std::unexpected<Refusal> refuse_permit(LeasedPermits::Answer answer, Now now) noexcept;
  void settle(const CircuitBreaker::Ticket& ticket, Verdict verdict, Monotonic now) noexcept;
  void drop(const CircuitBreaker::Ticket& ticket) noexcept;
  std::string explain(const Refusal& refusal, Now now) const;

  std::string name_;
  Bulkhead bulkhead_;
  LeasedPermits permits_;
  RetryPolicy retry_;
  GuardCounters counters_;
  CircuitBreaker breaker_;
};

}  // namespace vortex
