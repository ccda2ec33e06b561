// A coroutine that waits in a WaitList or sleeps in simulated time, as the runtime sees it. Inner
// header of this room: others use wait_list.hpp and sleep.hpp. Belongs to the I/O thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "vortex/base/random.hpp"
#include "vortex/base/time.hpp"
#include "vortex/runtime/wait_list.hpp"

namespace vortex {

// Owned by the WaiterSet until it is continued, so that a runtime that ends can destroy every
// coroutine that still waits.
class Waiter {
 public:
  static constexpr std::size_t kNowhere = SIZE_MAX;

  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  virtual ~Waiter() = default;
  // Continues the coroutine; `self` is this waiter, gone before the coroutine runs.
  virtual void resume(std::unique_ptr<Waiter> self, Wake wake) = 0;

  std::size_t place = kNowhere;       // in the WaiterSet
  std::size_t heap_place = kNowhere;  // in the SleepHeap
  Monotonic due = Monotonic::max();   // max: no timer
  std::uint64_t number = 0;           // order of equal moments
  WaitList* list = nullptr;
};

// Who waits for a moment: the earliest first, equal moments in the order they came.
class SleepHeap {
 public:
  SleepHeap(Duration late_max, std::uint64_t seed) : late_max_(late_max), random_(seed) {}

  void push(Waiter& waiter);
  void remove(Waiter& waiter);
  Waiter* front() const { return heap_.empty() ? nullptr : heap_.front(); }
  std::size_t size() const { return heap_.size(); }

 private:
  static bool sooner(const Waiter& a, const Waiter& b) {
    return a.due != b.due ? a.due < b.due : a.number < b.number;
  }
  void put(std::size_t place, Waiter* waiter);
  void sift_up(std::size_t place);
  void sift_down(std::size_t place);

  Duration late_max_;
  Random random_;
  std::uint64_t count_ = 0;
  std::vector<Waiter*> heap_;
};

// Everyone who waits in one runtime. In real time one timer serves them all and is moved only when
// somebody waits for an earlier moment than it, so that a deadline that is never reached costs no
// system call.
class WaiterSet {
 public:
  enum class Time : std::uint8_t { real, simulated };

  WaiterSet(boost::asio::io_context& io, SleepHeap& sleepers, Time time)
      : io_(io), sleepers_(sleepers) {
    // Simulated time has none: its loop would ask the system at every step.
    if (time == Time::real) alarm_.emplace(io);
  }
  ~WaiterSet();  // destroys the coroutines where they wait
  WaiterSet(const WaiterSet&) = delete;
  WaiterSet& operator=(const WaiterSet&) = delete;

  // `now`: the reading of the runtime's clock that the waiter's moment is measured against.
  void add(std::unique_ptr<Waiter> waiter, Monotonic now);
  // Takes it out of everything and lets it continue in its turn.
  void finish(Waiter& waiter, Wake wake);

 private:
  std::unique_ptr<Waiter> take_out(Waiter& waiter);
  void arm(Monotonic moment);
  void ring();

  boost::asio::io_context& io_;
  SleepHeap& sleepers_;
  std::optional<boost::asio::steady_timer> alarm_;  // real time only
  Monotonic armed_for_ = Monotonic::max();          // max: not armed
  std::vector<Waiter*> all_;
};

struct WaitOptions {
  WaitList* list = nullptr;
  Monotonic until = Monotonic::max();
  bool cancellable = true;
};

// Suspends the calling coroutine. A cancellation that came before is not noticed here.
boost::asio::awaitable<Wake> wait_in(Runtime& runtime, const WaitOptions& options);

}  // namespace vortex
