// Where code runs: one I/O thread with one event loop, and one CPU pool. Objects that wait live on the
// I/O thread, so they need no locks; heavy pure work goes to the pool by `run_on_pool`.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <utility>

#include "vortex/base/clock.hpp"
#include "vortex/runtime/task.hpp"

namespace boost::asio {
class io_context;
class thread_pool;
}  // namespace boost::asio

namespace vortex {

class Runtime {
 public:
  // `cpu_threads` 0: as many as cores. The clock must outlive the runtime.
  explicit Runtime(const Clock& clock, unsigned cpu_threads = 0);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  const Clock& clock() const;
  boost::asio::io_context& io();
  boost::asio::any_io_executor io_executor();
  boost::asio::any_io_executor cpu_executor();
  unsigned cpu_threads() const;

  // Runs the loop on the calling thread until `main` has ended; that thread is the I/O thread.
  void run(boost::asio::awaitable<void> main);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Runs a plain function on the CPU pool and continues on the caller's executor. The function is given
// by value and is never cancelled half-way (a cancelled pool job under a timer is a data race, STYLE §3).
template <class F>
auto run_on_pool(Runtime& runtime, F function) -> boost::asio::awaitable<std::invoke_result_t<F&>>;

}  // namespace vortex

#include "vortex/runtime/run_on_pool.ipp"
