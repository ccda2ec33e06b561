#include "vortex/engine/task_processor.hpp"

#include <set>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "vortex/engine/task_bench_for_test.hpp"

namespace vortex {
namespace {

constexpr Duration kLong = std::chrono::hours(1);  // by a clock that stands still: for ever

class TaskRunnerTest : public testing::Test {
 protected:
  std::unique_ptr<TaskRunner> runner(int workers, TaskRunnerOptions options = {}) {
    options.limits.workers = workers;
    auto made = TaskRunner::create(clock_, *TaskLog::open_in_memory(), bench_.work(), options);
    EXPECT_TRUE(made.has_value());
    return std::move(*made);
  }
  TaskId submit(TaskRunner& tasks, const std::string& kind, const std::string& payload,
                TaskPriority priority = TaskPriority::update, std::optional<Duration> within = {}) {
    TaskRequest request{.kind = kind, .payload = payload, .priority = priority};
    if (within) request.deadline = clock_.now() + *within;
    const auto id = tasks.submit(request);
    EXPECT_TRUE(id.has_value()) << id.error().message;
    return id.value_or(0);
  }
  TaskState state(const TaskRunner& tasks, TaskId id) { return tasks.status(id)->state; }

  fake::TaskBench bench_;  // outlives the runners of a test
  ManualClock clock_{*parse_time("2024-01-02T12:00Z")};
};

TEST_F(TaskRunnerTest, ATaskRunsAndKeepsItsResult) {
  const auto tasks = runner(2);
  const TaskId id = submit(*tasks, "quick", "hello");
  const auto result = tasks->wait(id, kLong);
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->text, "hello");
  EXPECT_EQ(result->status.state, TaskState::done);
  EXPECT_EQ(result->status.progress, 1);
  EXPECT_EQ(result->status.progress_text, "begun hello");
  EXPECT_EQ(result->status.attempts, 1);
  EXPECT_EQ(result->status.submitted, clock_.now());
  EXPECT_EQ(result->status.started, clock_.now());
  EXPECT_EQ(result->status.ended, clock_.now());
  EXPECT_EQ(tasks->counts().done, 1u);
}

TEST_F(TaskRunnerTest, ARunningTaskShowsItsProgress) {
  const auto tasks = runner(1);
  const TaskId id = submit(*tasks, "hold", "x");
  bench_.wait_for_started(1);
  const auto status = tasks->status(id);
  EXPECT_EQ(status->state, TaskState::running);
  EXPECT_EQ(status->progress, 0.5);
  EXPECT_EQ(status->progress_text, "begun x");
  const auto early = tasks->result(id);
  ASSERT_FALSE(early.has_value());
  EXPECT_EQ(early.error().code, ErrorCode::timeout);
  EXPECT_EQ(early.error().message, "task 1 has not ended: it is running");
  bench_.release();
  EXPECT_EQ(tasks->wait(id, kLong)->text, "x");
}

TEST_F(TaskRunnerTest, AFailedTaskKeepsItsErrorAndItsText) {
  const auto tasks = runner(1);
  const auto result = tasks->wait(submit(*tasks, "fail", "report"), kLong);
  EXPECT_EQ(result->status.state, TaskState::failed);
  EXPECT_EQ(result->status.error->code, ErrorCode::not_found);
  EXPECT_EQ(result->text, "report");
}

TEST_F(TaskRunnerTest, TheHigherPriorityIsServedFirst) {
  const auto tasks = runner(1);
  submit(*tasks, "hold", "first");
  bench_.wait_for_started(1);
  submit(*tasks, "quick", "backfill", TaskPriority::backfill);
  submit(*tasks, "quick", "update");
  submit(*tasks, "quick", "live 1", TaskPriority::live);
  const TaskId last = submit(*tasks, "quick", "live 2", TaskPriority::live);
  EXPECT_EQ(tasks->counts().waiting_live, 2u);
  bench_.release();
  ASSERT_TRUE(tasks->wait(last, kLong).has_value());
  bench_.wait_for_ended(5);
  EXPECT_EQ(bench_.started(),
            (std::vector<std::string>{"first", "live 1", "live 2", "update", "backfill"}));
}

TEST_F(TaskRunnerTest, NoMoreRunAtOnceThanThereAreWorkers) {
  const auto tasks = runner(3);
  for (int i = 0; i < 8; ++i) submit(*tasks, "hold", std::to_string(i));
  bench_.wait_for_started(3);
  EXPECT_EQ(tasks->counts().running, 3u);
  bench_.release();
  for (TaskId id = 1; id <= 8; ++id) ASSERT_TRUE(tasks->wait(id, kLong).has_value());
  EXPECT_EQ(bench_.running_max(), 3u);
}

TEST_F(TaskRunnerTest, CancelWorksInEveryState) {
  const auto tasks = runner(1);
  const TaskId running = submit(*tasks, "hold", "running");
  bench_.wait_for_started(1);
  const TaskId waiting = submit(*tasks, "quick", "waiting");

  EXPECT_EQ(tasks->cancel(waiting).value(), TaskState::cancelled);
  EXPECT_EQ(tasks->wait(waiting, kLong)->status.error->code, ErrorCode::cancelled);

  EXPECT_EQ(tasks->cancel(running).value(), TaskState::running);
  const auto stopped = tasks->wait(running, kLong);
  EXPECT_EQ(stopped->status.state, TaskState::cancelled);
  EXPECT_EQ(stopped->text, "part");
  EXPECT_EQ(tasks->cancel(running).value(), TaskState::cancelled);

  const TaskId done = submit(*tasks, "quick", "done");
  EXPECT_EQ(tasks->wait(done, kLong)->status.state, TaskState::done);
  EXPECT_EQ(tasks->cancel(done).value(), TaskState::done);
  EXPECT_EQ(tasks->cancel(99).error().code, ErrorCode::not_found);
  EXPECT_EQ(bench_.started(), (std::vector<std::string>{"running", "done"}));
  EXPECT_EQ(tasks->counts().cancelled, 2u);
}

TEST_F(TaskRunnerTest, WorkThatEndsInSpiteOfACancelIsDone) {
  const auto tasks = runner(1);
  const TaskId id = submit(*tasks, "deaf", "all of it");
  bench_.wait_for_started(1);
  ASSERT_TRUE(tasks->cancel(id).has_value());
  bench_.release();
  EXPECT_EQ(tasks->wait(id, kLong)->status.state, TaskState::done);
}

TEST_F(TaskRunnerTest, ExpiredWorkIsNeverStarted) {
  const auto tasks = runner(1);
  submit(*tasks, "hold", "first");
  bench_.wait_for_started(1);
  const TaskId late = submit(*tasks, "quick", "late", TaskPriority::live, std::chrono::minutes(1));
  const TaskId kept = submit(*tasks, "quick", "kept", TaskPriority::live, std::chrono::minutes(9));
  clock_.advance(std::chrono::minutes(1));
  tasks->tick();
  const auto result = tasks->result(late);
  EXPECT_EQ(result->status.state, TaskState::expired);
  EXPECT_EQ(result->status.error->code, ErrorCode::deadline);
  bench_.release();
  ASSERT_TRUE(tasks->wait(kept, kLong).has_value());
  EXPECT_EQ(bench_.started(), (std::vector<std::string>{"first", "kept"}));
}

TEST_F(TaskRunnerTest, ADeadlineStopsWhatRuns) {
  const auto tasks = runner(1);
  const TaskId id = submit(*tasks, "hold", "x", TaskPriority::live, std::chrono::minutes(1));
  bench_.wait_for_started(1);
  clock_.advance(std::chrono::seconds(59));
  tasks->tick();
  EXPECT_FALSE(tasks->status(id)->stopping);
  clock_.advance(std::chrono::seconds(1));
  tasks->tick();
  const auto result = tasks->wait(id, kLong);
  EXPECT_EQ(result->status.state, TaskState::expired);
  EXPECT_EQ(result->status.error->code, ErrorCode::deadline);
}

TEST_F(TaskRunnerTest, ADeadlineInThePastIsRefused) {
  const auto tasks = runner(1);
  const auto refused = tasks->submit({.kind = "quick", .deadline = clock_.now()});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::deadline);
  EXPECT_EQ(tasks->counts().refused, 1u);
}

