#include "vortex/engine/task_queue.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "vortex/base/random.hpp"

namespace vortex {
namespace {

constexpr Monotonic kQueueStart{std::chrono::hours(1)};

Monotonic queue_at(int seconds) {
  return kQueueStart + std::chrono::seconds(seconds);
}

void put(TaskQueue& queue, const QueuedTask& task) {
  ASSERT_TRUE(queue.reserve(task.bytes).has_value());
  queue.push(task);
}

std::vector<TaskId> take_ids(TaskQueue& queue, int count, Monotonic now = kQueueStart) {
  std::vector<TaskId> ids;
  for (int i = 0; i < count; ++i) {
    const auto turn = queue.take(now);
    if (!turn.next) break;
    ids.push_back(turn.next->id);
  }
  return ids;
}

TEST(TaskQueueTest, ServesTheHigherClassFirstAndEachClassInOrder) {
  TaskQueue queue;
  put(queue, {.id = 1, .priority = TaskPriority::backfill});
  put(queue, {.id = 2, .priority = TaskPriority::update});
  put(queue, {.id = 3, .priority = TaskPriority::live});
  put(queue, {.id = 4, .priority = TaskPriority::update});
  put(queue, {.id = 5, .priority = TaskPriority::live});
  EXPECT_EQ(take_ids(queue, 9), (std::vector<TaskId>{3, 5, 2, 4, 1}));
  EXPECT_FALSE(queue.take(kQueueStart).next.has_value());
}

TEST(TaskQueueTest, NoClassIsStarvedForEver) {
  TaskQueue queue;
  for (TaskId id = 1; id <= 400; ++id) put(queue, {.id = id, .priority = TaskPriority::live});
  for (TaskId id = 1001; id <= 1100; ++id) {
    put(queue, {.id = id, .priority = TaskPriority::update});
    put(queue, {.id = id + 1000, .priority = TaskPriority::backfill});
  }
  std::array<int, kTaskPriorities> served{};
  std::array<int, kTaskPriorities> since{};
  for (int turn = 0; turn < 320; ++turn) {
    const auto taken = queue.take(kQueueStart).next;
    ASSERT_TRUE(taken.has_value());
    const auto which = static_cast<std::size_t>(taken->priority);
    ++served[which];
    for (auto& turns : since) ++turns;
    since[which] = 0;
    for (const int turns : since) ASSERT_LE(turns, TaskQueue::kTurnsMax) << "at turn " << turn;
  }
  EXPECT_EQ(served[1], 20);
  EXPECT_EQ(served[2], 20 - 1) << "the first time it is due one turn late";
}

TEST(TaskQueueTest, ALongWaitDoesNotEarnABurst) {
  TaskQueue queue;
  for (TaskId id = 1; id <= 64; ++id) put(queue, {.id = id, .priority = TaskPriority::live});
  put(queue, {.id = 100, .priority = TaskPriority::backfill});
  EXPECT_EQ(take_ids(queue, 16).back(), 100);
  put(queue, {.id = 101, .priority = TaskPriority::backfill});
  EXPECT_EQ(std::ranges::count(take_ids(queue, 15), 101), 0);
}

TEST(TaskQueueTest, RefusesPastItemsAndBytesAndSaysTheCounts) {
  TaskQueue queue({.items_max = 2, .bytes_max = 100});
  put(queue, {.id = 1, .bytes = 60});
  const auto bytes = queue.reserve(41);
  ASSERT_FALSE(bytes.has_value());
  EXPECT_EQ(bytes.error().code, ErrorCode::bulkhead_full);
  EXPECT_EQ(bytes.error().message, "1 tasks of 60 bytes wait; 41 bytes more would pass 100");
  EXPECT_FALSE(queue.reserve(UINT64_MAX).has_value());
  put(queue, {.id = 2, .bytes = 40});
  const auto items = queue.reserve(0);
  ASSERT_FALSE(items.has_value());
  EXPECT_EQ(items.error().message, "2 tasks wait, at most 2 may");
  EXPECT_EQ(queue.bytes(), 100u);
}

TEST(TaskQueueTest, AReservationCountsAndCanBeGivenBack) {
  TaskQueue queue({.items_max = 1, .bytes_max = 10});
  ASSERT_TRUE(queue.reserve(10).has_value());
  EXPECT_FALSE(queue.reserve(0).has_value());
  queue.give_back(10);
  EXPECT_EQ(queue.bytes(), 0u);
  EXPECT_TRUE(queue.reserve(10).has_value());
}

TEST(TaskQueueTest, WhatAnEarlierProcessPromisedEntersPastTheLimits) {
  TaskQueue queue({.items_max = 1, .bytes_max = 10});
  for (TaskId id = 1; id <= 3; ++id) queue.restore({.id = id, .bytes = 9});
  EXPECT_EQ(queue.items(), 3u);
  EXPECT_FALSE(queue.reserve(1).has_value());
  EXPECT_EQ(take_ids(queue, 3), (std::vector<TaskId>{1, 2, 3}));
  EXPECT_TRUE(queue.reserve(1).has_value());
}

TEST(TaskQueueTest, ExpiredWorkLeavesByDeadlineAndNeverStarts) {
  TaskQueue queue;
  put(queue, {.id = 1, .priority = TaskPriority::live, .deadline = queue_at(9)});
  put(queue, {.id = 2, .priority = TaskPriority::backfill, .deadline = queue_at(3)});
  put(queue, {.id = 3, .priority = TaskPriority::update, .deadline = queue_at(6)});
  put(queue, {.id = 4, .priority = TaskPriority::update});
  EXPECT_EQ(queue.next_deadline(), queue_at(3));
  EXPECT_TRUE(queue.expire(queue_at(2)).empty());
  const auto turn = queue.take(queue_at(6));  // the moment itself is too late
  ASSERT_EQ(turn.expired.size(), 2u);
  EXPECT_EQ(turn.expired[0].id, 2);
  EXPECT_EQ(turn.expired[1].id, 3);
  EXPECT_EQ(turn.next->id, 1);
  EXPECT_EQ(queue.next_deadline(), Monotonic::max());
  EXPECT_EQ(take_ids(queue, 2, queue_at(1000)), (std::vector<TaskId>{4}));
}

TEST(TaskQueueTest, CancelTakesAWaitingTaskOut) {
  TaskQueue queue;
  put(queue, {.id = 1, .bytes = 5, .deadline = queue_at(1)});
  put(queue, {.id = 2, .bytes = 7});
  EXPECT_TRUE(queue.cancel(1));
  EXPECT_FALSE(queue.cancel(1));
  EXPECT_FALSE(queue.cancel(99));
  EXPECT_EQ(queue.bytes(), 7u);
  EXPECT_TRUE(queue.expire(queue_at(100)).empty());
  EXPECT_EQ(take_ids(queue, 2), (std::vector<TaskId>{2}));
}

// What is reserved, waits and left adds up after any sequence of acts.
TEST(TaskQueueTest, TheBooksBalanceUnderRandomActs) {
  Random random(20240102);
  TaskQueue queue({.items_max = 50, .bytes_max = 500});
  std::uint64_t entered = 0;
  std::uint64_t left = 0;
  TaskId id = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Monotonic now = queue_at(i / 100);
    switch (random.below(4)) {
      case 0:
      case 1: {
        const std::uint64_t bytes = random.below(20);
        if (!queue.reserve(bytes)) break;
        queue.push({.id = ++id,
                    .priority = static_cast<TaskPriority>(random.below(kTaskPriorities)),
                    .bytes = bytes,
                    .deadline = now + std::chrono::seconds(random.below(40))});
        ++entered;
        break;
      }
      case 2: {
        const auto turn = queue.take(now);
        left += turn.expired.size() + (turn.next ? 1 : 0);
        if (turn.next) ASSERT_GT(turn.next->deadline, now);
        break;
      }
      default: left += queue.cancel(static_cast<TaskId>(random.below(200)) + id - 199) ? 1 : 0;
    }
    ASSERT_EQ(queue.items(), entered - left);
    ASSERT_LE(queue.items(), 50u);
    ASSERT_LE(queue.bytes(), 500u);
  }
  left += queue.expire(queue_at(10'000)).size();
  EXPECT_EQ(entered, left);
  EXPECT_EQ(queue.bytes(), 0u);
}

}  // namespace
}  // namespace vortex
