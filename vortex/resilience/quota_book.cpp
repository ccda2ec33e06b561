#include "vortex/resilience/quota_book.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

namespace vortex {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t kOpenLeasesMax = 256;
constexpr std::size_t kCapsMax = 4;
constexpr std::size_t kRuleSizeMax = 100;
// How soon to ask for a place again. Nobody knows when a call of another process ends.
constexpr Duration kPlaceWait = std::chrono::milliseconds(20);
// A provider's window ends within a day, the one on which clocks go back included. More is a stamp
// that was read in the wrong unit.
constexpr Duration kResetMax = std::chrono::hours(25);

LeaseRefusal refusal_at(ErrorCode code, std::string rule, Monotonic until, Now now) {
  const auto ahead = std::chrono::ceil<Duration>(until - now.elapsed);
  return {.code = code,
          .rule = std::move(rule),
          .until = until,
          .until_calendar = now.calendar + ahead};
}

// Judged by the calendar, so elapsed time is what follows from it.
LeaseRefusal refusal_of_day(std::string rule, TimePoint reset, Now now) {
  return {.code = ErrorCode::quota_exhausted,
          .rule = std::move(rule),
          .until = now.elapsed + nanoseconds(reset - now.calendar),
          .until_calendar = reset};
}

// After another boot: by the calendar, but no longer than it was from the beginning.
void move_to_boot(NotedMoment& moment, Now now) {
  const Duration left = std::clamp(moment.calendar - now.calendar, Duration::zero(), moment.length);
  moment.elapsed = now.elapsed + nanoseconds(left);
  moment.calendar = now.calendar + left;
}

std::string cap_rule(const QuotaState::Cap& cap) {
  return fmt::format("{} by the provider's count", cap.limit);
}

// The count is of a day where there is a day's limit and no shorter window could reset so late.
bool is_of_day(const AccountLimits& limits, Duration reset) {
  if (limits.days.empty()) return false;
  return std::ranges::none_of(limits.rolling,
                              [&](const RollingWindow& window) { return reset <= window.length; });
}

bool is_plausible(const ProviderCount& count) {
  return count.limit > 0 && count.limit <= kEveryPermit && count.remaining >= 0 &&
         count.remaining <= count.limit && count.reset > Duration::zero() &&
         count.reset <= kResetMax;
}

}  // namespace

std::string rule_name(const RollingWindow& window) {
  const std::int64_t us = window.length.count();
  const auto spell = [&](std::int64_t unit, std::string_view name) {
    const std::int64_t multiple = us / unit;
    return multiple == 1 ? fmt::format("{}/{}", window.count, name)
                         : fmt::format("{}/{}{}", window.count, multiple, name);
  };
  if (us % 3'600'000'000 == 0) return spell(3'600'000'000, "h");
  if (us % 60'000'000 == 0) return spell(60'000'000, "min");
  if (us % 1'000'000 == 0) return spell(1'000'000, "s");
  if (us % 1000 == 0) return spell(1000, "ms");
  return spell(1, "us");
}

std::string rule_name(const DayWindow& window) {
  return fmt::format("{}/day@{}", window.count, window.zone.name());
}

QuotaBook::QuotaBook(std::string boot) {
  state_.boot = std::move(boot);
}

QuotaBook QuotaBook::all_used(std::string boot, Now now, TimePoint since) {
  QuotaBook book(std::move(boot));
  // Ids that were in use before the damage must not come again.
  const auto stamp = now.calendar.time_since_epoch().count();
  const std::uint64_t id = stamp > 0 ? static_cast<std::uint64_t>(stamp) : 1;
  book.state_.history.add({.last_id = id, .elapsed = now.elapsed, .permits = kEveryPermit});
  book.state_.days.add(kEveryPermit, since);
  book.state_.next_id = id + 1;
  book.touch(now);
  return book;
}

Result<QuotaBook> QuotaBook::read(std::string_view text, const std::string& boot, Now now) {
  VORTEX_TRY(QuotaState state, read_quota_state(text));
  const bool same_boot = state.boot == boot;
  QuotaBook book(std::move(state));
  if (!same_boot) {
    book.state_.boot = boot;
    book.begin_anew(now);
  }
  return book;
}

