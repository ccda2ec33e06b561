// What a Guard tells people and meters; the other half of guard.hpp, where text may be built.
#include <algorithm>

#include <fmt/format.h>

#include "vortex/resilience/guard.hpp"
#include "vortex/resilience/time_math.hpp"

namespace vortex {

std::string_view to_string(GuardLayer layer) {
  switch (layer) {
    case GuardLayer::bulkhead: return "bulkhead";
    case GuardLayer::breaker: return "breaker";
    case GuardLayer::limiter: return "limiter";
  }
  return "unknown";
}

Error Guard::to_error(const Refusal& refusal, Now now) const {
  Error error{.code = refusal.code, .message = explain(refusal, now)};
  error.provider = name_;
  error.retry_at = refusal.until_calendar;
  // A day ends by the calendar: its midnight is exact, now plus a rounded wait is not.
  if (refusal.code == ErrorCode::quota_exhausted) {
    if (const LeaseRefusal* why = permits_.refusal(now)) error.retry_at = why->until_calendar;
  }
  return error;
}

std::string Guard::explain(const Refusal& refusal, Now now) const {
  const std::string_view layer = to_string(refusal.layer);
  if (refusal.lease_needed) return fmt::format("not sent: {}: no permit is leased", layer);
  if (refusal.layer == GuardLayer::bulkhead) {
    return fmt::format("not sent: {}: {} of {} calls are in flight", layer, in_flight(),
                       bulkhead_.places_max());
  }
  const std::string wait = format_duration(refusal.wait);
  if (refusal.layer == GuardLayer::breaker) {
    const std::uint64_t total = breaker_.transitions_total();
    const std::vector<BreakerTransition> last =
        breaker_.transitions_since(total - std::min<std::uint64_t>(total, 1));
    const std::string_view why = last.empty() ? "" : to_string(last.front().why);
    return fmt::format("not sent: {}: {} ({}); next trial in {}", layer, to_string(state()), why,
                       wait);
  }
  const LeaseRefusal* const why = permits_.refusal(now);
  const std::string_view rule =
      why && !why->rule.empty() ? std::string_view(why->rule) : std::string_view("the ledger");
  return fmt::format("not sent: {}: {}; next permit in {}", layer, rule, wait);
}

GuardSnapshot Guard::snapshot(Now now) const {
  GuardSnapshot snapshot;
  snapshot.state = breaker_.state();
  if (snapshot.state != BreakerState::closed) {
    snapshot.open_for = wait_until(now.elapsed, breaker_.next_trial_at());
  }
  snapshot.failures_in_a_row = breaker_.failures_in_a_row();
  snapshot.transitions_total = breaker_.transitions_total();
  snapshot.transitions = breaker_.transitions_since(
      snapshot.transitions_total -
      std::min<std::uint64_t>(snapshot.transitions_total, kTransitionsShown));
  snapshot.counters = counters_;
  snapshot.late_answers = breaker_.late_answers();
  snapshot.lost_trials = breaker_.lost_trials();
  snapshot.in_flight = bulkhead_.in_flight();
  snapshot.places_max = bulkhead_.places_max();
  snapshot.permits_left = permits_.left();
  snapshot.permits_lost = permits_.lost();
  snapshot.retry_tokens = retry_.tokens();
  if (const LeaseRefusal* closed = permits_.refusal(now)) snapshot.closed = *closed;
  return snapshot;
}

}  // namespace vortex
