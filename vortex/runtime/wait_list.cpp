#include "vortex/runtime/wait_list.hpp"

#include <algorithm>

#include <boost/asio/this_coro.hpp>

#include "vortex/runtime/cancelled.hpp"
#include "vortex/runtime/waiter.hpp"

namespace vortex {
namespace asio = boost::asio;

WaitList::~WaitList() {
  finish_all(Wake::cancelled);
}

asio::awaitable<Wake> WaitList::wait(Deadline until) {
  if (co_await is_cancelled()) co_return Wake::cancelled;
  co_return co_await wait_in(runtime_, {.list = this, .until = until.at()});
}

asio::awaitable<void> WaitList::wait_regardless() {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await wait_in(runtime_, {.list = this, .cancellable = false});
}

void WaitList::wake_one() {
  if (!waiters_.empty()) runtime_.waiters().finish(*waiters_.front(), Wake::woken);
}

void WaitList::wake_all() {
  finish_all(Wake::woken);
}

void WaitList::finish_all(Wake wake) {
  while (!waiters_.empty()) runtime_.waiters().finish(*waiters_.front(), wake);
}

void WaitList::forget(Waiter& waiter) {
  const auto place = std::ranges::find(waiters_, &waiter);
  if (place != waiters_.end()) waiters_.erase(place);
}

}  // namespace vortex
