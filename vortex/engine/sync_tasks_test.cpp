#include "vortex/engine/sync_tasks.hpp"

#include <atomic>
#include <filesystem>

#include <gtest/gtest.h>

#include "vortex/base/json.hpp"
#include "vortex/base/random.hpp"
#include "vortex/engine/engine_parts.hpp"
#include "vortex/engine/fake_provider_for_test.hpp"

namespace vortex {
namespace {

class SyncTasksTest : public testing::Test {
 protected:
  ErrorCode refused(std::string_view payload, std::string_view words = "") {
    const auto request = read_sync_task(payload, settings_);
    EXPECT_FALSE(request.has_value()) << payload;
    if (request) return ErrorCode::internal;
    EXPECT_TRUE(request.error().message.contains(words)) << request.error().message;
    return request.error().code;
  }

  Settings settings_{.default_providers = {"yahoo", "alphavantage"}};
  ManualClock clock_{*parse_time("2024-01-02T12:00Z")};
};

TEST_F(SyncTasksTest, ThePayloadIsTheRequest) {
  const auto request = read_sync_task(
      R"({"symbols":["AAPL","BRK-B"],"providers":["fake"],"interval":"5m","since":"2024-01-02",)"
      R"("until":"2024-01-03T14:30Z","overlap":false})",
      settings_);
  ASSERT_TRUE(request.has_value()) << request.error().message;
  ASSERT_EQ(request->items.size(), 2u);
  EXPECT_FALSE(request->overlap);
  const SyncItem& item = request->items[1];
  EXPECT_EQ(item.symbol.text(), "BRK-B");
  EXPECT_EQ(item.providers, std::vector<std::string>{"fake"});
  EXPECT_EQ(item.interval, Interval::m5);
  EXPECT_EQ(item.since, parse_time("2024-01-02"));
  EXPECT_EQ(item.until, parse_time("2024-01-03T14:30Z"));
}

TEST_F(SyncTasksTest, OnlyTheSymbolsAreRequired) {
  const auto request = read_sync_task(R"({"symbols":["AAPL"]})", settings_);
  ASSERT_TRUE(request.has_value()) << request.error().message;
  EXPECT_EQ(request->items[0].providers, settings_.default_providers);
  EXPECT_EQ(request->items[0].interval, Interval::d1);
  EXPECT_FALSE(request->items[0].since.has_value());
  EXPECT_TRUE(request->overlap);
}

TEST_F(SyncTasksTest, WhatIsNotUnderstoodIsRefusedAndNamed) {
  EXPECT_EQ(refused("not json"), ErrorCode::usage);
  EXPECT_EQ(refused("[]", "no JSON object"), ErrorCode::usage);
  EXPECT_EQ(refused("{}", "'symbols' is missing"), ErrorCode::usage);
  EXPECT_EQ(refused(R"({"symbols":[]})", "empty"), ErrorCode::usage);
  EXPECT_EQ(refused(R"({"symbols":"AAPL"})", "list of texts"), ErrorCode::usage);
  EXPECT_EQ(refused(R"({"symbols":["A","A"]})", "stands twice"), ErrorCode::usage);
  EXPECT_EQ(refused(R"({"symbols":["../x"]})"), ErrorCode::bad_symbol);
  EXPECT_EQ(refused(R"({"symbols":["A"],"intervall":"1d"})", "did you mean 'interval'"),
            ErrorCode::unknown_name);
  EXPECT_EQ(refused(R"({"symbols":["A"],"interval":"7d"})"), ErrorCode::unknown_name);
  EXPECT_EQ(refused(R"({"symbols":["A"],"since":"soon"})", "'soon'"), ErrorCode::bad_time);
  EXPECT_EQ(refused(R"({"symbols":["A"],"since":"2024-01-02","until":"2024-01-02"})", "not after"),
            ErrorCode::bad_time);
  EXPECT_EQ(refused(R"({"symbols":["A"],"overlap":1})", "true or false"), ErrorCode::usage);
}

TEST_F(SyncTasksTest, AnotherKindIsRefusedAtTheSubmit) {
  const auto tasks =
      TaskRunner::create(clock_, *TaskLog::open_in_memory(), sync_task_work(settings_, nullptr));
  const auto refused = (*tasks)->submit({.kind = "snyc", .payload = R"({"symbols":["A"]})"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unknown_name);
  EXPECT_TRUE(refused.error().message.contains("did you mean 'sync'")) << refused.error().message;
  EXPECT_FALSE((*tasks)->submit({.kind = "sync", .payload = "{}"}).has_value());
}

TEST_F(SyncTasksTest, AnEngineThatCannotBeMadeFailsItsTask) {
  const auto tasks = TaskRunner::create(
      clock_, *TaskLog::open_in_memory(),
      sync_task_work(settings_, [] { return fail(ErrorCode::config, "no such setting"); }));
  const auto id = (*tasks)->submit({.kind = "sync", .payload = R"({"symbols":["A"]})"});
  ASSERT_TRUE(id.has_value()) << id.error().message;
  const auto result = (*tasks)->wait(*id, std::chrono::hours(1));
  EXPECT_EQ(result->status.state, TaskState::failed);
  EXPECT_EQ(result->status.error->message, "no engine: no such setting");
}

// With a dataset, and engines whose provider lives in memory.
class SyncTaskRunTest : public testing::Test {
 protected:
  SyncTaskRunTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("vortex-sync-tasks-" + Random::from_system().uuid())),
        settings_(fake::fake_settings((folder_ / "data").string())) {
    settings_.state_dir = (folder_ / "state").string();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<TaskRunner> runner(int workers = 1) {
    auto log = TaskLog::open(settings_.store_uri);  // where a daemon keeps it
    EXPECT_TRUE(log.has_value()) << log.error().message;
    auto work = sync_task_work(settings_, [this]() -> Result<std::unique_ptr<Engine>> {
      ++engines_;
      return Engine::create(
          settings_, clock_,
          {.providers = fake::fake_registry(),
           .transport = std::make_unique<fake::FakeTransport>(nullptr, clock_, script_, log_)});
    });
    auto made = TaskRunner::create(clock_, std::move(*log), std::move(work),
                                   {.limits = {.workers = workers}});
    EXPECT_TRUE(made.has_value());
    return std::move(*made);
  }
  static TaskRequest request(const std::string& symbols) {
    return {
        .kind = "sync",
        .payload = R"({"symbols":[)" + symbols + R"(],"since":"2024-01-01","until":"2024-02-01"})"};
  }

  std::filesystem::path folder_;
  Settings settings_;
  SystemClock clock_;
  std::atomic<int> engines_{0};
  fake::FakeTransport::Log log_;
  fake::FakeTransport::Script script_ = [](const HttpCall& call) {
    return call.path.ends_with("NOPE") ? fake::Answer{.status = 404}
                                       : fake::Answer{.body = "2024-01-02 10\n2024-01-03 11\n"};
  };
};

TEST_F(SyncTaskRunTest, ASyncRunsAsATaskAndItsReportIsTheResult) {
  const auto tasks = runner();
  const auto first =
      tasks->wait(*tasks->submit(request(R"("AAPL","NOPE")")), std::chrono::minutes(1));
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_EQ(first->status.state, TaskState::done) << "a part that failed is in the report";
  const auto report = Json::parse(first->text);
  ASSERT_TRUE(report.has_value()) << first->text;
  EXPECT_EQ(report->string_at("status"), "partial");
  EXPECT_EQ(report->find("rows")->int_at("new"), 2);
  EXPECT_TRUE(first->status.progress_text.starts_with("2 of 2 series, 1 failed, "))
      << first->status.progress_text;

  const auto second = tasks->wait(*tasks->submit(request(R"("NOPE")")), std::chrono::minutes(1));
  EXPECT_EQ(second->status.state, TaskState::failed);
  EXPECT_EQ(second->status.error->code, ErrorCode::not_found);
  EXPECT_EQ(Json::parse(second->text)->string_at("status"), "failed");
  EXPECT_EQ(engines_, 1) << "made once and kept";
}

TEST_F(SyncTaskRunTest, ASyncThatIsDeferredInPartIsDoneAndInWholeFails) {
  settings_.concurrency = 1;
  script_ = [](const HttpCall& call) {
    if (!call.path.ends_with("LATER")) return fake::Answer{.body = "2024-01-02 10\n"};
    return fake::Answer{.error = Error{.code = ErrorCode::quota_exhausted, .message = "enough"}};
  };
  const auto tasks = runner();
  const auto part =
      tasks->wait(*tasks->submit(request(R"("AAPL","LATER")")), std::chrono::minutes(1));
  ASSERT_TRUE(part.has_value()) << part.error().message;
  EXPECT_EQ(Json::parse(part->text)->string_at("status"), "deferred") << part->text;
  EXPECT_EQ(Json::parse(part->text)->find("rows")->int_at("new"), 1);
  EXPECT_EQ(part->status.state, TaskState::done) << "what was due later is in the report";
  EXPECT_FALSE(part->status.error.has_value());

  const auto whole = tasks->wait(*tasks->submit(request(R"("LATER")")), std::chrono::minutes(1));
  ASSERT_TRUE(whole.has_value()) << whole.error().message;
  EXPECT_EQ(Json::parse(whole->text)->string_at("status"), "deferred") << whole->text;
  EXPECT_EQ(whole->status.state, TaskState::failed);
  EXPECT_EQ(whole->status.error->error_class(), ErrorClass::quota_exhausted);
}

// P5 is a promise of the process: with a breaker and a budget for each worker this would be forty
// calls.
TEST_F(SyncTaskRunTest, B8TheWorkersTogetherRaiseNoStorm) {
  constexpr int kTasks = 10;
  script_ = [](const HttpCall&) {
    return fake::Answer{.status = 503};
  };
  const auto tasks = runner(kTasks);
  std::vector<TaskId> ids;
  ids.reserve(kTasks);
  for (int i = 0; i < kTasks; ++i)
    ids.push_back(tasks->submit(request("\"S" + std::to_string(i) + "\"")).value());
  for (const TaskId id : ids) {
    const auto result = tasks->wait(id, std::chrono::minutes(2));
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(result->status.state, TaskState::failed);
  }
  EXPECT_EQ(engines_, 1);
  EXPECT_LE(std::ssize(log_.targets), kTasks * 12 / 10 + 10);
}

TEST_F(SyncTaskRunTest, SyncsOfOneProcessRunAtTheSameTimeAndEachHasItsOwnReport) {
  constexpr int kTasks = 24;
  const auto tasks = runner(8);
  std::vector<TaskId> ids;
  ids.reserve(kTasks);
  for (int i = 0; i < kTasks; ++i)
    ids.push_back(tasks->submit(request("\"S" + std::to_string(i) + "\"")).value());
  for (const TaskId id : ids) {
    const auto result = tasks->wait(id, std::chrono::minutes(2));
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(result->status.state, TaskState::done) << result->text;
    EXPECT_EQ(Json::parse(result->text)->find("rows")->int_at("new"), 2) << result->text;
  }
}

TEST_F(SyncTaskRunTest, ACancelledSyncEndsCancelledWithItsReport) {
  std::atomic<TaskRunner*> tasks{nullptr};
  settings_.concurrency = 1;
  script_ = [&tasks](const HttpCall&) {
    EXPECT_TRUE(tasks.load()->cancel(1).has_value());
    return fake::Answer{.body = "2024-01-02 10\n"};
  };
  const auto owner = runner();
  tasks = owner.get();
  const auto result =
      owner->wait(*owner->submit(request(R"("A","B","C")")), std::chrono::minutes(1));
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->status.state, TaskState::cancelled);
  EXPECT_TRUE(result->status.error->message.contains(" of 3 series"))
      << result->status.error->message;
  EXPECT_EQ(Json::parse(result->text)->bool_at("interrupted"), true);
}

}  // namespace
}  // namespace vortex
