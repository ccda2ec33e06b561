// Where coroutines wait for one another: `co_await list.wait()` until somebody calls `wake_all` or
// `wake_one`, first come, first served. A wake with nobody waiting is not kept: look at the state
// that is waited for, then wait, in a loop. In real and in simulated time. Belongs to the I/O
// thread; outlives those who wait in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include <boost/asio/awaitable.hpp>

#include "vortex/runtime/deadline.hpp"
#include "vortex/runtime/runtime.hpp"

namespace vortex {

enum class Wake : std::uint8_t { woken, timed_out, cancelled };

class WaitList {
 public:
  explicit WaitList(Runtime& runtime) : runtime_(runtime) {}
  ~WaitList();  // whoever still waits is told `cancelled`
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;

  // `cancelled` also when the coroutine was cancelled before.
  boost::asio::awaitable<Wake> wait(Deadline until = Deadline::never());
  // Not ended by a cancellation: for who must wait for others to end.
  boost::asio::awaitable<void> wait_regardless();

  void wake_one();
  void wake_all();
  std::size_t waiting() const { return waiters_.size(); }

 private:
  friend class WaiterSet;
  friend boost::asio::awaitable<Wake> wait_in(Runtime& runtime, const struct WaitOptions& options);
  void remember(Waiter& waiter) { waiters_.push_back(&waiter); }
  void forget(Waiter& waiter);
  void finish_all(Wake wake);

  Runtime& runtime_;
  std::deque<Waiter*> waiters_;
};

}  // namespace vortex
