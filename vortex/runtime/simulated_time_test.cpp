#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "vortex/base/random.hpp"
#include "vortex/runtime/run_on_pool.hpp"
#include "vortex/runtime/runtime.hpp"
#include "vortex/runtime/signals.hpp"
#include "vortex/runtime/sleep.hpp"
#include "vortex/runtime/task_group.hpp"
#include "vortex/runtime/wait_list.hpp"

namespace vortex {
namespace {

using boost::asio::awaitable;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const TimePoint kSimStart = *parse_time("2025-03-30T00:00Z");

// A runtime in simulated time, and a log of who did what when.
struct SimWorld {
  explicit SimWorld(Duration late_max = Duration::zero(), std::uint64_t seed = 1)
      : runtime(SimulatedTime{.clock = &clock, .late_max = late_max, .seed = seed}) {}

  Duration elapsed() const {
    return std::chrono::duration_cast<Duration>(clock.monotonic() - Monotonic{});
  }
  void note(const std::string& text) {
    log += std::to_string(elapsed().count()) + " " + text + "\n";
  }

  ManualClock clock{kSimStart};
  std::string log;
  Runtime runtime;
};

awaitable<void> sleep_a_day(SimWorld* world, std::int64_t* naps) {
  const Monotonic end = world->clock.monotonic() + hours(24);
  while (world->clock.monotonic() < end) {
    EXPECT_TRUE(co_await sleep_for(world->runtime, seconds(1)));
    ++*naps;
  }
}

TEST(SimulatedTimeTest, ADayOfSleepsPassesWithoutWaiting) {
  SimWorld world;
  EXPECT_TRUE(world.runtime.simulated());
  EXPECT_EQ(world.runtime.cpu_threads(), 0U);
  std::int64_t naps = 0;
  world.runtime.run(sleep_a_day(&world, &naps));
  EXPECT_EQ(naps, 86'400);
  EXPECT_EQ(world.elapsed(), hours(24));
  EXPECT_EQ(world.clock.now(), kSimStart + hours(24));
  EXPECT_EQ(world.runtime.steps(), 86'400U);
}

awaitable<void> nap(SimWorld* world, std::string name, Duration length) {
  const auto slept = co_await sleep_for(world->runtime, length);
  world->note(name + (slept ? "" : " cancelled"));
}

awaitable<void> equal_moments(SimWorld* world) {
  TaskGroup tasks(world->runtime);
  EXPECT_TRUE(tasks.spawn(nap(world, "late", milliseconds(6))));
  for (const char* name : {"a", "b", "c"})
    EXPECT_TRUE(tasks.spawn(nap(world, name, milliseconds(5))));
  EXPECT_TRUE(tasks.spawn(nap(world, "past", milliseconds(-5))));
  co_await tasks.join();
}

TEST(SimulatedTimeTest, EqualMomentsWakeInTheOrderTheyWereAskedFor) {
  SimWorld world;
  world.runtime.run(equal_moments(&world));
  EXPECT_EQ(world.log, "0 past\n5000 a\n5000 b\n5000 c\n6000 late\n");
}

awaitable<void> wander(SimWorld* world, std::uint64_t seed) {
  Random random(seed);
  for (int i = 0; i < 200; ++i) {
    (void)co_await sleep_for(world->runtime, Duration(random.below(5'000)));
    const int value = co_await run_on_pool(world->runtime, [i] { return i * 2; });
    world->note("w" + std::to_string(seed) + " " + std::to_string(value));
  }
}

awaitable<void> wander_together(SimWorld* world, std::uint64_t seed) {
  TaskGroup tasks(world->runtime);
  for (std::uint64_t i = 0; i < 10; ++i) EXPECT_TRUE(tasks.spawn(wander(world, seed + i)));
  co_await tasks.join();
}

std::string wander_log(std::uint64_t seed, Duration late_max) {
  SimWorld world(late_max, seed);
  world.runtime.run(wander_together(&world, seed));
  return world.log;
}

TEST(SimulatedTimeTest, TheSameSeedGivesTheSameOrderToTheByte) {
  const std::string once = wander_log(7, milliseconds(3));
  EXPECT_GT(once.size(), 10'000U);
  EXPECT_EQ(once, wander_log(7, milliseconds(3)));
  EXPECT_NE(once, wander_log(8, milliseconds(3)));
  EXPECT_NE(once, wander_log(7, milliseconds(0)));
}

awaitable<void> cancel_some(SimWorld* world) {
  TaskGroup doomed(world->runtime);
  TaskGroup others(world->runtime);
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(doomed.spawn(nap(world, "doomed", hours(1) + seconds(i % 7))));
    EXPECT_TRUE(others.spawn(nap(world, "kept", seconds(10 + i))));
  }
  EXPECT_TRUE(co_await sleep_for(world->runtime, seconds(1)));
  doomed.stop();
  co_await doomed.join();
  world->note("joined");
  co_await others.join();
}

TEST(SimulatedTimeTest, ACancelledSleeperLeavesAtOnceAndTheOthersStay) {
  SimWorld world;
  world.runtime.run(cancel_some(&world));
  EXPECT_TRUE(world.log.contains("1000000 joined"));
  EXPECT_EQ(world.log.find("kept"), world.log.find("10000000 kept") + 9);
  EXPECT_EQ(world.elapsed(), seconds(59)) << "nobody waits for the cancelled hour";
}

awaitable<void> step_in_mid_sleep(SimWorld* world, Duration step) {
  TaskGroup tasks(world->runtime);
  EXPECT_TRUE(tasks.spawn(nap(world, "ten", seconds(10))));
  EXPECT_TRUE(co_await sleep_for(world->runtime, seconds(3)));
  world->clock.step(step);
  EXPECT_TRUE(co_await sleep_for(world->runtime, seconds(1)));
  world->note("four");
  co_await tasks.join();
}

TEST(SimulatedTimeTest, F1ACalendarThatStepsMovesNoSleeper) {
  for (const Duration step : {Duration(hours(-2)), Duration(hours(2)), Duration(seconds(-1))}) {
    SimWorld world;
    world.runtime.run(step_in_mid_sleep(&world, step));
    EXPECT_EQ(world.log, "4000000 four\n10000000 ten\n");
    EXPECT_EQ(world.clock.now(), kSimStart + seconds(10) + step);
  }
}

awaitable<void> check_lateness(SimWorld* world, Duration late_max, int* late) {
  for (int i = 0; i < 500; ++i) {
    const Monotonic due = world->clock.monotonic() + milliseconds(i);
    EXPECT_TRUE(co_await sleep_until(world->runtime, due));
    const auto by = world->clock.monotonic() - due;
    EXPECT_GE(by.count(), 0) << "woken early";
    EXPECT_LE(by, late_max);
    if (by > late_max / 2) ++*late;
  }
}

TEST(SimulatedTimeTest, F4LateTimersNeverWakeEarly) {
  SimWorld world(milliseconds(500), 3);
  int late = 0;
  world.runtime.run(check_lateness(&world, milliseconds(500), &late));
  EXPECT_GT(late, 150);
  EXPECT_LT(late, 350);
}

awaitable<void> stand_still_for_hours(SimWorld* world) {
  TaskGroup tasks(world->runtime);
  for (int i = 1; i <= 3; ++i) EXPECT_TRUE(tasks.spawn(nap(world, "overdue", hours(i))));
  EXPECT_TRUE(co_await sleep_for(world->runtime, seconds(1)));
  world->clock.advance(hours(8));  // as a process that was stopped
  co_await tasks.join();
}

TEST(SimulatedTimeTest, F3AfterALongStopWhatIsOverdueWakesOnceAndTimeDoesNotGoBack) {
  SimWorld world;
  world.runtime.run(stand_still_for_hours(&world));
  EXPECT_EQ(world.log, "28801000000 overdue\n28801000000 overdue\n28801000000 overdue\n");
}

awaitable<void> wait_for_nobody(WaitList* list) {
  (void)co_await list->wait();
}

TEST(SimulatedTimeTest, ADeadlockIsReportedAsABug) {
  SimWorld world;
  WaitList nobody(world.runtime);
  EXPECT_THROW(world.runtime.run(wait_for_nobody(&nobody)), std::logic_error);
  std::int64_t naps = 0;
  world.runtime.run(sleep_a_day(&world, &naps));
  EXPECT_EQ(naps, 86'400) << "the runtime is good for another run";
}

awaitable<void> job_on_this_thread(SimWorld* world, std::thread::id* seen) {
  *seen = co_await run_on_pool(world->runtime, [] { return std::this_thread::get_id(); });
}

TEST(SimulatedTimeTest, JobsOfThePoolRunOnTheOnlyThread) {
  SimWorld world;
  std::thread::id seen;
  world.runtime.run(job_on_this_thread(&world, &seen));
  EXPECT_EQ(seen, std::this_thread::get_id());
}

using Places = boost::asio::experimental::channel<void(boost::system::error_code)>;

awaitable<void> hold_place(SimWorld* world, Places* places, std::string name) {
  auto taken = co_await places->async_send(boost::system::error_code{},
                                           boost::asio::as_tuple(boost::asio::use_awaitable));
  EXPECT_FALSE(std::get<0>(taken));
  co_await nap(world, std::move(name), seconds(1));
  places->try_receive([](boost::system::error_code) {});
}

awaitable<void> share_places(SimWorld* world) {
  Places places(world->runtime.io_executor(), 2);
  TaskGroup tasks(world->runtime);
  for (const char* name : {"a", "b", "c", "d", "e"})
    EXPECT_TRUE(tasks.spawn(hold_place(world, &places, name)));
  co_await tasks.join();
}

TEST(SimulatedTimeTest, ChannelsOfAsioKeepTheirOrder) {
  SimWorld world;
  world.runtime.run(share_places(&world));
  EXPECT_EQ(world.log, "1000000 a\n1000000 b\n2000000 c\n2000000 d\n3000000 e\n");
}

awaitable<void> raise_and_sleep(SimWorld* world, int* seen) {
  const SignalWatch watch(world->runtime, [seen](int signal) { *seen = signal; });
  EXPECT_TRUE(co_await sleep_for(world->runtime, seconds(1)));
  std::raise(SIGTERM);
  EXPECT_TRUE(co_await sleep_for(world->runtime, seconds(1)));
}

TEST(SimulatedTimeTest, ASignalIsSeenBeforeTimeMovesOn) {
  SimWorld world;
  int seen = 0;
  world.runtime.run(raise_and_sleep(&world, &seen));
  EXPECT_EQ(seen, SIGTERM);
}

awaitable<void> sleep_beside(SimWorld* world, std::shared_ptr<int> alive) {
  (void)co_await sleep_for(world->runtime, hours(1));
  ++*alive;
}

awaitable<void> leave_sleepers(SimWorld* world, TaskGroup* tasks, std::shared_ptr<int> alive) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(tasks->spawn(sleep_beside(world, alive)));
  EXPECT_TRUE(co_await sleep_for(world->runtime, seconds(1)));
}

TEST(SimulatedTimeTest, WhoStillSleepsIsDestroyedWithTheRuntime) {
  const auto alive = std::make_shared<int>(0);
  {
    SimWorld world;
    auto tasks = std::make_unique<TaskGroup>(world.runtime);
    world.runtime.run(leave_sleepers(&world, tasks.get(), alive));
    EXPECT_EQ(alive.use_count(), 4);
  }
  EXPECT_EQ(*alive, 0);
  EXPECT_EQ(alive.use_count(), 1);
}

}  // namespace
}  // namespace vortex
