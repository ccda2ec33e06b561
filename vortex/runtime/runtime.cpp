#include "vortex/runtime/runtime.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include "vortex/runtime/waiter.hpp"

namespace vortex {

namespace {

// More wakes than this without a microsecond passing is a loop that will not end.
constexpr std::uint64_t kWakesAtOneMomentMax = 10'000'000;

// How `main` ended. Shared with it: a main given up in simulated time may still end in a later run.
struct MainEnd {
  bool ended = false;
  std::exception_ptr bug;
};

[[noreturn]] void report_standstill(const Clock& clock, std::string_view why) {
  throw std::logic_error("simulated time stands still at " + format_time(clock.now()) + ": " +
                         std::string(why));
}

}  // namespace

// The pool is declared after the loop and so is destroyed, and joined, before it: a job that ends
// still finds the loop it reports to. So do those who wait: they refer to the loop.
struct Runtime::Impl {
  Impl(const Clock& given_clock, unsigned thread_count)
      : clock(given_clock),
        threads(thread_count),
        sleepers(Duration::zero(), 0),
        waiters(io, sleepers, WaiterSet::Time::real),
        pool(std::in_place, thread_count) {}
  explicit Impl(const SimulatedTime& time)
      : clock(*time.clock),
        manual(time.clock),
        sleepers(time.late_max, time.seed),
        waiters(io, sleepers, WaiterSet::Time::simulated) {}

  void run_simulated(const MainEnd& main);

  const Clock& clock;
  ManualClock* manual = nullptr;
  unsigned threads = 0;
  std::uint64_t steps = 0;
  boost::asio::io_context io{1};
  SleepHeap sleepers;
  WaiterSet waiters;
  std::optional<boost::asio::thread_pool> pool;
};

// Polling costs no system call as long as nobody made a socket or a timer of Asio's on this loop.
void Runtime::Impl::run_simulated(const MainEnd& main) {
  std::uint64_t wakes = 0;  // since time last moved
  for (;;) {
    io.poll();
    if (main.ended) return;
    Waiter* const next = sleepers.front();
    if (next == nullptr || io.stopped()) {
      report_standstill(clock, "main has not ended, nothing is ready and nobody sleeps");
    }
    const Monotonic now = manual->monotonic();
    if (next->due > now) {
      manual->advance(std::chrono::ceil<Duration>(next->due - now));
      wakes = 0;
    }
    if (++wakes > kWakesAtOneMomentMax) report_standstill(clock, "endless sleeps of no length");
    ++steps;
    waiters.finish(*next, Wake::timed_out);
  }
}

Runtime::Runtime(const Clock& clock, unsigned cpu_threads)
    : impl_(std::make_unique<Impl>(
          clock,
          cpu_threads != 0 ? cpu_threads : std::max(1U, std::thread::hardware_concurrency()))) {}

Runtime::Runtime(const SimulatedTime& time) : impl_(std::make_unique<Impl>(time)) {}

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
  if (!impl_->pool) return impl_->io.get_executor();
  return impl_->pool->get_executor();
}
unsigned Runtime::cpu_threads() const {
  return impl_->threads;
}
bool Runtime::simulated() const {
  return impl_->manual != nullptr;
}
std::uint64_t Runtime::steps() const {
  return impl_->steps;
}
WaiterSet& Runtime::waiters() {
  return impl_->waiters;
}

void Runtime::run(boost::asio::awaitable<void> main) {
  auto& io = impl_->io;
  const auto end = std::make_shared<MainEnd>();
  io.restart();
  boost::asio::co_spawn(io, std::move(main), [&io, end](std::exception_ptr thrown) {
    end->ended = true;
    end->bug = std::move(thrown);
    io.stop();
  });
  if (simulated()) {
    impl_->run_simulated(*end);
  } else {
    io.run();
  }
  if (end->bug) std::rethrow_exception(end->bug);
}

}  // namespace vortex
