#include "vortex/runtime/task_group.hpp"

#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "vortex/runtime/run_on_pool.hpp"
#include "vortex/runtime/sleep.hpp"

namespace vortex {
namespace {

using boost::asio::awaitable;

awaitable<void> sleep_long(Runtime* runtime, std::vector<Result<void>>* ends) {
  ends->push_back(co_await sleep_for(*runtime, std::chrono::hours(1)));
}

awaitable<void> stop_and_join(Runtime* runtime, std::vector<Result<void>>* ends) {
  TaskGroup tasks(*runtime, {.tasks_max = 3});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(tasks.spawn(sleep_long(runtime, ends)));
  const auto refused = tasks.spawn(sleep_long(runtime, ends));
  EXPECT_EQ(refused.error().code, ErrorCode::bulkhead_full);
  (void)co_await sleep_for(*runtime, std::chrono::milliseconds(1));
  EXPECT_EQ(tasks.size(), 3u);
  tasks.stop();
  co_await tasks.join();
  EXPECT_EQ(tasks.size(), 0u);
  EXPECT_EQ(tasks.spawn(sleep_long(runtime, ends)).error().code, ErrorCode::draining);
}

TEST(TaskGroupTest, StopCancelsEveryTaskAndJoinWaitsForThem) {
  const SystemClock clock;
  Runtime runtime(clock, 1);
  std::vector<Result<void>> ends;
  runtime.run(stop_and_join(&runtime, &ends));
  ASSERT_EQ(ends.size(), 3u);
  for (const auto& end : ends) EXPECT_EQ(end.error().code, ErrorCode::cancelled);
}

awaitable<void> stop_before_the_first_step(Runtime* runtime, std::vector<Result<void>>* ends) {
  TaskGroup tasks(*runtime);
  EXPECT_TRUE(tasks.spawn(sleep_long(runtime, ends)));
  tasks.stop();
  tasks.stop();
  co_await tasks.join();
}

TEST(TaskGroupTest, ATaskStoppedBeforeItsFirstStepEnds) {
  const SystemClock clock;
  Runtime runtime(clock, 1);
  std::vector<Result<void>> ends;
  runtime.run(stop_before_the_first_step(&runtime, &ends));
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0].error().code, ErrorCode::cancelled);
}

awaitable<void> count_running(Runtime* runtime, int* running, int* most) {
  *most = std::max(*most, ++*running);
  (void)co_await sleep_for(*runtime, Duration::zero());
  --*running;
}

awaitable<void> spawn_many(Runtime* runtime, int* most) {
  int running = 0;
  TaskGroup tasks(*runtime, {.tasks_max = 4});
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(co_await tasks.wait_for_room());
    EXPECT_TRUE(tasks.spawn(count_running(runtime, &running, most)));
  }
  co_await tasks.join();
  EXPECT_EQ(running, 0);
}

TEST(TaskGroupTest, WaitForRoomBoundsWhatRunsAtOnce) {
  const SystemClock clock;
  Runtime runtime(clock, 1);
  int most = 0;
  runtime.run(spawn_many(&runtime, &most));
  EXPECT_EQ(most, 4);
}

awaitable<void> fail_with_a_bug() {
  throw std::logic_error("bug in a task");
  co_return;
}

awaitable<void> join_a_bug(Runtime* runtime) {
  TaskGroup tasks(*runtime);
  EXPECT_TRUE(tasks.spawn(fail_with_a_bug()));
  co_await tasks.join();
}

TEST(TaskGroupTest, JoinRethrowsABug) {
  const SystemClock clock;
  Runtime runtime(clock, 1);
  EXPECT_THROW(runtime.run(join_a_bug(&runtime)), std::logic_error);
}

awaitable<void> join_inner(Runtime* runtime, std::vector<Result<void>>* ends) {
  TaskGroup inner(*runtime);
  EXPECT_TRUE(inner.spawn(sleep_long(runtime, ends)));
  co_await inner.join();
}

awaitable<void> stop_outer(Runtime* runtime, std::vector<Result<void>>* ends) {
  TaskGroup outer(*runtime);
  EXPECT_TRUE(outer.spawn(join_inner(runtime, ends)));
  (void)co_await sleep_for(*runtime, std::chrono::milliseconds(1));
  outer.stop();
  co_await outer.join();
}

TEST(TaskGroupTest, CancellingAJoinStopsTheGroupAndStillWaits) {
  const SystemClock clock;
  Runtime runtime(clock, 1);
  std::vector<Result<void>> ends;
  runtime.run(stop_outer(&runtime, &ends));
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0].error().code, ErrorCode::cancelled);
}

awaitable<void> use_pool(Runtime* runtime, int* sum) {
  *sum += co_await run_on_pool(*runtime, [] { return 1; });
}

awaitable<void> stop_while_on_pool(Runtime* runtime, int* sum) {
  TaskGroup tasks(*runtime);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(tasks.spawn(use_pool(runtime, sum)));
  (void)co_await sleep_for(*runtime, Duration::zero());
  tasks.stop();
  co_await tasks.join();
}

TEST(TaskGroupTest, PoolJobsRunToTheirEndUnderCancellation) {
  const SystemClock clock;
  Runtime runtime(clock, 2);
  int sum = 0;
  runtime.run(stop_while_on_pool(&runtime, &sum));
  EXPECT_EQ(sum, 50);
}

}  // namespace
}  // namespace vortex
