#include "vortex/runtime/runtime.hpp"

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

namespace vortex {

// The pool is declared after the loop and so is destroyed, and joined, before it: a job that ends
// still finds the loop it reports to.
struct Runtime::Impl {
  Impl(const Clock& given_clock, unsigned thread_count)
      : clock(given_clock), threads(thread_count), pool(thread_count) {}

  const Clock& clock;
  unsigned threads;
  boost::asio::io_context io{1};
  boost::asio::thread_pool pool;
};

Runtime::Runtime(const Clock& clock, unsigned cpu_threads)
    : impl_(std::make_unique<Impl>(
          clock,
          cpu_threads != 0 ? cpu_threads : std::max(1U, std::thread::hardware_concurrency()))) {}

Runtime::~Runtime() = default;

const Clock& Runtime::clock() const {
  return impl_->clock;
}
boost::asio::io_context& Runtime::io() {
  return impl_->io;
}
boost::asio::any_io_executor Runtime::io_executor() {
  return impl_->io.get_executor();
}
boost::asio::any_io_executor Runtime::cpu_executor() {
  return impl_->pool.get_executor();
}
unsigned Runtime::cpu_threads() const {
  return impl_->threads;
}

void Runtime::run(boost::asio::awaitable<void> main) {
  auto& io = impl_->io;
  std::exception_ptr bug;
  io.restart();
  boost::asio::co_spawn(io, std::move(main), [&](std::exception_ptr thrown) {
    bug = std::move(thrown);
    io.stop();
  });
  io.run();
  if (bug) std::rethrow_exception(bug);
}

}  // namespace vortex
