#include "vortex/resilience/guard.hpp"

#include "vortex/resilience/time_math.hpp"

namespace vortex {

Permit& Permit::operator=(Permit&& other) noexcept {
  if (this == &other) return *this;
  if (guard_ != nullptr) drop();
  guard_ = std::exchange(other.guard_, nullptr);
  ticket_ = other.ticket_;
  lease_ = other.lease_;
  send_by_ = other.send_by_;
  return *this;
}

void Permit::drop() noexcept {
  std::exchange(guard_, nullptr)->drop(ticket_);
}

Guard::Guard(const GuardOptions& options)
    : name_(options.name),
      bulkhead_(options.concurrency),
      permits_(options.limits, options.concurrency),
      retry_(options.retry),
      breaker_(options.breaker) {}

Admission Guard::try_enter(Now now) noexcept {
  if (!bulkhead_.try_enter()) {
    return refuse(GuardLayer::bulkhead, ErrorCode::bulkhead_full, now, now.elapsed);
  }
  const std::optional<CircuitBreaker::Ticket> ticket = breaker_.try_enter(now.elapsed);
  if (!ticket) {
    bulkhead_.leave();
    return refuse(GuardLayer::breaker, ErrorCode::breaker_open, now, breaker_.next_trial_at());
  }
  const LeasedPermits::Answer answer = permits_.take(now, bulkhead_.in_flight() - 1);
  if (answer != LeasedPermits::Answer::taken) {
    breaker_.settle(*ticket, Verdict::ignore, now.elapsed);
    bulkhead_.leave();
    return refuse_permit(answer, now);
  }
  ++counters_.admitted;
  return Permit(this, *ticket, permits_.lease_id(), permits_.fresh_until());
}

void Guard::leave(Permit permit, Now now, Verdict verdict) noexcept {
  Guard* const guard = std::exchange(permit.guard_, nullptr);  // this one, or the caller errs
  if (guard == nullptr) return;
  ++guard->counters_.settled[static_cast<std::size_t>(verdict)];
  guard->settle(permit.ticket_, verdict, now.elapsed);
}

void Guard::not_sent(Permit permit) noexcept {
  Guard* const guard = std::exchange(permit.guard_, nullptr);
  if (guard == nullptr) return;
  ++guard->counters_.not_sent;
  guard->permits_.untake(permit.lease_);
  guard->settle(permit.ticket_, Verdict::ignore, Monotonic::min());
}

void Guard::drop(const CircuitBreaker::Ticket& ticket) noexcept {
  ++counters_.dropped;
  settle(ticket, Verdict::ignore, Monotonic::min());
}

void Guard::settle(const CircuitBreaker::Ticket& ticket, Verdict verdict, Monotonic now) noexcept {
  breaker_.settle(ticket, verdict, now);
  bulkhead_.leave();
  permits_.on_leave();
}

std::unexpected<Refusal> Guard::refuse(GuardLayer layer, ErrorCode code, Now now,
                                       Monotonic until) noexcept {
  ++counters_.refused[static_cast<std::size_t>(layer)];
  const Duration wait = wait_until(now.elapsed, until);
  return std::unexpected(Refusal{.layer = layer,
                                 .code = code,
                                 .wait = wait,
                                 .until = until,
                                 .until_calendar = later_by(now.calendar, wait)});
}

std::unexpected<Refusal> Guard::refuse_permit(LeasedPermits::Answer answer, Now now) noexcept {
  if (answer == LeasedPermits::Answer::lease_needed) {
    return std::unexpected(
        Refusal{.lease_needed = true, .until = now.elapsed, .until_calendar = now.calendar});
  }
  const LeaseRefusal* const why = permits_.refusal(now);
  if (why == nullptr) {
    return refuse(GuardLayer::limiter, ErrorCode::rate_limited, now, now.elapsed);
  }
  return refuse(GuardLayer::limiter, why->code, now, why->until);
}

LeaseRequest Guard::lease_wanted() const noexcept {
  return permits_.wanted(bulkhead_.in_flight());
}

void Guard::accept(const Lease& lease, Now now) {
  permits_.accept(lease, now, bulkhead_.in_flight());
  if (!lease.refusal) ++counters_.leases;
}

std::optional<GiveBack> Guard::unused(Now now) noexcept {
  return permits_.unused(now, bulkhead_.in_flight(), /*all=*/false);
}

std::optional<GiveBack> Guard::unused_at_end() noexcept {
  return permits_.unused(Now{}, bulkhead_.in_flight(), /*all=*/true);
}

std::optional<Monotonic> Guard::unused_at() const noexcept {
  return permits_.unused_at(bulkhead_.in_flight());
}

void Guard::on_call() noexcept {
  ++counters_.calls;
  retry_.on_call();
}

std::optional<Duration> Guard::retry_delay(const Error& error, int attempt, Now now,
                                           Monotonic deadline, Random& random) {
  if (breaker_.state() == BreakerState::open && now.elapsed < breaker_.next_trial_at()) {
    return std::nullopt;
  }
  if (const LeaseRefusal* closed = permits_.refusal(now); closed && closed->until >= deadline) {
    return std::nullopt;
  }
  const std::optional<Duration> delay =
      retry_.delay_after(error, attempt, now.calendar, random, wait_until(now.elapsed, deadline));
  if (delay) ++counters_.retried;
  return delay;
}

}  // namespace vortex
