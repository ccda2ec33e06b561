// The arithmetic of one account's allowances. No clock, no disk, no process of its own:
// MemoryLedger keeps books in memory, the engine's SqliteLedger shares them between processes. What
// holds, by the moments the leases were issued:
//
// - no rolling window ever contains more permits than it allows, whoever took them;
// - no day, by the calendar of its zone, gives more than its count, a clock set back included
//   (vortex/resilience/day_counts.hpp says what a stepping clock does);
// - permits that nobody knows to be unused count as used: those of dead processes, and those of a
//   lease that came back too late;
// - after another boot, or where elapsed time went backwards, every permit remembered counts as
//   issued at that moment, once: at most one window is waited too long, none is overdrawn;
// - a book that cannot be read counts everything as used.
//
// Calls to a book need not come in the order of their clock readings: processes race for the
// ledger. A reading up to kReorderMax behind the book's own last moment counts as that moment.
// Belongs to one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vortex/resilience/quota_state.hpp"

namespace vortex {

// "5/5s", "20/s", "60/10min", "2/h"; "25/day@America/New_York".
std::string rule_name(const RollingWindow& window);
std::string rule_name(const DayWindow& window);

class QuotaBook {
 public:
  static constexpr Duration kReorderMax = std::chrono::seconds(10);
  static constexpr Duration kPauseMax = std::chrono::days(31);
  static constexpr Duration kGiveBackMax = std::chrono::seconds(10);  // from the lease on

  // Nothing used so far. `boot` names the stretch of time in which elapsed moments compare.
  explicit QuotaBook(std::string boot);
  // Everything used: every window for one length from `now`, every day's allowance until the
  // midnight after `since`, which is when the damage happened.
  static QuotaBook all_used(std::string boot, Now now, TimePoint since);
  // As written by a process of this boot or of another. Text that is damaged is an error: the
  // caller says so and takes `all_used`.
  static Result<QuotaBook> read(std::string_view text, const std::string& boot, Now now);
  std::string write() const { return write_quota_state(state_); }

  // As the members of Ledger.
  Lease lease(const AccountLimits& limits, const LeaseRequest& request, const LedgerHolder& who,
              Now now);
  // How many of the permits were taken back: none of a lease that is unknown or too old.
  std::int64_t give_back(std::uint64_t lease, std::int64_t permits, Now now);
  void hold_places(const std::string& holder, int held, Now now);
  void close_until(const LeaseRefusal& refusal, Now now);
  void correct(const AccountLimits& limits, const ProviderCount& count, Now now);
  AccountUse use(const AccountLimits& limits, Now now);

  // Is there something to write that was not there when this was last asked?
  bool take_changed();

 private:
  explicit QuotaBook(QuotaState state) : state_(std::move(state)) {}

  // How many permits are left, at most, and what says so where there are none.
  struct Room {
    std::int64_t left = kEveryPermit;
    std::optional<LeaseRefusal> refusal;
    void narrow(std::int64_t to, const LeaseRefusal& because);
  };

  Now settle(Now now);
  void begin_anew(Now now);
  void forget_the_past(Now now);
  Room room(const AccountLimits& limits, Now now) const;
  void take(const AccountLimits& limits, Lease& lease, Now now);
  void touch(Now now);

  QuotaState state_;
  bool changed_ = false;
};

}  // namespace vortex
