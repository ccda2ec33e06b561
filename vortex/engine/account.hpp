// One account of a provider in this process: the Guard's decisions joined with what takes time,
// which is waiting for a permit and asking the ledger. Every call, a login's steps too, passes
// `enter` and `leave`. First come, first served. Belongs to the I/O thread.
#pragma once

#include <optional>
#include <string>

#include "vortex/base/random.hpp"
#include "vortex/engine/slots.hpp"
#include "vortex/resilience/guard.hpp"
#include "vortex/runtime/runtime.hpp"
#include "vortex/runtime/task_group.hpp"
#include "vortex/telemetry/event_bus.hpp"

namespace vortex {

class Account {
 public:
  // All given must outlive the account.
  struct Parts {
    Runtime* runtime = nullptr;
    Ledger* ledger = nullptr;
    Slots* ledger_turn = nullptr;  // the ledger is asked by one at a time
    Slots* all_calls = nullptr;    // bounds the calls of all accounts of the process
    EventBus* events = nullptr;    // may be null
    std::string name;              // of the account in the ledger
    GuardOptions guard;            // guard.name is the provider's
  };
  explicit Account(const Parts& parts);
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;
  ~Account();

  // Leave to make one call, at once, and its place among the process's calls: who waits for a
  // permit holds none.
  struct Entry {
    Permit permit;
    Slots::Slot place;
  };

  // Waits for permits as long as the account's own windows make it
  // (at most kWaitMax otherwise); what would take longer, an open breaker and a used-up day are
  // refused with the time from which to ask again.
  Task<Entry> enter();
  void leave(Permit permit, Verdict verdict);
  void note_quality(bool good);  // of the data of a call that was settled as a success

  // The provider said stop. In force at once here, and for every process as soon as it is written.
  boost::asio::awaitable<void> close_until(LeaseRefusal refusal);

  // The provider's own count, from the headers of a reply.
  boost::asio::awaitable<void> correct(ProviderCount count);

  // Gives back what is leased and not used; the account may be used again afterwards.
  boost::asio::awaitable<void> release();

  Guard& guard() { return guard_; }
  const Guard& guard() const { return guard_; }
  const std::string& name() const { return parts_.name; }
  const AccountLimits& limits() const { return parts_.guard.limits; }
  Now now() const;

  static constexpr Duration kWaitMax = std::chrono::seconds(30);

 private:
  Task<Entry> enter_in_turn();
  void start_returning();
  Task<void> lease();
  boost::asio::awaitable<void> return_stale();
  bool worth_waiting(const Refusal& refusal) const;
  void tell(EventType type, const LeaseRefusal& refusal);
  void tell_transitions();
  void tell_low(const AccountUse& use);

  Parts parts_;
  Guard guard_;
  Duration wait_max_;
  Slots turn_;
  int waiting_ = 0;
  std::uint64_t transitions_told_ = 0;
  std::optional<TimePoint> low_told_;  // of the day that resets then
  std::int64_t foreign_told_ = 0;
  bool returning_ = false;
  std::optional<TaskGroup> returns_;
};

}  // namespace vortex
