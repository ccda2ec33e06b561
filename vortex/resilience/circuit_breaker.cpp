#include "vortex/resilience/circuit_breaker.hpp"

#include <algorithm>

#include "vortex/resilience/time_math.hpp"

namespace vortex {
namespace {

// Beyond it a wait is a wish to switch the provider off, which is not the breaker's business.
constexpr Duration kDurationMax = std::chrono::hours(24);

BreakerCause cause_of(OutcomeTrack::Finding finding, Verdict verdict) {
  const bool in_a_row = finding == OutcomeTrack::Finding::too_many_in_a_row;
  if (verdict == Verdict::bad_data) {
    return in_a_row ? BreakerCause::bad_data_in_a_row : BreakerCause::bad_data_rate;
  }
  return in_a_row ? BreakerCause::failures_in_a_row : BreakerCause::failure_rate;
}

}  // namespace

std::string_view to_string(BreakerState state) {
  switch (state) {
    case BreakerState::closed: return "closed";
    case BreakerState::open: return "open";
    case BreakerState::half_open: return "half_open";
  }
  return "unknown";
}

std::string_view to_string(BreakerCause cause) {
  switch (cause) {
    case BreakerCause::failures_in_a_row: return "failures in a row";
    case BreakerCause::failure_rate: return "failure rate";
    case BreakerCause::bad_data_in_a_row: return "failures in a row, the last with bad data";
    case BreakerCause::bad_data_rate: return "failure rate, the last with bad data";
    case BreakerCause::quality_in_a_row: return "failed quality checks in a row";
    case BreakerCause::quality_rate: return "rate of failed quality checks";
    case BreakerCause::wait_over: return "the wait is over";
    case BreakerCause::trial_failed: return "the trial failed";
    case BreakerCause::trial_succeeded: return "the trial succeeded";
  }
  return "unknown";
}

CircuitBreaker::CircuitBreaker(const Options& options) noexcept
    : reset_(std::clamp(options.reset, Duration::zero(), kDurationMax)),
      lease_(std::clamp(options.call_timeout, Duration::zero(), kDurationMax) + kLeaseMargin),
      calls_(options.track),
      quality_(options.track),
      wait_(reset_) {}

Monotonic CircuitBreaker::later(Monotonic now) const noexcept {
  return later_by(now, lease_);
}

std::optional<CircuitBreaker::Ticket> CircuitBreaker::try_trial(Monotonic now) noexcept {
  if (state_ == BreakerState::open) {
    if (now < open_until_) return std::nullopt;
    move_to(BreakerState::half_open, BreakerCause::wait_over, now);
    trial_until_ = now;
  }
  if (trial_out_) {
    if (now < trial_until_) return std::nullopt;
    ++lost_trials_;
  }
  ++generation_;  // whatever the lost trial still answers is of an older generation
  trial_out_ = true;
  trial_until_ = later(now);
  return Ticket{generation_, trial_until_};
}

void CircuitBreaker::settle(const Ticket& ticket, Verdict verdict, Monotonic now) noexcept {
  const bool current = ticket.generation == generation_;
  if (current && state_ == BreakerState::half_open) {
    trial_out_ = false;
    trial_until_ = now;
  }
  if (verdict == Verdict::ignore) return;
  if (!current || now >= ticket.counts_until) {
    ++late_answers_;
    return;
  }
  const bool good = verdict == Verdict::success;
  if (state_ == BreakerState::half_open) return end_trial(good, now);
  const OutcomeTrack::Finding finding = calls_.note(good, now);
  if (finding != OutcomeTrack::Finding::fine) open(cause_of(finding, verdict), now);
}

void CircuitBreaker::note_quality(bool good, Monotonic now) noexcept {
  if (state_ != BreakerState::closed) return;  // of calls from before: the trial decides
  const OutcomeTrack::Finding finding = quality_.note(good, now);
  if (finding == OutcomeTrack::Finding::fine) return;
  open(finding == OutcomeTrack::Finding::too_many_in_a_row ? BreakerCause::quality_in_a_row
                                                           : BreakerCause::quality_rate,
       now);
}

void CircuitBreaker::end_trial(bool good, Monotonic now) noexcept {
  if (!good) {
    wait_ = std::min(wait_ * 2, reset_ * kWaitGrowthMax);
    return open(BreakerCause::trial_failed, now);
  }
  wait_ = reset_;
  calls_.clear();
  quality_.clear();
  move_to(BreakerState::closed, BreakerCause::trial_succeeded, now);
}

void CircuitBreaker::open(BreakerCause why, Monotonic now) noexcept {
  open_until_ = later_by(now, wait_);
  move_to(BreakerState::open, why, now);
}

void CircuitBreaker::move_to(BreakerState state, BreakerCause why, Monotonic now) noexcept {
  transitions_[transitions_total_ % kTransitionsKept] = {
      .when = now, .from = state_, .to = state, .why = why};
  ++transitions_total_;
  ++generation_;
  state_ = state;
}

std::vector<BreakerTransition> CircuitBreaker::transitions_since(std::uint64_t number) const {
  const std::uint64_t kept = std::min<std::uint64_t>(transitions_total_, kTransitionsKept);
  std::vector<BreakerTransition> found;
  number = std::max(number, transitions_total_ - kept);
  if (number >= transitions_total_) return found;
  found.reserve(transitions_total_ - number);
  for (; number < transitions_total_; ++number) {
    found.push_back(transitions_[number % kTransitionsKept]);
  }
  return found;
}

}  // namespace vortex