Lease QuotaBook::lease(const AccountLimits& limits, const LeaseRequest& request,
                       const LedgerHolder& who, Now now) {
  now = settle(now);
  if (state_.days.roll(limits.days, now.calendar)) changed_ = true;
  Lease lease{.issued = now.elapsed};
  const bool counts_places = limits.concurrent > 0;
  // Who wants fewer than it holds lets go of the rest.
  const PlaceQueue::Ask ask{.held = std::min(request.places_held, request.places_wanted),
                            .wanted = request.places_wanted,
                            .places = limits.concurrent};
  Room room = this->room(limits, now);
  if (room.refusal) {
    // Without a permit no call can begin: the places are for others.
    if (counts_places) hold_places(who.id, ask.held, now);
    lease.places = counts_places ? ask.held : ask.wanted;
    lease.refusal = std::move(room.refusal);
    return lease;
  }
  lease.places = request.places_wanted;
  if (counts_places) {
    lease.places = state_.places.ask(who, ask, now.elapsed);
    changed_ = true;
    const bool can_begin = lease.places > ask.held || ask.wanted == ask.held;
    if (lease.places < ask.held || lease.places == 0 || !can_begin) {
      lease.refusal =
          refusal_at(ErrorCode::bulkhead_full, fmt::format("{} calls at once", limits.concurrent),
                     now.elapsed + kPlaceWait, now);
      return lease;
    }
  }
  lease.permits = std::min(std::max<std::int64_t>(request.permits, 1), room.left);
  take(limits, lease, now);
  return lease;
}

std::int64_t QuotaBook::give_back(std::uint64_t lease, std::int64_t permits, Now now) {
  now = settle(now);
  const auto open = std::ranges::find(state_.open, lease, &QuotaState::OpenLease::id);
  if (open == state_.open.end() || permits < 1) return 0;
  if (now.elapsed - open->issued.elapsed >= kGiveBackMax) return 0;
  const std::int64_t returned = std::min(permits, open->permits);
  state_.history.give_back(lease, returned);
  state_.days.give_back(returned, open->issued.calendar);
  for (QuotaState::Cap& cap : state_.caps) {
    if (lease >= cap.since_id) cap.left += returned;
  }
  open->permits -= returned;
  if (open->permits == 0) state_.open.erase(open);
  touch(now);
  return returned;
}

void QuotaBook::hold_places(const std::string& holder, int held, Now now) {
  const auto& holders = state_.places.holders();
  const auto found = std::ranges::find(holders, holder, &PlaceQueue::Holder::id);
  if (found == holders.end() || (found->granted == held && found->held == held)) return;
  state_.places.tell(holder, held, now.elapsed);
  changed_ = true;
}

void QuotaBook::close_until(const LeaseRefusal& refusal, Now now) {
  now = settle(now);
  const auto ahead = std::chrono::ceil<Duration>(refusal.until - now.elapsed);
  const Duration length = std::clamp(ahead, Duration::zero(), kPauseMax);
  const NotedMoment until{.elapsed = std::min(refusal.until, now.elapsed + nanoseconds(kPauseMax)),
                          .calendar = now.calendar + length,
                          .length = length};
  if (until.elapsed <= now.elapsed) return;
  if (state_.closed && state_.closed->until.elapsed >= until.elapsed) return;
  state_.closed = {
      .code = refusal.code, .rule = untrusted(refusal.rule, kRuleSizeMax), .until = until};
  touch(now);
}

void QuotaBook::correct(const AccountLimits& limits, const ProviderCount& count, Now now) {
  if (!is_plausible(count)) return;
  now = settle(now);
  const bool is_day = is_of_day(limits, count.reset);
  if (is_day) {
    if (state_.days.roll(limits.days, now.calendar)) changed_ = true;
    for (const DayWindow& window : limits.days) {
      const std::int64_t ours = state_.days.find(window.zone)->used;
      const std::int64_t theirs = count.limit - count.remaining;
      if (theirs > ours) state_.days.note_foreign(window.zone, theirs - ours);
    }
  }
  const QuotaState::Cap cap{.limit = count.limit,
                            .left = count.remaining,
                            .is_day = is_day,
                            .until = {.elapsed = now.elapsed + nanoseconds(count.reset),
                                      .calendar = now.calendar + count.reset,
                                      .length = count.reset},
                            .since_id = state_.next_id};
  const auto known = std::ranges::find(state_.caps, cap.limit, &QuotaState::Cap::limit);
  if (known != state_.caps.end()) {
    if (cap.left >= known->left) return;  // an answer that was slower than others says nothing new
    *known = cap;
  } else {
    // The one that holds the least back makes room.
    if (state_.caps.size() >= kCapsMax) {
      state_.caps.erase(std::ranges::max_element(state_.caps, {}, &QuotaState::Cap::left));
    }
    state_.caps.push_back(cap);
  }
  touch(now);
}