TEST_F(TaskRunnerTest, ExpiredTasksMakeRoomForNewOnes) {
  const auto tasks = runner(1, {.limits = {.queue_items_max = 1}});
  submit(*tasks, "hold", "first");
  bench_.wait_for_started(1);
  submit(*tasks, "quick", "late", TaskPriority::live, std::chrono::minutes(1));
  EXPECT_EQ(tasks->submit({.kind = "quick"}).error().code, ErrorCode::bulkhead_full);
  clock_.advance(std::chrono::minutes(2));
  EXPECT_TRUE(tasks->submit({.kind = "quick"}).has_value());
  bench_.release();
}

TEST_F(TaskRunnerTest, ATaskThatIsForgottenSaysSo) {
  const auto tasks = runner(1, {.results_max = 2});
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(tasks->wait(submit(*tasks, "quick", "x"), kLong).has_value());
  }
  EXPECT_EQ(tasks->status(2).error().code, ErrorCode::not_found);
  EXPECT_EQ(tasks->status(2).error().message,
            "task 2 ended and was forgotten: the last 2 are kept");
  EXPECT_EQ(tasks->status(5).error().message, "there is no task 5");
  EXPECT_TRUE(tasks->status(3).has_value());
  EXPECT_EQ(tasks->counts().forgotten, 2u);
  EXPECT_EQ(tasks->list().size(), 2u);
}

