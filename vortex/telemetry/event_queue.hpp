// One subscriber's bounded queue: what the bus puts in and the subscriber takes out, with the
// subscriber's word on what happens when it is full. Every loss is counted and told with the next
// event behind the gap. Thread-safe; publishers offer under the lock of the bus, so that events of
// several publishers stand in the order of their sequence.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "vortex/base/time.hpp"
#include "vortex/telemetry/event.hpp"
#include "vortex/telemetry/event_key_index.hpp"

namespace vortex {

// When the queue is full:
enum class OverflowPolicy : std::uint8_t {
  block,        // the publisher waits, at most `block_max`; then this event is lost, and counted.
                // After a wait in which nothing was taken the subscriber is stuck: until it takes
                // something again events are lost at once, so that it costs one wait, not one each
  drop_oldest,  // the oldest event is lost, and counted
  conflate,     // an event replaces a waiting one of its (topic, symbol), full or not, in that
                // one's place; when all that wait are of other keys, the oldest is lost
};
std::string_view to_string(OverflowPolicy policy);

struct Delivery {
  Event event;
  std::uint64_t missed = 0;     // lost to this subscriber just before this event
  std::uint64_t conflated = 0;  // earlier events of this key that this one replaced
};

struct QueueCounts {
  std::uint64_t offered = 0;  // = taken + dropped + conflated + queued, when nobody is waiting
  std::uint64_t taken = 0;
  std::uint64_t dropped = 0;
  std::uint64_t conflated = 0;
  std::uint64_t blocked = 0;  // times a publisher had to wait
  std::size_t queued = 0;
  std::size_t queued_peak = 0;
  std::uint64_t missed_untold = 0;  // lost since the newest event that is queued or was taken
};

class EventQueue {
 public:
  struct Options {
    OverflowPolicy policy = OverflowPolicy::drop_oldest;
    std::size_t capacity = 1024;  // > 0
    Duration block_max = std::chrono::milliseconds(100);
  };
  // A publisher's place in the line before a full queue; lives on its stack.
  struct Waiting {
    Event event;
    Waiting* next = nullptr;
    std::uint64_t taken_before = 0;  // by the subscriber, when this place was taken
    bool over = false;
  };
  enum class Offer : std::uint8_t { taken, full, lost, closed };

  explicit EventQueue(const Options& options);

  // The publisher's side. `full` (block only): nothing happened; join the line while the order of
  // the sequence is still held, then wait in it without holding anything. `lost` (block only): the
  // subscriber is stuck and the event is counted.
  Offer offer(const Event& event);
  void join_line(Waiting& place);
  void wait_in_line(Waiting& place);

  // The subscriber's side. Takes what there is, at most `into.size()`.
  std::size_t take(std::span<Delivery> into);
  // Waits for the first one; 0 after that much real time, or when closed and empty.
  std::size_t wait_take(std::span<Delivery> into, Duration timeout);

  void close();  // takes no more, wakes everybody; what is queued can still be taken
  bool closed() const;
  QueueCounts counts() const;

 private:
  struct Slot {
    Delivery delivery;
    std::uint64_t key_hash = 0;  // conflate only
  };

  bool replace_waiting(const Event& event, std::uint64_t key_hash);
  void push(const Event& event, std::uint64_t key_hash);
  void drop_oldest();
  std::size_t take_locked(std::span<Delivery> into);
  void pop_into(Delivery& out);
  void admit_first_in_line();
  void lose();
  void lose_line();

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable has_events_;
  std::condition_variable line_moved_;
  std::vector<Slot> ring_;
  std::size_t head_ = 0;
  EventKeyIndex keys_;
  Waiting* line_head_ = nullptr;
  Waiting* line_tail_ = nullptr;
  bool subscriber_waits_ = false;
  bool stuck_ = false;  // full, nobody in line, and a publisher has waited in vain
  bool closed_ = false;
  QueueCounts counts_;
};

}  // namespace vortex
