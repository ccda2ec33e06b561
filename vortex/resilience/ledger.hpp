// The allowances of one account with a provider, as every process that uses the account sees them.
// Permits are leased in blocks, so that one call costs nanoseconds and the ledger's transaction is
// rare. An account is provider + host + hash of the credential. Interface only: the arithmetic is
// QuotaBook (vortex/resilience/quota_book.hpp), kept in memory by MemoryLedger and on disk by the
// engine. A Ledger belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/resilience/windows.hpp"

namespace vortex {

// A permit is used within this time of its lease, or goes back.
inline constexpr Duration kLeaseLife = std::chrono::milliseconds(250);

struct AccountLimits {
  std::vector<RollingWindow> rolling;
  std::vector<DayWindow> days;
  int concurrent = 0;  // calls in flight, of all processes together; 0: no limit of the account's
};

// Both readings of the clock at one moment.
struct Now {
  Monotonic elapsed;
  TimePoint calendar;
};

struct LeaseRequest {
  std::int64_t permits = 1;  // wanted; granted are 1 … permits, or none
  int places_held = 0;       // of `concurrent`, held by this process now
  int places_wanted = 1;     // in all, those held included
};

// Why there is no permit now. `until` in both clocks: people read one, timers use the other.
struct LeaseRefusal {
  ErrorCode code = ErrorCode::rate_limited;  // or quota_exhausted, banned, bulkhead_full
  std::string rule;                          // "25/day@America/New_York", "429 of the provider"
  Monotonic until;
  TimePoint until_calendar;
};

struct Lease {
  std::uint64_t id = 0;
  std::int64_t permits = 0;  // > 0, unless refused
  int places = 0;            // what this process may hold from now on, as asked or fewer
  Monotonic issued;
  std::optional<LeaseRefusal> refusal;
};

// What is left, for people and for planning.
struct AllowanceUse {
  std::string rule;  // "5/5s", "25/day@America/New_York"
  std::int64_t limit = 0;
  std::int64_t used = 0;
  bool is_day = false;
  TimePoint resets_at;  // a day's next midnight; a rolling window's next free permit
};
struct AccountUse {
  std::vector<AllowanceUse> allowances;  // rolling windows, then days, in the order given
  std::optional<LeaseRefusal> closed;    // paused by the provider's word
  int places_held = 0;                   // by all processes
  std::int64_t foreign_use = 0;          // calls of today the provider counted and we did not send
};

// What a provider's RateLimit-* headers say: `remaining` of `limit` calls until `reset`.
struct ProviderCount {
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  Duration reset{};  // from now
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  // The limits are given each time: those of this process's configuration, in force from now on.
  // An error (storage) means that nobody knows: no call may leave.
  virtual Result<Lease> lease(const std::string& account, const AccountLimits& limits,
                              const LeaseRequest& request, Now now) = 0;

  // Permits of a lease that were not used, and places no longer held. Unknown leases are ignored.
  virtual Result<void> give_back(const std::string& account, std::uint64_t lease,
                                 std::int64_t permits, int places_held, Now now) = 0;

  // The provider said stop: nobody gets a permit before that moment. Never shortens a pause.
  virtual Result<void> close_until(const std::string& account, const LeaseRefusal& refusal,
                                   Now now) = 0;

  // The provider's own count: lowers what is left, never raises it above the configured limit.
  virtual Result<void> correct(const std::string& account, const AccountLimits& limits,
                               const ProviderCount& count, Now now) = 0;

  virtual Result<AccountUse> use(const std::string& account, const AccountLimits& limits,
                                 Now now) = 0;

  // What was found damaged and was replaced, since this was last asked: for the log.
  virtual std::vector<std::string> take_notes() { return {}; }
};

}  // namespace vortex