TEST_F(TaskRunnerTest, AResultThatIsTooLargeIsNotKeptAndSaid) {
  const auto tasks = runner(1, {.result_bytes_max = 10});
  const auto result = tasks->wait(submit(*tasks, "quick", std::string(11, 'x')), kLong);
  EXPECT_EQ(result->status.state, TaskState::done);
  EXPECT_EQ(result->text, "");
  EXPECT_EQ(result->status.note, "the result of 11 bytes was not kept: at most 10");
}

TEST_F(TaskRunnerTest, TheCheckRefusesBeforeAnythingIsAccepted) {
  TaskWork work = bench_.work();
  work.check = [](const TaskRequest& request) -> Result<void> {
    if (request.kind == "odd") throw std::runtime_error("a bug in the check");
    return fail(ErrorCode::usage, "no such kind");
  };
  auto tasks = TaskRunner::create(clock_, *TaskLog::open_in_memory(), work);
  EXPECT_EQ((*tasks)->submit({.kind = "x"}).error().code, ErrorCode::usage);
  EXPECT_EQ((*tasks)->submit({.kind = "odd"}).error().code, ErrorCode::internal);
  EXPECT_TRUE((*tasks)->list().empty());
}

// From many threads at once: no task is lost, none runs twice, the books balance.
TEST_F(TaskRunnerTest, ManyThreadsMaySubmitCancelAndAsk) {
  constexpr int kThreads = 8;
  constexpr int kEach = 100;
  constexpr int kTasks = kThreads * kEach;
  const auto tasks = runner(4, {.results_max = kTasks});
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kEach; ++i) {
        const auto id =
            tasks->submit({.kind = "quick", .payload = fmt::format("{} {}", thread, i)});
        if (i % 3 == 0) (void)tasks->cancel(*id);
        if (i % 7 == 0) (void)tasks->list();
        (void)tasks->wait(*id, kLong);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const TaskCounts counts = tasks->counts();
  EXPECT_EQ(counts.submitted, kTasks);
  EXPECT_EQ(counts.done + counts.cancelled, kTasks);
  const auto started = bench_.started();
  EXPECT_EQ(std::set(started.begin(), started.end()).size(), started.size()) << "one ran twice";
  EXPECT_EQ(counts.remembered, kTasks);
}

}  // namespace
}  // namespace vortex
