// Where code runs: one I/O thread with one event loop, and one CPU pool. Objects that wait live on
// the I/O thread, so they need no locks; heavy pure work goes to the pool by `run_on_pool`
// (vortex/runtime/run_on_pool.hpp). Timers: vortex/runtime/sleep.hpp. Owners of coroutines:
// vortex/runtime/task_group.hpp.
//
// In simulated time there is one thread and no pool: jobs run where they are asked for, and the
// clock stands still while anything can run, then leaps to the next sleeper. The same program and
// the same seeds then give the same order of everything.
#pragma once

#include <cstdint>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "vortex/base/clock.hpp"
#include "vortex/runtime/task.hpp"

namespace boost::asio {
class io_context;
class thread_pool;  // NOLINT(readability-identifier-naming): Asio's name
}  // namespace boost::asio

namespace vortex {

class Waiter;
class WaiterSet;

// Asks for simulated time.
struct SimulatedTime {
  ManualClock* clock = nullptr;  // must outlive the runtime; `step` moves the calendar alone
  Duration late_max = Duration::zero();  // sleepers wake up to so much late, by the seed
  std::uint64_t seed = 1;
};

class Runtime {
 public:
  // `cpu_threads` 0: as many as cores. The clock must outlive the runtime.
  explicit Runtime(const Clock& clock, unsigned cpu_threads = 0);
  explicit Runtime(const SimulatedTime& time);
  ~Runtime();  // joins the pool; coroutines that still wait are destroyed where they wait
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  const Clock& clock() const;
  boost::asio::io_context& io();
  boost::asio::any_io_executor io_executor();
  boost::asio::any_io_executor cpu_executor();  // in simulated time the loop's own
  unsigned cpu_threads() const;                 // 0 in simulated time
  bool simulated() const;
  // Wakes of sleepers so far, in simulated time: the steps of the simulation.
  std::uint64_t steps() const;

  // Runs the loop on the calling thread until `main` has ended; that thread is the I/O thread. An
  // exception that leaves `main` (a bug) is rethrown here. May be called again afterwards, and by
  // several threads at once: their mains share the loop, which one of the callers runs at a time.
  // In simulated time std::logic_error says that nothing can ever happen again: main has not ended,
  // nothing is ready and nobody sleeps; or that time stands still under endless sleeps of no
  // length.
  void run(boost::asio::awaitable<void> main);

  // For the sources of this room.
  WaiterSet& waiters();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vortex
