#include "vortex/resilience/leased_permits.hpp"

#include <algorithm>
#include <utility>

#include "vortex/resilience/time_math.hpp"

namespace vortex {
namespace {

constexpr Duration kShortWindowMax = std::chrono::minutes(1);
constexpr Duration kBlockTime = std::chrono::milliseconds(100);
constexpr std::int64_t kLongWindowShare = 100;         // a block is at most this fraction of it
constexpr std::int64_t kCountMax = 1'000'000'000'000;  // beyond it the block is kBlockMax anyway

std::int64_t block_of(const RollingWindow& window) {
  const std::int64_t count = std::clamp<std::int64_t>(window.count, 1, kCountMax);
  if (window.length > kShortWindowMax) return count / kLongWindowShare;
  return count * kBlockTime.count() / std::max<std::int64_t>(window.length.count(), 1);
}

}  // namespace

std::int64_t lease_block(const AccountLimits& limits) {
  std::int64_t block = LeasedPermits::kBlockMax;
  for (const RollingWindow& window : limits.rolling) block = std::min(block, block_of(window));
  for (const DayWindow& day : limits.days) block = std::min(block, day.count / kLongWindowShare);
  return std::max<std::int64_t>(block, 1);
}

LeasedPermits::LeasedPermits(const AccountLimits& limits, int places_max)
    : block_(lease_block(limits)),
      concurrent_(limits.concurrent),
      places_max_(std::max(places_max, 1)),
      places_counted_(limits.concurrent > 0) {}

void LeasedPermits::untake(std::uint64_t lease) noexcept {
  if (lease == id_) {
    ++left_;
  } else if (lease == aside_.lease) {
    ++aside_.permits;
  } else {
    ++lost_;
  }
}

void LeasedPermits::on_leave() noexcept {
  if (!no_place_) return;
  no_place_ = false;  // one of our own is free now: worth asking
  ledgers_.reset();
  refresh_refused_until();
}

LeaseRequest LeasedPermits::wanted(int in_flight) const noexcept {
  if (!places_counted_) return {.permits = block_};
  // What is in flight, not what was granted, and just one more: other processes want places too.
  const int wanted = std::min({in_flight + 1, concurrent_, places_max_});
  return {
      .permits = block_, .places_held = in_flight, .places_wanted = std::max(wanted, in_flight)};
}

void LeasedPermits::accept(const Lease& lease, Now now, int in_flight) {
  std::optional<LeaseRefusal> refusal = lease.refusal;  // may throw; nothing below does
  const bool has_permits = lease.permits > 0 && !refusal;
  const bool has_place = !places_counted_ || lease.places > in_flight;
  if (refusal) places_ = std::min(places_, in_flight);  // as wanted() told it
  if (has_permits) {
    set_aside();
    id_ = lease.id;
    left_ = lease.permits;
    places_ = lease.places;
    fresh_until_ = later_by(std::min(lease.issued, now.elapsed), kLeaseLife);
  }
  if (!refusal && has_permits && has_place) {
    ledgers_.reset();
    no_place_ = false;
    return refresh_refused_until();
  }
  if (!refusal) {  // granted, yet of no use: ask again when the lease has ended or a place is free
    refusal = LeaseRefusal{.code = has_permits ? ErrorCode::bulkhead_full : ErrorCode::rate_limited,
                           .rule = has_permits ? "concurrent" : "no permits",
                           .until = later_by(now.elapsed, kLeaseLife),
                           .until_calendar = later_by(now.calendar, kLeaseLife)};
  }
  refusal->until = std::max(refusal->until, later_by(now.elapsed, kRefusalMin));
  refusal->until_calendar = std::max(refusal->until_calendar, later_by(now.calendar, kRefusalMin));
  no_place_ = refusal->code == ErrorCode::bulkhead_full;
  ledgers_ = std::move(refusal);
  refresh_refused_until();
}

void LeasedPermits::close_until(const LeaseRefusal& refusal) {
  if (providers_ && providers_->until >= refusal.until) return;
  std::optional<LeaseRefusal> copy = refusal;
  providers_ = std::move(copy);
  refresh_refused_until();
}

void LeasedPermits::set_aside() noexcept {
  if (left_ == 0) return;
  if (aside_.permits > 0) lost_ += aside_.permits;
  aside_ = {.lease = id_, .permits = std::exchange(left_, 0)};
}

std::optional<GiveBack> LeasedPermits::unused(Now now, int in_flight, bool all) noexcept {
  if (aside_.permits > 0) {
    return GiveBack{.lease = aside_.lease,
                    .permits = std::exchange(aside_.permits, 0),
                    .places_held = places_counted_ ? std::max(places_, in_flight) : 0};
  }
  if (!all && now.elapsed < fresh_until_) return std::nullopt;
  const bool places_free = places_counted_ && places_ > in_flight;
  if (left_ == 0 && !places_free) return std::nullopt;
  places_ = std::min(places_, in_flight);
  return GiveBack{.lease = id_,
                  .permits = std::exchange(left_, 0),
                  .places_held = places_counted_ ? in_flight : 0};
}

std::optional<Monotonic> LeasedPermits::unused_at(int in_flight) const noexcept {
  if (aside_.permits > 0) return Monotonic::min();
  if (left_ > 0 || (places_counted_ && places_ > in_flight)) return fresh_until_;
  return std::nullopt;
}

// The ledger's refusal ends with either clock, for a day ends by the calendar, and asking it once
// too often does no harm. The provider's word is a length of time: the calendar may step meanwhile.
const LeaseRefusal* LeasedPermits::refusal(Now now) const noexcept {
  const bool by_ledger =
      ledgers_ && now.elapsed < ledgers_->until && now.calendar < ledgers_->until_calendar;
  const bool by_provider = providers_ && now.elapsed < providers_->until;
  if (by_ledger && by_provider) {
    return ledgers_->until > providers_->until ? &*ledgers_ : &*providers_;
  }
  if (by_ledger) return &*ledgers_;
  return by_provider ? &*providers_ : nullptr;
}

bool LeasedPermits::is_refused(Now now) noexcept {
  if (refusal(now) != nullptr) return true;
  ledgers_.reset();
  no_place_ = false;
  refresh_refused_until();
  return false;
}

void LeasedPermits::refresh_refused_until() noexcept {
  refused_until_ = Monotonic::min();
  if (ledgers_) refused_until_ = ledgers_->until;
  if (providers_) refused_until_ = std::max(refused_until_, providers_->until);
}

}  // namespace vortex
