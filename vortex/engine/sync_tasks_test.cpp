#include "vortex/engine/sync_tasks.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace vortex
