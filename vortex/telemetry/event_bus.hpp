// Where everything that happens is told: publishers put events in, subscribers take theirs from
// queues of their own, the last 10,000 can be read again. A slow subscriber delays nobody beyond
// what its policy says, and a gap is always told with its size. Thread-safe. Publishing allocates
// nothing, fails never, and compares no text.
//
//   auto breakers = bus.subscribe({.name = "pager", .patterns = {"provider.*.circuit_breaker.*"}});
//   bus.publish({.time = now, .type = EventType::connected, .provider = "yahoo"});
//   while (auto next = breakers->try_next()) …
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vortex/telemetry/event_pattern.hpp"
#include "vortex/telemetry/event_queue.hpp"
#include "vortex/telemetry/topic_masks.hpp"

namespace vortex {

struct SubscribeOptions {
  std::string name;                           // for people: "event log", "status"
  std::vector<std::string> patterns = {"*"};  // any of them, see EventPattern
  OverflowPolicy policy = OverflowPolicy::drop_oldest;
  std::size_t capacity = 1024;  // events, 1 … kQueueCapacityMax; allocated when subscribing
  Duration block_max = std::chrono::milliseconds(100);  // > 0; policy block only
};
inline constexpr std::size_t kQueueCapacityMax = 1'000'000;

// A subscriber's end of its queue; ends the subscription when destroyed. It and the bus may end in
// any order. Made to be read by one thread; `close` and `counts` may be called by any.
class Subscription {
 public:
  ~Subscription();
  Subscription(Subscription&&) noexcept = default;
  Subscription& operator=(Subscription&& other) noexcept;
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  std::optional<Delivery> try_next();
  // Waits that much real time at most; nothing also when closed and empty.
  std::optional<Delivery> wait_next(Duration timeout);
  // Several at once, as many as fit; the number of those taken.
  std::size_t take(std::span<Delivery> into);
  std::size_t wait_take(std::span<Delivery> into, Duration timeout);

  void close();         // no more events come; those that wait can be taken
  bool closed() const;  // by `close` or by the end of the bus
  QueueCounts counts() const;

 private:
  friend class EventBus;
  explicit Subscription(std::shared_ptr<EventQueue> queue) : queue_(std::move(queue)) {}
  std::shared_ptr<EventQueue> queue_;  // null after a move
};

// What is kept of the past, read again.
struct HistoryRequest {
  std::uint64_t since = 0;  // events behind this sequence number
  std::optional<EventPattern> pattern;
  std::size_t events_max = 10'000;
};
struct EventHistory {
  std::vector<Event> events;         // oldest first
  std::uint64_t missed = 0;          // after `since` and no longer kept, whatever their topic
  std::uint64_t last_looked_at = 0;  // the `since` of the next request
};

struct SubscriberReport {
  std::string name;
  OverflowPolicy policy = OverflowPolicy::drop_oldest;
  QueueCounts counts;
};

class EventBus {
 public:
  struct Options {
    std::size_t history_max = 10'000;  // > 0
  };
  EventBus() : EventBus(Options{}) {}
  explicit EventBus(const Options& options);
  ~EventBus();  // closes the subscriptions
  EventBus(const EventBus&) = delete;
  EventBus& operator=(const EventBus&) = delete;

  // usage: a bad pattern, a capacity or wait out of range; local_resource: 64 subscriptions stand.
  Result<Subscription> subscribe(const SubscribeOptions& options);

  // Gives the event its number and hands it to whoever wants it. Waits only where a subscriber with
  // policy `block` is full, `block_max` for each such subscriber at most, and once only for one
  // that takes nothing; other publishers and subscribers go on meanwhile. May be called from a
  // subscriber's thread.
  std::uint64_t publish(Event event) noexcept;

  EventHistory history(const HistoryRequest& request = {}) const;
  std::uint64_t last_sequence() const;
  std::vector<SubscriberReport> subscribers() const;

 private:
  struct Subscriber {
    std::string name;
    OverflowPolicy policy = OverflowPolicy::drop_oldest;
    std::shared_ptr<EventQueue> queue;  // null: the place is free
  };

  void wait_for_room(std::unique_lock<std::mutex> lock, const Event& event, std::uint64_t full);
  void remove(std::size_t subscriber);
  void remove_closed();

  mutable std::mutex mutex_;
  std::vector<Event> history_;  // ring: sequence n stands at n % size
  std::uint64_t sequence_ = 0;
  std::array<Subscriber, kSubscriptionsMax> subscribers_;
  TopicMasks masks_;
};

}  // namespace vortex
