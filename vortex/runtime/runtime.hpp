// Where code runs: one I/O thread with one event loop, and one CPU pool. Objects that wait live on
// the I/O thread, so they need no locks; heavy pure work goes to the pool by `run_on_pool`
// (vortex/runtime/run_on_pool.hpp). Timers: vortex/runtime/sleep.hpp. Owners of coroutines:
// vortex/runtime/task_group.hpp.
#pragma once

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

class Runtime {
 public:
  // `cpu_threads` 0: as many as cores. The clock must outlive the runtime.
  explicit Runtime(const Clock& clock, unsigned cpu_threads = 0);
  ~Runtime();  // joins the pool; coroutines that still wait are destroyed where they wait
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  const Clock& clock() const;
  boost::asio::io_context& io();
  boost::asio::any_io_executor io_executor();
  boost::asio::any_io_executor cpu_executor();
  unsigned cpu_threads() const;

  // Runs the loop on the calling thread until `main` has ended; that thread is the I/O thread. An
  // exception that leaves `main` (a bug) is rethrown here. May be called again afterwards.
  void run(boost::asio::awaitable<void> main);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vortex
