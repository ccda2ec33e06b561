// Runs a function for every event of a subscription, on a thread of its own: one that throws is
// contained and counted, one that is slow or never returns harms nobody but its own queue, and can
// be named by a watchdog. Thread-safe but for `stop`, which belongs to the owner.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "vortex/base/clock.hpp"
#include "vortex/telemetry/event_bus.hpp"

namespace vortex {

class EventListener {
 public:
  // Runs on the listener's thread. What it uses must be its own or outlive the program: a listener
  // that never returns is left behind.
  using Handle = std::function<void(const Delivery&)>;
  struct Options {
    Duration drain_max = std::chrono::seconds(1);      // at the end, for what is queued
    Duration abandon_after = std::chrono::seconds(1);  // then, for the event being handled
  };
  struct Counts {
    std::uint64_t handled = 0;  // calls that returned or threw
    std::uint64_t thrown = 0;
    std::uint64_t missed = 0;  // events lost before they came here
  };
  // An event that is being handled for longer than it may.
  struct Stuck {
    std::string listener;
    EventType type = EventType::error;
    std::uint64_t sequence = 0;
    Duration running{};
  };

  // local_resource when there can be no further thread. The clock must outlive the listener.
  static Result<std::unique_ptr<EventListener>> start(std::string name, Subscription subscription,
                                                      Handle handle, const Clock& clock,
                                                      const Options& options);
  static Result<std::unique_ptr<EventListener>> start(std::string name, Subscription subscription,
                                                      Handle handle, const Clock& clock) {
    return start(std::move(name), std::move(subscription), std::move(handle), clock, Options{});
  }
  ~EventListener();  // stops
  EventListener(const EventListener&) = delete;
  EventListener& operator=(const EventListener&) = delete;

  // Ends the subscription, lets what is queued be handled, joins. False: the function did not
  // return in time and its thread was left behind, which the log names. Once only.
  bool stop();

  std::optional<Stuck> stuck(Monotonic now, Duration longer_than) const;
  const std::string& name() const;
  Counts counts() const;
  QueueCounts queue_counts() const;

 private:
  struct State;
  static void run(State& state);
  static void handle_one(State& state, const Delivery& delivery);

  EventListener(std::shared_ptr<State> state, const Options& options);

  std::shared_ptr<State> state_;  // the thread's too, should it be left behind
  Options options_;
  std::jthread thread_;
};

}  // namespace vortex
