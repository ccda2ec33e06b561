// The permits this process holds of an account: a block leased from the Ledger, used one at a time,
// given back when it is 250 ms old. A process that stood still for hours therefore finds nothing to
// use. Remembers the ledger's and the provider's refusals, so that asking again costs nanoseconds.
// Part of Guard. Belongs to one thread.
#pragma once

#include <cstdint>
#include <optional>

#include "vortex/resilience/ledger.hpp"

namespace vortex {

// How many permits to lease at once: at most 100 ms of the rate for windows up to a minute, 1 % of
// longer ones, at least 1; the smallest of all windows.
std::int64_t lease_block(const AccountLimits& limits);

// For Ledger::give_back.
struct GiveBack {
  std::uint64_t lease = 0;
  std::int64_t permits = 0;
  int places_held = 0;
  bool operator==(const GiveBack&) const = default;
};

class LeasedPermits {
 public:
  static constexpr std::int64_t kBlockMax = 10'000;
  // A refusal whose end has passed already still keeps the ledger from being asked in a loop.
  static constexpr Duration kRefusalMin = std::chrono::milliseconds(1);

  enum class Answer : std::uint8_t { taken, lease_needed, refused };

  // `places_max`: how many calls this process may have in flight.
  LeasedPermits(const AccountLimits& limits, int places_max);

  // Takes a permit for a call beside `in_flight` others.
  Answer take(Now now, int in_flight) noexcept {
    if (now.elapsed < refused_until_ && is_refused(now)) return Answer::refused;
    const bool place = !places_counted_ || in_flight < places_;
    if (left_ == 0 || !place || now.elapsed >= fresh_until_) return Answer::lease_needed;
    --left_;
    return Answer::taken;
  }
  // A permit of that lease was not used after all.
  void untake(std::uint64_t lease) noexcept;
  void on_leave() noexcept;  // a call in flight has ended

  std::uint64_t lease_id() const noexcept { return id_; }
  Monotonic fresh_until() const noexcept { return fresh_until_; }
  std::int64_t left() const noexcept { return left_; }
  std::int64_t lost() const noexcept { return lost_; }  // never given back: they count as used

  LeaseRequest wanted(int in_flight) const noexcept;
  void accept(const Lease& lease, Now now, int in_flight);
  void close_until(const LeaseRefusal& refusal);

  // Permits too old to use and places no longer needed, once; `all`: the young ones too. Call it
  // until there is none.
  std::optional<GiveBack> unused(Now now, int in_flight, bool all) noexcept;
  // When unused() will have something: none, nothing is held.
  std::optional<Monotonic> unused_at(int in_flight) const noexcept;

  // The refusal in force, or none.
  const LeaseRefusal* refusal(Now now) const noexcept;
  Monotonic refused_until() const noexcept { return refused_until_; }

 private:
  bool is_refused(Now now) noexcept;
  void refresh_refused_until() noexcept;
  void set_aside() noexcept;

  std::int64_t block_;
  int concurrent_;
  int places_max_;
  bool places_counted_;
  bool no_place_ = false;  // the ledger's refusal is about places

  Monotonic refused_until_ = Monotonic::min();  // the later of the two refusals
  Monotonic fresh_until_ = Monotonic::min();
  std::int64_t left_ = 0;
  int places_ = 0;
  std::uint64_t id_ = 0;
  GiveBack aside_;  // of the lease before
  std::int64_t lost_ = 0;
  std::optional<LeaseRefusal> ledgers_;
  std::optional<LeaseRefusal> providers_;
};

}  // namespace vortex
