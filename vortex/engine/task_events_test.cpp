#include "vortex/engine/task_events.hpp"

#include <span>
#include <thread>

#include <gtest/gtest.h>

#include "vortex/engine/task_bench_for_test.hpp"
#include "vortex/engine/task_processor.hpp"

namespace vortex {
namespace {

constexpr Duration kAnHour = std::chrono::hours(1);  // by a clock that stands still: for ever

class TaskEventsTest : public testing::Test {
 protected:
  std::unique_ptr<TaskRunner> runner(TaskRunnerOptions options = {}) {
    options.limits.workers = 1;
    options.events = &bus_;
    auto made = TaskRunner::create(clock_, *TaskLog::open_in_memory(), bench_.work(), options);
    EXPECT_TRUE(made.has_value());
    return std::move(*made);
  }
  Event next() {
    const auto delivery = subscription_.wait_next(std::chrono::minutes(1));
    EXPECT_TRUE(delivery.has_value()) << "nothing was told";
    return delivery ? delivery->event : Event{};
  }
  void expect_next(EventType type, TaskId id, std::int64_t of, double measure) {
    const Event event = next();
    EXPECT_EQ(to_string(event.type), to_string(type));
    EXPECT_EQ(event.provider.view(), "tasks");
    EXPECT_EQ(event.time, clock_.now());
    EXPECT_EQ(event.count, id);
    EXPECT_EQ(event.of, of);
    EXPECT_EQ(event.measure, measure);
  }
  // All is over: nothing more comes.
  void expect_no_more(TaskRunner& tasks) {
    tasks.drain(Duration::zero());
    const auto more = subscription_.try_next();
    EXPECT_FALSE(more.has_value()) << topic(more->event);
  }
  static TaskStatus ended(TaskState state) {
    return {.id = 7, .kind = "sync", .state = state, .error = Error{.code = ErrorCode::network}};
  }

