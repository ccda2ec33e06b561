#include "vortex/telemetry/event_queue.hpp"

#include <algorithm>
#include <utility>

#include "vortex/telemetry/lock_soon.hpp"

namespace vortex {
namespace {

// Longer waits are asked for anew; the sum with the clock must not overflow.
constexpr Duration kWaitMax = std::chrono::hours(24);
// A reader sleeps this long before it asks to be woken. Waking costs the publisher microseconds; in
// a burst it would do so for every few events, so it finds more of them here and is not asked.
constexpr Duration kNap = std::chrono::microseconds(20);

}  // namespace

std::string_view to_string(OverflowPolicy policy) {
  switch (policy) {
    case OverflowPolicy::block: return "block";
    case OverflowPolicy::drop_oldest: return "drop_oldest";
    case OverflowPolicy::conflate: return "conflate";
  }
  return "";
}

EventQueue::EventQueue(const Options& options)
    : options_(options),
      ring_(options.capacity),
      keys_(options.policy == OverflowPolicy::conflate ? options.capacity : 0) {}

EventQueue::Offer EventQueue::offer(const Event& event) {
  const bool conflates = options_.policy == OverflowPolicy::conflate;
  const std::uint64_t key_hash = conflates ? hash_of_key(event) : 0;
  bool wake = false;
  {
    const auto lock = lock_soon(mutex_);
    if (closed_) return Offer::closed;
    if (stuck_) {
      ++counts_.offered;
      lose();
      return Offer::lost;
    }
    const bool full = counts_.queued == ring_.size();
    if (options_.policy == OverflowPolicy::block && (full || line_head_ != nullptr))
      return Offer::full;
    ++counts_.offered;
    if (conflates && replace_waiting(event, key_hash)) return Offer::taken;
    if (full) drop_oldest();
    push(event, key_hash);
    wake = std::exchange(subscriber_waits_, false);
  }
  if (wake) has_events_.notify_one();
  return Offer::taken;
}

void EventQueue::join_line(Waiting& place) {
  const std::scoped_lock lock(mutex_);
  place.over = closed_ || stuck_;
  if (closed_) return;
  ++counts_.offered;
  if (stuck_) return lose();  // since the offer
  ++counts_.blocked;
  place.taken_before = counts_.taken;
  (line_tail_ == nullptr ? line_head_ : line_tail_->next) = &place;
  line_tail_ = &place;
  // Between the offer and now the subscriber may have made room, with nobody in line to admit.
  if (counts_.queued < ring_.size()) admit_first_in_line();
  if (std::exchange(subscriber_waits_, false)) has_events_.notify_one();
}

void EventQueue::wait_in_line(Waiting& place) {
  std::unique_lock lock(mutex_);
  if (line_moved_.wait_for(lock, std::min(options_.block_max, kWaitMax),
                           [&] { return place.over; }))
    return;
  if (counts_.taken == place.taken_before) {
    stuck_ = true;
    lose_line();  // those behind would find the same, and what comes next must not overtake them
    line_moved_.notify_all();
    return;
  }
  Waiting* before = nullptr;
  for (Waiting* at = line_head_; at != &place; at = at->next) before = at;
  (before == nullptr ? line_head_ : before->next) = place.next;
  if (line_tail_ == &place) line_tail_ = before;
  lose();
}

std::size_t EventQueue::take(std::span<Delivery> into) {
  const auto lock = lock_soon(mutex_);
  return take_locked(into);
}

std::size_t EventQueue::wait_take(std::span<Delivery> into, Duration timeout) {
  auto lock = lock_soon(mutex_);
  const auto something = [this] {
    return counts_.queued > 0 || closed_;
  };
  timeout = std::min(timeout, kWaitMax);
  if (!something()) has_events_.wait_for(lock, std::min(timeout, kNap), something);
  if (!something()) {
    subscriber_waits_ = true;
    has_events_.wait_for(lock, timeout, something);
    subscriber_waits_ = false;
  }
  return take_locked(into);
}

std::size_t EventQueue::take_locked(std::span<Delivery> into) {
  std::size_t taken = 0;
  while (taken < into.size() && counts_.queued > 0) pop_into(into[taken++]);
  return taken;
}

void EventQueue::close() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    lose_line();
    subscriber_waits_ = false;
  }
  has_events_.notify_all();
  line_moved_.notify_all();
}

bool EventQueue::closed() const {
  const std::scoped_lock lock(mutex_);
  return closed_;
}

QueueCounts EventQueue::counts() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

// In the place of the older one: a key that changes faster than the subscriber reads must not be
// pushed back for ever.
bool EventQueue::replace_waiting(const Event& event, std::uint64_t key_hash) {
  const std::size_t place = keys_.find(key_hash, [&](std::size_t candidate) {
    return same_key(ring_[candidate].delivery.event, event);
  });
  if (place == EventKeyIndex::npos) return false;
  ring_[place].delivery.event = event;
  ++ring_[place].delivery.conflated;
  ++counts_.conflated;
  return true;
}

void EventQueue::push(const Event& event, std::uint64_t key_hash) {
  std::size_t place = head_ + counts_.queued;
  if (place >= ring_.size()) place -= ring_.size();
  Slot& slot = ring_[place];
  slot.delivery.event = event;
  slot.delivery.missed = std::exchange(counts_.missed_untold, 0);
  slot.delivery.conflated = 0;
  slot.key_hash = key_hash;
  if (options_.policy == OverflowPolicy::conflate) keys_.put(key_hash, place);
  ++counts_.queued;
  counts_.queued_peak = std::max(counts_.queued_peak, counts_.queued);
}

// The gap is told by the event that is now the oldest.
void EventQueue::drop_oldest() {
  const Slot& lost = ring_[head_];
  if (options_.policy == OverflowPolicy::conflate) keys_.erase(lost.key_hash, head_);
  const std::uint64_t gap = lost.delivery.missed + 1;
  head_ = head_ + 1 == ring_.size() ? 0 : head_ + 1;
  --counts_.queued;
  ++counts_.dropped;
  std::uint64_t& told_with =
      counts_.queued > 0 ? ring_[head_].delivery.missed : counts_.missed_untold;
  told_with += gap;
}

void EventQueue::pop_into(Delivery& out) {
  const Slot& slot = ring_[head_];
  out = slot.delivery;
  if (options_.policy == OverflowPolicy::conflate) keys_.erase(slot.key_hash, head_);
  head_ = head_ + 1 == ring_.size() ? 0 : head_ + 1;
  --counts_.queued;
  ++counts_.taken;
  stuck_ = false;
  if (line_head_ != nullptr) admit_first_in_line();
}

void EventQueue::admit_first_in_line() {
  Waiting& first = *line_head_;
  line_head_ = first.next;
  if (line_head_ == nullptr) line_tail_ = nullptr;
  push(first.event, 0);
  first.over = true;
  line_moved_.notify_all();
}

void EventQueue::lose() {
  ++counts_.dropped;
  ++counts_.missed_untold;
}

void EventQueue::lose_line() {
  for (Waiting* at = line_head_; at != nullptr; at = at->next) {
    at->over = true;
    lose();
  }
  line_head_ = line_tail_ = nullptr;
}

}  // namespace vortex
