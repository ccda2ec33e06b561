// The asynchronous processor under faults; names begin with the fault's id.

#include <algorithm>
#include <filesystem>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "vortex/base/random.hpp"
#include "vortex/engine/task_bench_for_test.hpp"
#include "vortex/engine/task_processor.hpp"

namespace vortex {
namespace {

constexpr Duration kForEver = std::chrono::hours(1);  // by a clock that stands still

class TaskFaultsTest : public testing::Test {
 protected:
  TaskFaultsTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("vortex-tasks-" + Random::from_system().uuid())) {}
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<TaskRunner> runner(fake::TaskBench& bench, int workers,
                                     TaskRunnerOptions options = {}, TaskLogOptions file = {}) {
    auto log = TaskLog::open(folder_.string(), file);
    EXPECT_TRUE(log.has_value()) << log.error().message;
    options.limits.workers = workers;
    auto made = TaskRunner::create(clock_, std::move(*log), bench.work(), options);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return std::move(*made);
  }
  std::vector<TaskRow> rows() {
    auto log = TaskLog::open(folder_.string());
    EXPECT_TRUE(log.has_value()) << log.error().message;
    return *log->all();
  }
  // Asks for what is never admitted, until the refusal is for shutting down.
  static void wait_for_drain(TaskRunner& tasks) {
    const TaskRequest too_large{.kind = "quick", .size_bytes = UINT64_MAX};
    while (tasks.submit(too_large).error().code != ErrorCode::draining) std::this_thread::yield();
  }
  // What a process that was killed leaves behind.
  void leave(TaskRow row) {
    auto log = TaskLog::open(folder_.string());
    row.kind = "quick";
    row.priority = row.priority.empty() ? "update" : row.priority;
    row.submitted = clock_.now();
    row.id = *log->add(row);
    ASSERT_TRUE(log->update(std::span(&row, 1)).has_value());
  }