  fake::TaskBench bench_;  // these three outlive the runners of a test
  EventBus bus_;
  ManualClock clock_{*parse_time("2024-01-02T12:00Z")};
  Subscription subscription_{*bus_.subscribe({.patterns = {"provider.tasks.*"}})};
};

TEST_F(TaskEventsTest, ATaskIsToldWhenItIsAcceptedBegunAndDone) {
  const auto tasks = runner();
  const TaskId id = *tasks->submit({.kind = "hold", .payload = "x"});
  expect_next(EventType::task_submitted, id, 1, 0);
  expect_next(EventType::task_started, id, 1, 0);
  const TaskId second = *tasks->submit({.kind = "quick", .payload = "y"});
  expect_next(EventType::task_submitted, second, 1, 0);
  clock_.advance(std::chrono::seconds(90));
  bench_.wait_for_started(1);
  bench_.release();
  expect_next(EventType::task_finished, id, 1, 90);
  EXPECT_EQ(tasks->status(id)->state, TaskState::done) << "an end that was told can be asked for";
  expect_next(EventType::task_started, second, 1, 90);
  const Event last = next();
  EXPECT_EQ(topic(last), "provider.tasks.task.finished");
  EXPECT_EQ(last.text.view(), "quick");
  EXPECT_FALSE(last.code.has_value());
  expect_no_more(*tasks);
}

TEST_F(TaskEventsTest, AFailureIsToldWithItsCodeAndADeferralWithItsWait) {
  bench_.defer_until = clock_.now() + std::chrono::hours(12);
  const auto tasks = runner();
  const TaskId failed = *tasks->submit({.kind = "fail"});
  expect_next(EventType::task_submitted, failed, 1, 0);
  expect_next(EventType::task_started, failed, 1, 0);
  const Event failure = next();
  EXPECT_EQ(failure.type, EventType::task_failed);
  EXPECT_EQ(failure.code, ErrorCode::not_found);
  EXPECT_EQ(failure.count, failed);
  EXPECT_EQ(failure.of, 1) << "attempts";
  EXPECT_EQ(failure.text.view(), "fail");

  const TaskId deferred = *tasks->submit({.kind = "defer"});
  expect_next(EventType::task_submitted, deferred, 1, 0);
  expect_next(EventType::task_started, deferred, 1, 0);
  expect_next(EventType::task_deferred, deferred, 0, 12 * 3600);
  expect_no_more(*tasks);
}

TEST_F(TaskEventsTest, CancelledAndExpiredTasksAreToldWhetherTheyRanOrNot) {
  const auto tasks = runner();
  const TaskId running = *tasks->submit({.kind = "hold"});
  expect_next(EventType::task_submitted, running, 1, 0);
  expect_next(EventType::task_started, running, 1, 0);
  const TaskId waiting = *tasks->submit({.kind = "quick"});
  expect_next(EventType::task_submitted, waiting, 1, 0);
  const TaskId late =
      *tasks->submit({.kind = "quick", .deadline = clock_.now() + std::chrono::minutes(1)});
  expect_next(EventType::task_submitted, late, 2, 0);

  clock_.advance(std::chrono::seconds(30));
  ASSERT_TRUE(tasks->cancel(waiting).has_value());
  expect_next(EventType::task_cancelled, waiting, 0, 0);
  clock_.advance(std::chrono::seconds(35));
  tasks->tick();
  expect_next(EventType::task_expired, late, 0, 5);
  ASSERT_TRUE(tasks->cancel(running).has_value());
  expect_next(EventType::task_cancelled, running, 0, 65);
  expect_no_more(*tasks);
}

TEST_F(TaskEventsTest, WhatIsRefusedOrGoesOnInTheNextProcessHasNoEnd) {
  const auto tasks = runner({.limits = {.queue_items_max = 1}});
  const TaskId running = *tasks->submit({.kind = "hold"});
  expect_next(EventType::task_submitted, running, 1, 0);
  expect_next(EventType::task_started, running, 1, 0);
  const TaskId waiting = *tasks->submit({.kind = "quick"});
  expect_next(EventType::task_submitted, waiting, 1, 0);
  EXPECT_FALSE(tasks->submit({.kind = "quick"}).has_value());
  std::jthread stopper([&] { tasks->drain(kAnHour); });
  while (tasks->submit({.kind = "quick"}).error().code != ErrorCode::draining)
    std::this_thread::yield();
  clock_.advance(kAnHour * 3 / 4);
  tasks->tick();  // the work is asked to stop
  stopper.join();
  EXPECT_EQ(tasks->status(running)->state, TaskState::interrupted);
  expect_no_more(*tasks);
}

TEST_F(TaskEventsTest, ATaskOfAnEarlierProcessBeginsAgainOrIsToldAsFailed) {
  auto log = *TaskLog::open_in_memory();
  for (const std::int64_t interruptions : {0, 3}) {
    TaskStatus left{.kind = "quick", .state = TaskState::running, .submitted = clock_.now()};
    left.interruptions = interruptions;
    TaskRow row = to_row(left, {}, 0, {});
    row.id = *log.add(row);
    ASSERT_TRUE(log.update(std::span(&row, 1)).has_value());
  }
  clock_.advance(std::chrono::minutes(2));
  auto tasks = TaskRunner::create(clock_, std::move(log), bench_.work(),
                                  {.limits = {.workers = 1}, .events = &bus_});
  ASSERT_TRUE(tasks.has_value());
  const Event failed = next();
  EXPECT_EQ(failed.type, EventType::task_failed);
  EXPECT_EQ(failed.count, 2);
  EXPECT_EQ(failed.code, ErrorCode::internal);
  expect_next(EventType::task_started, 1, 1, 120);
  EXPECT_EQ(next().type, EventType::task_finished);
  expect_no_more(**tasks);
}

TEST_F(TaskEventsTest, AStuckSubscriberDoesNotHoldTheTasks) {
  auto stuck = bus_.subscribe(
      {.policy = OverflowPolicy::block, .capacity = 1, .block_max = std::chrono::milliseconds(1)});
  ASSERT_TRUE(stuck.has_value());
  const auto tasks = runner();
  for (int i = 0; i < 100; ++i) {
    const auto result = tasks->wait(*tasks->submit({.kind = "quick"}), kAnHour);
    ASSERT_TRUE(result.has_value());
  }
  tasks->drain(Duration::zero());
  EXPECT_EQ(stuck->counts().offered, 300u);
  EXPECT_LE(stuck->counts().blocked, 2u) << "one wait for each publisher";
}

TEST_F(TaskEventsTest, EachEndHasItsType) {
  EXPECT_EQ(ended_event(ended(TaskState::failed))->type, EventType::task_failed);
  EXPECT_EQ(ended_event(ended(TaskState::cancelled))->type, EventType::task_cancelled);
  EXPECT_EQ(ended_event(ended(TaskState::expired))->type, EventType::task_expired);
  EXPECT_EQ(ended_event(ended(TaskState::done))->type, EventType::task_finished);
  TaskStatus used_up = ended(TaskState::failed);
  used_up.error->code = ErrorCode::quota_exhausted;
  EXPECT_EQ(ended_event(used_up)->type, EventType::task_deferred);
  EXPECT_EQ(ended_event(used_up)->code, ErrorCode::quota_exhausted);
  for (const TaskState goes_on : {TaskState::waiting, TaskState::running, TaskState::interrupted})
    EXPECT_FALSE(ended_event(ended(goes_on)).has_value()) << to_string(goes_on);
}

TEST_F(TaskEventsTest, AClockThatWasSetBackMakesNoWaitBelowZero) {
  TaskStatus status{.id = 7, .kind = "sync", .submitted = clock_.now()};
  status.started = clock_.now() - std::chrono::hours(1);
  EXPECT_EQ(started_event(status, 1).measure, 0);
}

}  // namespace
}  // namespace vortex
