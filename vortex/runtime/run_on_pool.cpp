#include "vortex/runtime/run_on_pool.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace vortex {
namespace asio = boost::asio;

asio::awaitable<void> run_pool_job(Runtime* runtime, PoolJob* job) {
  co_await asio::this_coro::throw_if_cancelled(false);
  if (runtime->simulated()) {
    job->run();
    co_return;
  }
  auto start = [runtime, job](auto handler) {
    // The guard keeps the caller's loop alive while nothing but the pool knows of this coroutine.
    auto guard = asio::make_work_guard(asio::get_associated_executor(handler));
    asio::post(runtime->cpu_executor(),
               [job, handler = std::move(handler), guard = std::move(guard)]() mutable {
                 job->run();
                 asio::post(guard.get_executor(), std::move(handler));
               });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(std::move(start),
                                                                        asio::use_awaitable);
}

}  // namespace vortex
