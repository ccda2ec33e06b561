#include "vortex/resilience/place_queue.hpp"

#include <algorithm>
#include <cstddef>

namespace vortex {
namespace {

constexpr Duration kSeenLately = std::chrono::seconds(1);
// A place is kept for a process that waits only while it keeps asking; it may have been killed.
constexpr Duration kAskedLately = std::chrono::milliseconds(200);
constexpr Duration kTurn = std::chrono::seconds(1);
// A permit lives a fraction of a second and a call ends by its deadline: whoever says nothing for
// so long has no call left.
constexpr Duration kSilenceMax = std::chrono::minutes(10);
constexpr std::size_t kHoldersMax = 256;

bool is_seen_lately(const PlaceQueue::Holder& holder, Monotonic now) {
  return now - holder.seen < kSeenLately;
}

}  // namespace

int PlaceQueue::ask(const LedgerHolder& who, const Ask& ask, Monotonic now) {
  {
    Holder& mine = entry(who.id, now);
    mine.held = ask.held;
    mine.wanted = ask.wanted;
    mine.granted = ask.held;
  }
  const auto others = [&] {
    return held_by_all() - ask.held;
  };
  forget_the_gone(who, others() + ask.wanted > ask.places, now);
  Holder& mine = entry(who.id, now);

  const int fair = share(mine, ask, now);
  const int free = ask.places - others() - ask.held - promised_to_others(mine, fair, now);
  const int more = std::min(ask.wanted, fair) - ask.held;
  const int granted = ask.held + std::max(0, std::min(more, free));
  mine.granted = std::min(granted, std::max(fair, 0));
  const bool has_none = mine.granted == 0 && ask.wanted > 0;
  if (has_none && !mine.waiting_since) mine.waiting_since = now;
  if (!has_none) {
    const bool is_new = mine.waiting_since.has_value() || ask.held == 0;
    if (is_new) mine.turn = now;
    mine.waiting_since.reset();
  }
  return mine.granted;
}

void PlaceQueue::tell(const std::string& id, int held, Monotonic now) {
  const auto mine = std::ranges::find(holders_, id, &Holder::id);
  if (mine == holders_.end()) return;
  mine->held = held;
  mine->granted = held;
  mine->wanted = held;
  mine->seen = now;
  mine->waiting_since.reset();
  if (held == 0) holders_.erase(mine);
}

int PlaceQueue::held_by_all() const {
  int sum = 0;
  for (const Holder& holder : holders_) sum += holder.occupied();
  return sum;
}

PlaceQueue::Holder& PlaceQueue::entry(const std::string& id, Monotonic now) {
  const auto found = std::ranges::find(holders_, id, &Holder::id);
  if (found != holders_.end()) {
    found->seen = now;
    return *found;
  }
  holders_.push_back({.id = id, .seen = now, .turn = now});
  return holders_.back();
}

// Asking whether a process lives costs a look at the system, so it is done where places are short,
// and only for those not heard of in the last second.
void PlaceQueue::forget_the_gone(const LedgerHolder& who, bool places_are_short, Monotonic now) {
  std::erase_if(holders_, [&](const Holder& holder) {
    if (holder.id == who.id || is_seen_lately(holder, now)) return false;
    if (holder.occupied() == 0 || now - holder.seen >= kSilenceMax) return true;
    return places_are_short && who.is_alive && !who.is_alive(holder.id);
  });
  if (holders_.size() <= kHoldersMax) return;
  std::erase_if(holders_, [&](const Holder& holder) {
    return holder.id != who.id && holder.occupied() == 0;
  });
}

// All may be wanted by nobody else; else a share, rounded up unless somebody has nothing. Who has
// nothing to share any more gives its place up after its turn.
int PlaceQueue::share(const Holder& mine, const Ask& ask, Monotonic now) const {
  int rivals = 0;
  int wanted = 0;
  bool somebody_starves = false;
  for (const Holder& holder : holders_) {
    const bool me = holder.id == mine.id;
    if (!me && !is_seen_lately(holder, now)) continue;
    if (holder.wanted == 0) continue;
    ++rivals;
    wanted += holder.wanted;
    if (!me && holder.waiting_since) somebody_starves = true;
  }
  if (wanted <= ask.places || rivals <= 1) return ask.places;
  const int least = ask.places / rivals;
  if (!somebody_starves) return least + (ask.places % rivals == 0 ? 0 : 1);
  if (least > 0) return least;
  const bool turn_is_over = ask.held > 0 && now - mine.turn >= kTurn;
  return turn_is_over ? 0 : 1;
}

// Those who waited before me get theirs first.
int PlaceQueue::promised_to_others(const Holder& mine, int share, Monotonic now) const {
  int promised = 0;
  for (const Holder& holder : holders_) {
    if (holder.id == mine.id || !holder.waiting_since) continue;
    if (now - holder.seen >= kAskedLately) continue;
    if (mine.waiting_since && *mine.waiting_since <= *holder.waiting_since) continue;
    promised += std::max(0, std::min(holder.wanted, std::max(share, 1)) - holder.occupied());
  }
  return promised;
}

}  // namespace vortex
