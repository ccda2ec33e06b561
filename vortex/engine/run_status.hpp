// What a running process of Vortex says of itself to others: a small file in
// <state_dir>/running/, rewritten about once a second and removed at its end. `vortex status` reads
// them; the accounts' allowances stand in the quota ledger, not here. Files of processes that are
// gone are left out and removed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"

namespace vortex {

// One provider as this process meets it.
struct ProviderStatus {
  std::string provider;
  std::string account;
  std::string breaker = "closed";  // closed | open | half_open
  std::string breaker_reason;      // of the last opening
  std::optional<TimePoint> breaker_until;
  std::string health = "unknown";  // unknown | healthy | degraded | failing, by its traffic
  int in_flight = 0;
  std::int64_t sent = 0;
  std::int64_t retried = 0;
  std::int64_t failed = 0;
  std::int64_t refused = 0;  // by ourselves: breaker, limits, closed account
  double retry_budget = 0;   // retries that may still be made, in calls
  std::string last_error;    // "VX-2106 …", of the last failed attempt
  std::optional<TimePoint> last_error_at;
};

struct RunStatus {
  std::string process;  // names it beyond its pid: see ProcessIdentity
  std::int64_t pid = 0;
  std::int64_t run = 0;  // a process may run several things at once
  std::string command;   // "sync"
  TimePoint started;
  TimePoint updated;
  std::int64_t items_done = 0;
  std::int64_t items_total = 0;
  std::string health = "unknown";  // of all providers in one word, see HealthMonitor::overall
  std::vector<ProviderStatus> providers;
};

std::string to_json(const RunStatus& status);
Result<RunStatus> parse_run_status(std::string_view text);

// Blocking, brief. The directory is made where it is absent; the file replaces the run's last one
// at once and whole (0600).
Result<void> write_run_status(const std::string& state_dir, const RunStatus& status);
void remove_run_status(const std::string& state_dir, const RunStatus& status);

// Those of processes that live, oldest first.
Result<std::vector<RunStatus>> read_run_statuses(const std::string& state_dir);

}  // namespace vortex
