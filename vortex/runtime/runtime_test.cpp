#include "vortex/runtime/runtime.hpp"

#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <gtest/gtest.h>

#include "vortex/runtime/run_on_pool.hpp"
#include "vortex/runtime/signals.hpp"
#include "vortex/runtime/sleep.hpp"

namespace vortex {
namespace {

using boost::asio::awaitable;

awaitable<void> set_to_true(bool* ran) {
  *ran = true;
  co_return;
}

TEST(RuntimeTest, RunsMainOnTheCallingThreadAndMayRunAgain) {
  const SystemClock clock;
  Runtime runtime(clock, 2);
  EXPECT_EQ(runtime.cpu_threads(), 2u);
  for (int i = 0; i < 2; ++i) {
    bool ran = false;
    runtime.run(set_to_true(&ran));
    EXPECT_TRUE(ran);
  }
}

// Counts the steps of all mains; two on different threads at once would be a data race.
awaitable<void> take_steps(Runtime* runtime, int steps, int* taken) {
  for (int i = 0; i < steps; ++i) {
    ++*taken;
    if (i % 3 == 0) co_await sleep_for(*runtime, Duration{50});
    co_await run_on_pool(*runtime, []() -> Result<int> { return 0; });
  }
}

TEST(RuntimeTest, ManyCallersShareOneLoopAndEachReturnsWhenItsMainHasEnded) {
  const SystemClock clock;
  Runtime runtime(clock, 2);
  int taken = 0;
  std::vector<std::thread> callers;
  for (int caller = 1; caller <= 8; ++caller) {
    callers.emplace_back([&runtime, &taken, caller] {
      for (int round = 0; round < 5; ++round)
        runtime.run(take_steps(&runtime, caller * 10, &taken));
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(taken, 5 * 10 * (8 * 9 / 2));
}

awaitable<void> throw_bug() {
  throw std::logic_error("broken invariant");
  co_return;
}

TEST(RuntimeTest, RethrowsWhatLeavesMain) {
  const SystemClock clock;
  Runtime runtime(clock, 1);
  EXPECT_THROW(runtime.run(throw_bug()), std::logic_error);
}

TEST(RuntimeTest, ABugReachesItsOwnCallerAlone) {
  const SystemClock clock;
  Runtime runtime(clock, 1);
  int taken = 0;
  std::thread other([&] { runtime.run(take_steps(&runtime, 200, &taken)); });
  for (int i = 0; i < 20; ++i) EXPECT_THROW(runtime.run(throw_bug()), std::logic_error);
  other.join();
  EXPECT_EQ(taken, 200);
}

struct PoolVisit {
  std::thread::id pool_thread;
  std::thread::id before;
  std::thread::id after;
  Result<std::string> value = fail(ErrorCode::internal, "not run");
  std::string bug;
};

awaitable<void> visit_pool(Runtime* runtime, PoolVisit* visit) {
  visit->before = std::this_thread::get_id();
  visit->value = co_await run_on_pool(*runtime, [visit]() -> Result<std::string> {
    visit->pool_thread = std::this_thread::get_id();
    return "decoded";
  });
  visit->after = std::this_thread::get_id();
  co_await run_on_pool(*runtime, [] {});
  try {
    co_await run_on_pool(*runtime, []() -> int { throw std::logic_error("bug in a job"); });
  } catch (const std::logic_error& error) {
    visit->bug = error.what();
  }
}

TEST(RunOnPoolTest, RunsOnThePoolAndComesBackToTheCaller) {
  const SystemClock clock;
  Runtime runtime(clock, 1);
  PoolVisit visit;
  runtime.run(visit_pool(&runtime, &visit));
  EXPECT_EQ(visit.before, std::this_thread::get_id());
  EXPECT_EQ(visit.after, visit.before);
  EXPECT_NE(visit.pool_thread, visit.before);
  EXPECT_EQ(visit.value.value(), "decoded");
  EXPECT_EQ(visit.bug, "bug in a job");
}

awaitable<void> sleep_both_ways(Runtime* runtime, Result<void>* first, Result<void>* second) {
  *first = co_await sleep_for(*runtime, std::chrono::milliseconds(1));
  *second = co_await sleep_until(*runtime, runtime->clock().monotonic() - std::chrono::hours(1));
}

TEST(SleepTest, EndsAndDoesNotWaitForThePast) {
  const SystemClock clock;
  Runtime runtime(clock, 1);
  Result<void> first = fail(ErrorCode::internal, "not run");
  Result<void> second = first;
  const Monotonic start = clock.monotonic();
  runtime.run(sleep_both_ways(&runtime, &first, &second));
  EXPECT_TRUE(first.has_value());
  EXPECT_TRUE(second.has_value());
  EXPECT_GE(clock.monotonic() - start, std::chrono::milliseconds(1));
}

awaitable<void> raise_and_wait(Runtime* runtime, int* seen) {
  const SignalWatch watch(*runtime, [seen](int signal) { *seen = signal; });
  std::raise(SIGTERM);
  while (*seen == 0) (void)co_await sleep_for(*runtime, std::chrono::milliseconds(1));
}

TEST(SignalWatchTest, ReportsASignalOnTheLoop) {
  const SystemClock clock;
  Runtime runtime(clock, 1);
  int seen = 0;
  runtime.run(raise_and_wait(&runtime, &seen));
  EXPECT_EQ(seen, SIGTERM);
}

}  // namespace
}  // namespace vortex