  std::filesystem::path folder_;
  ManualClock clock_{*parse_time("2024-01-02T12:00Z")};
};

TEST_F(TaskFaultsTest, P8TenThousandTasksStayWithinTheirBounds) {
  fake::TaskBench bench;
  auto made = TaskRunner::create(clock_, *TaskLog::open_in_memory(), bench.work(),
                                 {.limits = {.workers = 2}});
  TaskRunner& tasks = **made;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(tasks.submit({.kind = "hold"}).has_value());
  bench.wait_for_started(2);
  TaskId last = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto id = tasks.submit({.kind = "quick", .payload = std::string(1000, 'x')});
    ASSERT_TRUE(id.has_value()) << id.error().message;
    last = *id;
  }
  const auto refused = tasks.submit({.kind = "quick"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::bulkhead_full);
  EXPECT_EQ(refused.error().message, "10000 tasks wait, at most 10000 may");
  EXPECT_EQ(tasks.counts().waiting_update, 10'000u);
  EXPECT_LE(tasks.counts().queue_bytes, 64u << 20);
  bench.release();
  ASSERT_TRUE(tasks.wait(last, kForEver).has_value());
  bench.wait_for_ended(10'002);
  EXPECT_TRUE(tasks.drain(kForEver).interrupted.empty());
  const TaskCounts counts = tasks.counts();
  EXPECT_EQ(counts.done, 10'002u);
  EXPECT_EQ(counts.queue_bytes, 0u);
  EXPECT_EQ(counts.remembered, 1000u);
  EXPECT_EQ(counts.forgotten, 9'002u);
  EXPECT_EQ(tasks.list().size(), 1000u);
}

TEST_F(TaskFaultsTest, P8TheQueueIsBoundedInBytesToo) {
  fake::TaskBench bench;
  const auto tasks = runner(bench, 1, {.limits = {.queue_bytes_max = 4000}});
  ASSERT_TRUE(tasks->submit({.kind = "hold"}).has_value());
  bench.wait_for_started(1);
  EXPECT_TRUE(tasks->submit({.kind = "quick", .size_bytes = 3000}).has_value());
  const auto refused = tasks->submit({.kind = "quick", .size_bytes = 1001});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "1 tasks of 3000 bytes wait; 1001 bytes more would pass 4000");
  bench.release();
}

TEST_F(TaskFaultsTest, H4WorkThatThrowsFailsAlone) {
  fake::TaskBench bench;
  const auto tasks = runner(bench, 1);
  const TaskId thrower = *tasks->submit({.kind = "throw"});
  const TaskId odd = *tasks->submit({.kind = "throw-int"});
  const TaskId other = *tasks->submit({.kind = "quick", .payload = "fine"});
  const auto failed = tasks->wait(thrower, kForEver);
  EXPECT_EQ(failed->status.state, TaskState::failed);
  EXPECT_EQ(failed->status.error->code, ErrorCode::internal);
  EXPECT_EQ(failed->status.error->message, "the work threw: a bug in the work");
  EXPECT_EQ(tasks->wait(odd, kForEver)->status.error->message, "the work threw");
  EXPECT_EQ(tasks->wait(other, kForEver)->text, "fine");
}

TEST_F(TaskFaultsTest, H5WorkThatIgnoresItsStopIsNamedAndTheOthersGoOn) {
  fake::TaskBench bench;
  const auto tasks = runner(bench, 2, {.limits = {.grace = std::chrono::seconds(30)}});
  const TaskId deaf = *tasks->submit({.kind = "deaf"});
  bench.wait_for_started(1);
  ASSERT_EQ(tasks->cancel(deaf).value(), TaskState::running);
  clock_.advance(std::chrono::seconds(29));
  tasks->tick();
  EXPECT_FALSE(tasks->status(deaf)->unresponsive);
  clock_.advance(std::chrono::seconds(1));
  tasks->tick();
  EXPECT_TRUE(tasks->status(deaf)->unresponsive);
  EXPECT_EQ(tasks->counts().unresponsive, 1u);
  EXPECT_TRUE(tasks->wait(*tasks->submit({.kind = "quick"}), kForEver).has_value());
  bench.release();
  EXPECT_TRUE(tasks->wait(deaf, kForEver)->status.unresponsive);
}

TEST_F(TaskFaultsTest, H2DrainWithTenThousandWaitingPersistsThemAllAndARestartGoesOn) {
  constexpr TaskId kWaiting = 10'000;
  fake::TaskBench first;
  {
    auto log = TaskLog::open(folder_.string(), {.durable = false});
    for (TaskId i = 0; i < kWaiting; ++i) {  // as an earlier process would have left them
      ASSERT_TRUE(log->add({.kind = "quick",
                            .payload = std::to_string(i),
                            .priority = "update",
                            .bytes = 600,
                            .state = "waiting"})
                      .has_value());
    }
    ASSERT_TRUE(
        log->add({.kind = "hold", .payload = "held", .priority = "live", .state = "waiting"})
            .has_value());
  }
  {
    const auto tasks = runner(first, 1, {}, {.durable = false});
    EXPECT_EQ(tasks->counts().resumed, 10'001u);
    first.wait_for_started(1);
    EXPECT_EQ(first.started().front(), "held");
    const DrainReport report = tasks->drain(Duration::zero());
    EXPECT_EQ(report.waiting, 10'000u);
    EXPECT_EQ(report.interrupted.size() + report.abandoned.size(), 1u);
    EXPECT_EQ(tasks->submit({.kind = "quick"}).error().code, ErrorCode::draining);
    EXPECT_EQ(tasks->wait(1, kForEver).error().code, ErrorCode::draining);
  }
  EXPECT_EQ(rows().size(), 10'001u);
  fake::TaskBench second;
  second.release();
  // One worker: of several, the one that has "held" may be the last to get to its first line.
  const auto tasks = runner(second, 1, {.limits = {.queue_items_max = 20'000}}, {.durable = false});
  EXPECT_EQ(tasks->counts().resumed, 10'001u);
  const auto last = tasks->submit({.kind = "quick"});
  ASSERT_TRUE(last.has_value()) << last.error().message;
  EXPECT_EQ(*last, 10'002) << "a restart gives no id twice";
  ASSERT_TRUE(tasks->wait(*last, kForEver).has_value());
  second.wait_for_ended(10'002);
  EXPECT_EQ(second.started().front(), "held");
  first.wait_for_ended(1);
}

TEST_F(TaskFaultsTest, DrainLetsRunningWorkEndWithinItsGrace) {
  fake::TaskBench bench;
  const auto tasks = runner(bench, 1);
  const TaskId running = *tasks->submit({.kind = "hold", .payload = "x"});
  bench.wait_for_started(1);
  std::thread draining([&] {
    const DrainReport report = tasks->drain(std::chrono::seconds(40));
    EXPECT_TRUE(report.interrupted.empty());
    EXPECT_TRUE(report.abandoned.empty());
  });
  wait_for_drain(*tasks);
  EXPECT_EQ(tasks->status(running)->state, TaskState::running);
  EXPECT_FALSE(tasks->status(running)->stopping);
  bench.release();
  draining.join();
  EXPECT_EQ(tasks->result(running)->text, "x");
}

TEST_F(TaskFaultsTest, DrainStopsInTheLastQuarterAndTheRestartRunsItAgain) {
  {
    fake::TaskBench bench;
    const auto tasks = runner(bench, 1);
    const TaskId id = *tasks->submit({.kind = "hold", .payload = "x"});
    bench.wait_for_started(1);
    DrainReport report;
    std::thread draining([&] { report = tasks->drain(std::chrono::seconds(40)); });
    wait_for_drain(*tasks);
    clock_.advance(std::chrono::seconds(29));
    tasks->tick();
    EXPECT_FALSE(tasks->status(id)->stopping);
    clock_.advance(std::chrono::seconds(1));
    tasks->tick();
    draining.join();
    EXPECT_EQ(report.interrupted, std::vector<TaskId>{id});
    EXPECT_EQ(tasks->status(id)->state, TaskState::interrupted);
  }
  EXPECT_EQ(rows().front().state, "interrupted");
  EXPECT_EQ(rows().front().interruptions, 0) << "an end in order is no suspicion";
  fake::TaskBench bench;
  bench.release();
  const auto tasks = runner(bench, 1);
  const auto result = tasks->wait(1, kForEver);
  EXPECT_EQ(result->text, "x");
  EXPECT_EQ(result->status.attempts, 2);
}

// All workers hang in calls that never answer and that no stop reaches.
TEST_F(TaskFaultsTest, K7DrainEndsWithinItsGraceWhenNothingStops) {
  fake::TaskBench bench;
  {
    const auto tasks = runner(bench, 4);
    for (int i = 0; i < 6; ++i) ASSERT_TRUE(tasks->submit({.kind = "deaf"}).has_value());
    bench.wait_for_started(4);
    const Monotonic start = clock_.monotonic();
    DrainReport report;
    std::thread draining([&] { report = tasks->drain(std::chrono::seconds(40)); });
    wait_for_drain(*tasks);
    const auto drained = [&] {
      return !tasks->cancel(1).has_value();
    };
    while (!drained()) {
      ASSERT_LE(clock_.monotonic() - start, std::chrono::seconds(40)) << "past its grace";
      if (clock_.monotonic() - start < std::chrono::seconds(40)) {
        clock_.advance(std::chrono::seconds(1));
      }
      tasks->tick();
    }
    draining.join();
    EXPECT_EQ(report.abandoned, (std::vector<TaskId>{1, 2, 3, 4}));
    EXPECT_EQ(report.waiting, 2u);
    EXPECT_TRUE(tasks->status(1)->unresponsive);
    EXPECT_EQ(tasks->drain(kForEver).abandoned.size(), 4u) << "the same report again";
  }
  const auto left = rows();
  ASSERT_EQ(left.size(), 6u);
  EXPECT_EQ(left[0].state, "interrupted");
  EXPECT_EQ(left[0].interruptions, 1);
  EXPECT_EQ(left[5].state, "waiting");
  bench.release();  // the abandoned threads end: what they say then is not looked at
  bench.wait_for_ended(4);
  EXPECT_EQ(rows().front().state, "interrupted");
}

TEST_F(TaskFaultsTest, H3WhatWasRunningAtAKillRunsAgainAndWhatEndedIsRemembered) {
  leave({.payload = "was running", .state = "running", .attempts = 1});
  leave({.payload = "waited", .state = "waiting"});
  leave({.payload = "ended", .state = "done", .attempts = 1, .result = "kept"});
  fake::TaskBench bench;
  const auto tasks = runner(bench, 1);
  const auto again = tasks->wait(1, kForEver);
  EXPECT_EQ(again->status.state, TaskState::done);
  EXPECT_EQ(again->status.attempts, 2);
  EXPECT_EQ(again->status.interruptions, 1);
  EXPECT_TRUE(tasks->wait(2, kForEver).has_value());
  EXPECT_EQ(tasks->result(3)->text, "kept");
  EXPECT_EQ(bench.started(), (std::vector<std::string>{"was running", "waited"}));
}

TEST_F(TaskFaultsTest, H3ATaskThatKillsEveryProcessFailsInTheEnd) {
  leave({.payload = "poison", .state = "running", .attempts = 4, .interruptions = 3});
  leave({.payload = "innocent", .state = "running", .attempts = 1});
  fake::TaskBench bench;
  const auto tasks = runner(bench, 1);
  const auto poison = tasks->result(1);
  EXPECT_EQ(poison->status.state, TaskState::failed);
  EXPECT_EQ(poison->status.error->code, ErrorCode::internal);
  EXPECT_EQ(poison->status.error->message,
            "it was running 4 times when the process ended out of order (at most 3 times): it may "
            "be what ends it");
  EXPECT_TRUE(tasks->wait(2, kForEver).has_value());
  EXPECT_EQ(bench.started(), std::vector<std::string>{"innocent"});
}

TEST_F(TaskFaultsTest, ADeadlineThatPassedWhileNoProcessRanIsKept) {
  leave({.payload = "late", .deadline = clock_.now() - std::chrono::hours(1), .state = "waiting"});
  leave({.payload = "soon", .deadline = clock_.now() + std::chrono::hours(1), .state = "waiting"});
  fake::TaskBench bench;
  const auto tasks = runner(bench, 1);
  EXPECT_EQ(tasks->wait(1, kForEver)->status.state, TaskState::expired);
  EXPECT_EQ(tasks->wait(2, kForEver)->status.state, TaskState::done);
}

TEST_F(TaskFaultsTest, F1ASteppedClockExpiresNothing) {
  fake::TaskBench bench;
  const auto tasks = runner(bench, 1);
  const TaskId id =
      *tasks->submit({.kind = "hold", .deadline = clock_.now() + std::chrono::minutes(1)});
  bench.wait_for_started(1);
  clock_.step(std::chrono::hours(2));
  tasks->tick();
  EXPECT_FALSE(tasks->status(id)->stopping);
  clock_.step(-std::chrono::hours(4));
  clock_.advance(std::chrono::minutes(1));
  tasks->tick();
  EXPECT_EQ(tasks->wait(id, kForEver)->status.state, TaskState::expired);
}

TEST_F(TaskFaultsTest, G1AFullDiskRefusesTheTaskAndTheRunnerGoesOn) {
  fake::TaskBench bench;
  const auto tasks = runner(bench, 1, {}, {.file_bytes_max = 64 << 10});
  const auto refused = tasks->submit({.kind = "quick", .payload = std::string(128 << 10, 'x')});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::disk_full);
  EXPECT_TRUE(refused.error().message.starts_with("the task was not accepted: "));
  EXPECT_TRUE(tasks->list().empty());
  EXPECT_EQ(tasks->counts().queue_bytes, 0u);
  EXPECT_EQ(tasks->wait(*tasks->submit({.kind = "quick", .payload = "y"}), kForEver)->text, "y");
}

TEST_F(TaskFaultsTest, G1AnEndThatCannotBeWrittenIsSaid) {
  fake::TaskBench bench;
  TaskWork work = bench.work();
  work.run = [](const TaskContext&) {
    return TaskOutcome{.text = std::string(128 << 10, 'x')};
  };
  auto log = TaskLog::open(folder_.string(), {.file_bytes_max = 64 << 10});
  const auto tasks = TaskRunner::create(clock_, std::move(*log), work);
  const auto result = (*tasks)->wait(*(*tasks)->submit({.kind = "quick"}), kForEver);
  EXPECT_EQ(result->status.state, TaskState::done);
  EXPECT_EQ(result->text.size(), 128u << 10);
  EXPECT_EQ(result->status.note, "its end could not be written down: a restart would run it again");
  EXPECT_EQ((*tasks)->counts().log_failures, 1u);
}

TEST_F(TaskFaultsTest, ARowThatNobodyUnderstandsFailsAlone) {
  leave({.priority = "urgent", .state = "waiting"});
  leave({.payload = "fine", .state = "waiting"});
  fake::TaskBench bench;
  const auto tasks = runner(bench, 1);
  EXPECT_EQ(tasks->result(1)->status.error->code, ErrorCode::corrupt);
  EXPECT_EQ(tasks->wait(2, kForEver)->status.state, TaskState::done);
}

}  // namespace
}  // namespace vortex
