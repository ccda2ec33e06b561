#include "vortex/telemetry/event_bus.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "vortex/telemetry/lock_soon.hpp"

namespace vortex {
namespace {

// Events copied under one hold of the lock: reading the past must not delay those who publish.
constexpr std::uint64_t kHistoryStep = 128;

}  // namespace

Subscription::~Subscription() {
  if (queue_) queue_->close();
}

Subscription& Subscription::operator=(Subscription&& other) noexcept {
  if (this == &other) return *this;
  if (queue_) queue_->close();
  queue_ = std::move(other.queue_);
  return *this;
}

std::optional<Delivery> Subscription::try_next() {
  Delivery next;
  if (take({&next, 1}) == 0) return std::nullopt;
  return next;
}

std::optional<Delivery> Subscription::wait_next(Duration timeout) {
  Delivery next;
  if (wait_take({&next, 1}, timeout) == 0) return std::nullopt;
  return next;
}

std::size_t Subscription::take(std::span<Delivery> into) {
  return queue_->take(into);
}

std::size_t Subscription::wait_take(std::span<Delivery> into, Duration timeout) {
  return queue_->wait_take(into, timeout);
}

void Subscription::close() {
  queue_->close();
}

bool Subscription::closed() const {
  return queue_->closed();
}

QueueCounts Subscription::counts() const {
  return queue_->counts();
}

EventBus::EventBus(const Options& options) : history_(options.history_max) {}

EventBus::~EventBus() {
  for (const Subscriber& subscriber : subscribers_) {
    if (subscriber.queue) subscriber.queue->close();
  }
}

Result<Subscription> EventBus::subscribe(const SubscribeOptions& options) {
  std::vector<EventPattern> patterns;
  for (const std::string& text : options.patterns) {
    VORTEX_TRY(EventPattern pattern, EventPattern::parse(text));
    patterns.push_back(std::move(pattern));
  }
  if (patterns.empty()) return fail(ErrorCode::usage, "a subscription needs a pattern");
  if (options.capacity == 0 || options.capacity > kQueueCapacityMax) {
    return fail(ErrorCode::usage, fmt::format("a subscription's capacity is 1 to {}, not {}",
                                              kQueueCapacityMax, options.capacity));
  }
  if (options.block_max <= Duration::zero())
    return fail(ErrorCode::usage, "a subscription's block_max is more than zero");
  auto queue = std::make_shared<EventQueue>(EventQueue::Options{
      .policy = options.policy, .capacity = options.capacity, .block_max = options.block_max});
  const std::scoped_lock lock(mutex_);
  remove_closed();
  const auto place = std::ranges::find(subscribers_, nullptr, &Subscriber::queue);
  if (place == subscribers_.end()) {
    return fail(ErrorCode::local_resource,
                fmt::format("there are {} subscriptions already", kSubscriptionsMax));
  }
  *place = {.name = options.name, .policy = options.policy, .queue = queue};
  masks_.set(static_cast<std::size_t>(place - subscribers_.begin()), std::move(patterns));
  return Subscription(std::move(queue));
}

std::uint64_t EventBus::publish(Event event) noexcept {
  auto lock = lock_soon(mutex_);
  event.sequence = ++sequence_;
  history_[event.sequence % history_.size()] = event;
  std::uint64_t full = 0;
  for (std::uint64_t wanting = masks_.of(event); wanting != 0; wanting &= wanting - 1) {
    const auto subscriber = static_cast<std::size_t>(std::countr_zero(wanting));
    switch (subscribers_[subscriber].queue->offer(event)) {
      case EventQueue::Offer::taken:
      case EventQueue::Offer::lost: break;
      case EventQueue::Offer::full: full |= std::uint64_t{1} << subscriber; break;
      case EventQueue::Offer::closed: remove(subscriber); break;
    }
  }
  if (full != 0) wait_for_room(std::move(lock), event, full);
  return event.sequence;
}

// The places in the lines are taken while the lock holds the order of events; the waiting is done
// without it.
void EventBus::wait_for_room(std::unique_lock<std::mutex> lock, const Event& event,
                             std::uint64_t full) {
  std::array<EventQueue::Waiting, kSubscriptionsMax> places;
  std::array<std::shared_ptr<EventQueue>, kSubscriptionsMax> queues;
  std::size_t count = 0;
  for (; full != 0; full &= full - 1) {
    queues[count] = subscribers_[static_cast<std::size_t>(std::countr_zero(full))].queue;
    places[count].event = event;
    queues[count]->join_line(places[count]);
    ++count;
  }
  lock.unlock();
  for (std::size_t i = 0; i < count; ++i) queues[i]->wait_in_line(places[i]);
}

void EventBus::remove(std::size_t subscriber) {
  subscribers_[subscriber] = {};
  masks_.clear(subscriber);
}

void EventBus::remove_closed() {
  for (std::size_t i = 0; i < subscribers_.size(); ++i) {
    if (subscribers_[i].queue && subscribers_[i].queue->closed()) remove(i);
  }
}

EventHistory EventBus::history(const HistoryRequest& request) const {
  EventHistory out{.events = {}, .missed = 0, .last_looked_at = request.since};
  const std::uint64_t end = last_sequence();
  std::vector<Event> step;
  step.reserve(kHistoryStep);
  while (out.last_looked_at < end && out.events.size() < request.events_max) {
    step.clear();
    {
      const std::scoped_lock lock(mutex_);
      const std::uint64_t kept_behind =
          sequence_ > history_.size() ? sequence_ - history_.size() : 0;
      if (kept_behind > out.last_looked_at) {
        out.missed += kept_behind - out.last_looked_at;
        out.last_looked_at = kept_behind;
      }
      const std::uint64_t until = std::min(sequence_, out.last_looked_at + kHistoryStep);
      for (std::uint64_t n = out.last_looked_at + 1; n <= until; ++n)
        step.push_back(history_[n % history_.size()]);
    }
    for (const Event& event : step) {
      if (out.events.size() == request.events_max) break;
      out.last_looked_at = event.sequence;
      if (!request.pattern || request.pattern->matches(event)) out.events.push_back(event);
    }
  }
  return out;
}

std::uint64_t EventBus::last_sequence() const {
  const std::scoped_lock lock(mutex_);
  return sequence_;
}

std::vector<SubscriberReport> EventBus::subscribers() const {
  std::vector<SubscriberReport> out;
  const std::scoped_lock lock(mutex_);
  for (const Subscriber& subscriber : subscribers_) {
    if (!subscriber.queue || subscriber.queue->closed()) continue;
    out.push_back({.name = subscriber.name,
                   .policy = subscriber.policy,
                   .counts = subscriber.queue->counts()});
  }
  return out;
}

}  // namespace vortex
