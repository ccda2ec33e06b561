// A Guard with a ledger that grants, and the times of a test; used by the tests of Guard.
#pragma once

#include <optional>

#include "vortex/resilience/guard.hpp"

namespace vortex {

// Elapsed time and calendar move together from this moment.
inline Now guard_now(Duration elapsed) {
  return {.elapsed = Monotonic{elapsed},
          .calendar = TimePoint{std::chrono::sys_days{std::chrono::year{2024} / 3 / 8}} + elapsed};
}

struct GuardWorld {
  explicit GuardWorld(const GuardOptions& options = {}) : guard(options) {}

  void grant(std::int64_t permits) {
    guard.accept({.id = ++leases, .permits = permits, .places = 99, .issued = now.elapsed}, now);
  }
  // As the engine does: where a lease is needed, asks for it, and tries once more.
  Admission enter() {
    Admission admission = guard.try_enter(now);
    if (admission || !admission.error().lease_needed) return admission;
    const LeaseRequest wanted = guard.lease_wanted();
    grant(wanted.permits);
    return guard.try_enter(now);
  }
  bool call(Verdict verdict) {
    Admission admission = enter();
    if (!admission) return false;
    guard.leave(std::move(*admission), now, verdict);
    return true;
  }
  void open() {
    for (int i = 0; i < 5; ++i) call(Verdict::failure);
  }

  Now now = guard_now(Duration::zero());
  std::uint64_t leases = 0;
  Guard guard;
};

}  // namespace vortex
