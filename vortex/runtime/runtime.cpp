#include "vortex/runtime/runtime.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
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

  bool simulated() const { return manual != nullptr; }
  void run_simulated(const MainEnd& main);
  void run_in_turn(const MainEnd& main);
  bool lead(const MainEnd& main);  // false: main ended while others ran the loop
  void stop_leading();
  struct LeadEnd {
    void operator()(Impl* impl) const { impl->stop_leading(); }
  };
  void note_end(MainEnd& main, std::exception_ptr thrown);

  const Clock& clock;
  ManualClock* manual = nullptr;
  unsigned threads = 0;
  std::uint64_t steps = 0;
  boost::asio::io_context io{1};
  SleepHeap sleepers;
  WaiterSet waiters;
  std::optional<boost::asio::thread_pool> pool;

  // Callers of `run` at the same time: one of them leads, which is to run the loop, until its own
  // main has ended; then the next does.
  std::mutex mutex;
  std::condition_variable changed;  // a main ended, or the leader left
  const MainEnd* leader = nullptr;
};

// On the leader's thread.
void Runtime::Impl::note_end(MainEnd& main, std::exception_ptr thrown) {
  const std::lock_guard lock(mutex);
  main.ended = true;
  main.bug = std::move(thrown);
  if (leader == &main) io.stop();
  changed.notify_all();
}

bool Runtime::Impl::lead(const MainEnd& main) {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return main.ended || leader == nullptr; });
  if (!main.ended) leader = &main;
  return !main.ended;
}

void Runtime::Impl::stop_leading() {
  const std::lock_guard lock(mutex);
  leader = nullptr;
  changed.notify_all();
}

void Runtime::Impl::run_in_turn(const MainEnd& main) {
  if (!lead(main)) return;
  const auto next = std::unique_ptr<Impl, LeadEnd>(this);  // also when a bug leaves the loop
  io.restart();
  if (simulated()) {
    run_simulated(main);
  } else {
    io.run();
  }
}

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
  return impl_->simulated();
}
std::uint64_t Runtime::steps() const {
  return impl_->steps;
}
WaiterSet& Runtime::waiters() {
  return impl_->waiters;
}

void Runtime::run(boost::asio::awaitable<void> main) {
  const auto end = std::make_shared<MainEnd>();
  boost::asio::co_spawn(impl_->io, std::move(main),
                        [impl = impl_.get(), end](std::exception_ptr thrown) {
                          impl->note_end(*end, std::move(thrown));
                        });
  impl_->run_in_turn(*end);
  if (end->bug) std::rethrow_exception(end->bug);
}

}  // namespace vortex