AccountUse QuotaBook::use(const AccountLimits& limits, Now now) {
  now = settle(now);
  if (state_.days.roll(limits.days, now.calendar)) changed_ = true;
  AccountUse use;
  for (const RollingWindow& window : limits.rolling) {
    const Monotonic free_at = state_.history.free_at(window, now.elapsed);
    use.allowances.push_back(
        {.rule = rule_name(window),
         .limit = window.count,
         .used = std::min(window.count, state_.history.used(window.length, now.elapsed)),
         .resets_at = now.calendar + std::chrono::ceil<Duration>(free_at - now.elapsed)});
  }
  for (const DayWindow& window : limits.days) {
    const DayCounts::Zone& zone = *state_.days.find(window.zone);
    use.allowances.push_back({.rule = rule_name(window),
                              .limit = window.count,
                              .used = std::min(window.count, zone.used),
                              .is_day = true,
                              .resets_at = DayCounts::reset_of(zone)});
    use.foreign_use = std::max(use.foreign_use, zone.foreign);
  }
  if (state_.closed) {
    const QuotaState::Closed& closed = *state_.closed;
    use.closed = refusal_at(closed.code, closed.rule, closed.until.elapsed, now);
  }
  use.places_held = state_.places.held_by_all();
  return use;
}

bool QuotaBook::take_changed() {
  return std::exchange(changed_, false);
}

void QuotaBook::Room::narrow(std::int64_t to, const LeaseRefusal& because) {
  left = std::min(left, std::max<std::int64_t>(to, 0));
  if (to > 0) return;
  if (!refusal || refusal->until < because.until) refusal = because;
}

Now QuotaBook::settle(Now now) {
  if (now.elapsed < state_.last) {
    if (state_.last - now.elapsed <= nanoseconds(kReorderMax)) {
      now.elapsed = state_.last;
    } else {
      begin_anew(now);
    }
  }
  forget_the_past(now);
  return now;
}

void QuotaBook::begin_anew(Now now) {
  state_.history.move_all_to(now.elapsed);
  state_.open.clear();
  state_.places.forget_all();
  if (state_.closed) move_to_boot(state_.closed->until, now);
  for (QuotaState::Cap& cap : state_.caps) move_to_boot(cap.until, now);
  state_.last = now.elapsed;
  changed_ = true;
}

void QuotaBook::forget_the_past(Now now) {
  if (state_.closed && state_.closed->until.elapsed <= now.elapsed) state_.closed.reset();
  std::erase_if(state_.caps,
                [&](const QuotaState::Cap& cap) { return cap.until.elapsed <= now.elapsed; });
}

QuotaBook::Room QuotaBook::room(const AccountLimits& limits, Now now) const {
  Room room;
  for (const RollingWindow& window : limits.rolling) {
    const std::int64_t left = window.count - state_.history.used(window.length, now.elapsed);
    if (left > 0) {
      room.left = std::min(room.left, left);
      continue;
    }
    const Monotonic free_at = state_.history.free_at(window, now.elapsed);
    room.narrow(left, refusal_at(ErrorCode::rate_limited, rule_name(window), free_at, now));
  }
  for (const DayWindow& window : limits.days) {
    const DayCounts::Zone& zone = *state_.days.find(window.zone);
    const std::int64_t left = window.count - zone.used;
    room.narrow(left, refusal_of_day(rule_name(window), DayCounts::reset_of(zone), now));
  }
  for (const QuotaState::Cap& cap : state_.caps) {
    const ErrorCode code = cap.is_day ? ErrorCode::quota_exhausted : ErrorCode::rate_limited;
    room.narrow(cap.left, refusal_at(code, cap_rule(cap), cap.until.elapsed, now));
  }
  if (state_.closed) {
    const QuotaState::Closed& closed = *state_.closed;
    room.narrow(0, refusal_at(closed.code, closed.rule, closed.until.elapsed, now));
  }
  return room;
}

void QuotaBook::take(const AccountLimits& limits, Lease& lease, Now now) {
  lease.id = state_.next_id++;
  state_.history.add({.last_id = lease.id, .elapsed = now.elapsed, .permits = lease.permits});
  state_.history.tidy(limits.rolling, now.elapsed);
  state_.days.add(lease.permits, now.calendar);
  for (QuotaState::Cap& cap : state_.caps) cap.left -= lease.permits;
  std::erase_if(state_.open, [&](const QuotaState::OpenLease& open) {
    return now.elapsed - open.issued.elapsed >= kGiveBackMax;
  });
  if (state_.open.size() >= kOpenLeasesMax) state_.open.erase(state_.open.begin());
  state_.open.push_back({.id = lease.id, .permits = lease.permits, .issued = now});
  touch(now);
}

void QuotaBook::touch(Now now) {
  state_.last = std::max(state_.last, now.elapsed);
  changed_ = true;
}

}  // namespace vortex
