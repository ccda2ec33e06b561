#include "vortex/store/delta_log.hpp"

#include <filesystem>

#include <gmock/gmock.h>

#include "vortex/base/json.hpp"
#include "vortex/store/delta_checkpoint.hpp"
#include "vortex/store/delta_log_for_test.hpp"
#include "vortex/store/faulty_file_system.hpp"

namespace vortex {
namespace {

using store_test::day;
using store_test::DeltaLogFixture;
using store_test::file_of;
using store_test::kTable;
using store_test::seen;
using testing::HasSubstr;

class DeltaLogTest : public DeltaLogFixture {};

TEST_F(DeltaLogTest, EveryTenthCommitIsFollowedByACheckpointThatTellsTheSame) {
  const auto on = files();
  fill(*on, 26);
  EXPECT_FALSE(exists(name_of(0, "checkpoint.parquet")));
  std::map<std::int64_t, std::map<std::string, std::string>> before;
  for (std::int64_t v = 0; v < 26; ++v) before[v] = state(v);
  for (const std::int64_t v : {10, 20}) {
    EXPECT_TRUE(exists(name_of(v, "checkpoint.parquet"))) << v;
    std::filesystem::remove(log_file(name_of(v - 1)));  // nothing below is asked any more
  }
  for (const std::int64_t v : {10, 15, 18, 20, 25}) EXPECT_EQ(state(v), before[v]) << v;
  const auto hint = Json::parse(bytes_of("_last_checkpoint"));
  ASSERT_TRUE(hint.has_value());
  EXPECT_EQ(hint->int_at("version"), 20);
}

TEST_F(DeltaLogTest, ACheckpointKeepsWhatOthersNeed) {
  Snapshot snapshot;
  snapshot.version = 4;
  snapshot.protocol = {.reader = 1, .writer = 7, .writer_features = {"appendOnly"}};
  snapshot.metadata = {.id = "id",
                       .name = "bars",
                       .description = "theirs",
                       .schema_string = "{}",
                       .partition_columns = {"provider", "interval"},
                       .configuration = {{"a", "b"}},
                       .created_ms = 5};
  CommitActions actions;
  actions.adds.push_back(file_of(1));
  actions.adds[0].tags = {{"theirs", "kept"}, {"none", std::nullopt}};
  actions.adds[0].partition_values["interval"] = std::nullopt;
  actions.removes.push_back({.path = "old", .deletion_ms = 100});
  actions.removes.push_back({.path = "recent", .size = 7, .deletion_ms = 200});
  actions.transactions.push_back({.app_id = "stream", .version = 9, .updated_ms = 3});
  snapshot.apply(actions);
  const auto written = write_checkpoint(snapshot, 150, "bars/4");
  ASSERT_TRUE(written.has_value()) << written.error().to_line();
  const auto read = parse_checkpoint(written->bytes, "bars/4");
  ASSERT_TRUE(read.has_value()) << read.error().to_line();
  EXPECT_EQ(read->protocol->writer_features, snapshot.protocol.writer_features);
  EXPECT_EQ(read->metadata->description, "theirs");
  EXPECT_EQ(read->metadata->configuration, snapshot.metadata.configuration);
  EXPECT_EQ(read->metadata->partition_columns, snapshot.metadata.partition_columns);
  ASSERT_EQ(read->adds.size(), 1U);
  EXPECT_EQ(read->adds[0].tags, actions.adds[0].tags);
  EXPECT_EQ(read->adds[0].partition_values, actions.adds[0].partition_values);
  EXPECT_EQ(read->adds[0].stats_json, actions.adds[0].stats_json);
  ASSERT_EQ(read->removes.size(), 1U);  // the other is older than the retention
  EXPECT_EQ(read->removes[0].path, "recent");
  EXPECT_EQ(read->removes[0].size, 7);
  ASSERT_EQ(read->transactions.size(), 1U);
  EXPECT_EQ(read->transactions[0].version, 9);
  EXPECT_EQ(written->bytes, write_checkpoint(snapshot, 150, "bars/4")->bytes);
}

TEST_F(DeltaLogTest, TwoProcessesWriteTheSameCheckpoint) {
  fill(*files(), 11);
  const std::string name = name_of(10, "checkpoint.parquet");
  const std::string first = bytes_of(name);
  std::filesystem::remove(log_file(name));
  const auto on = files();
  DeltaLog other(*on, kTable);
  ASSERT_TRUE(other.load().value_or(false));
  ASSERT_TRUE(other.checkpoint().has_value());
  EXPECT_EQ(bytes_of(name), first);
}

TEST_F(DeltaLogTest, LastCheckpointIsOnlyAHint) {
  fill(*files(), 13);
  const auto wanted = state(12);
  for (const char* hint : {"", "garbage", R"({"version":3,"size":1})", R"({"version":99,"size":1})",
                           R"({"version":"x"})", R"({"version":10,"size":1,"checksum":"00"})"}) {
    write("_last_checkpoint", hint);
    EXPECT_EQ(load_message(), "loaded version 12") << hint;
    EXPECT_EQ(state(12), wanted) << hint;
  }
  const auto on = files();
  DeltaLog log(*on, kTable);
  ASSERT_TRUE(log.load().value_or(false));
  write("_last_checkpoint", R"({"version":99,"size":1})");
  ASSERT_TRUE(log.checkpoint().has_value());
  EXPECT_THAT(bytes_of("_last_checkpoint"), HasSubstr(R"("version":12)"));
}

TEST_F(DeltaLogTest, ACheckpointThatCannotBeWrittenFailsNoCommitAndIsTriedAgain) {
  fill(*files(), 9);
  auto plan = std::make_shared<FaultPlan>();
  FaultyFileSystem faulty(files(), plan);
  DeltaLog log(faulty, kTable);
  ASSERT_TRUE(log.load().value_or(false));
  const auto add = [&](int n) {
    CommitActions actions;
    actions.adds.push_back(file_of(100 + n));
    return log.commit(std::move(actions), day(10 + n));
  };
  ASSERT_TRUE(add(0).has_value());
  ASSERT_EQ(log.version(), 9);
  plan->calls = 0;
  plan->fail_at = 2;  // the first puts the commit
  plan->for_ever = true;
  ASSERT_TRUE(add(1).has_value());
  EXPECT_EQ(load_message(), "loaded version 10");
  EXPECT_FALSE(exists(name_of(10, "checkpoint.parquet")));
  plan->fail_at = 0;
  ASSERT_TRUE(add(2).has_value());
  EXPECT_TRUE(exists(name_of(11, "checkpoint.parquet")));
  EXPECT_EQ(state(11), seen(log.snapshot()));
}

TEST_F(DeltaLogTest, VersionsAreFoundByTimeWithoutReadingThemAll) {
  fill(*files(), 200);
  const auto on = files();
  DeltaLog log(*on, kTable);
  ASSERT_TRUE(log.load().value_or(false));
  for (const int n : {0, 1, 77, 198, 199}) {
    const TimePoint made = day(0) + std::chrono::hours{n + 1};
    EXPECT_EQ(log.version_at(made).value_or(-1), n);
    EXPECT_EQ(log.version_at(made + std::chrono::minutes{59}).value_or(-1), n);
    const auto before = log.version_at(made - std::chrono::milliseconds{1});
    if (n > 0) EXPECT_EQ(before.value_or(-1), n - 1);
    if (n == 0) EXPECT_EQ(before.error().code, ErrorCode::not_found);
  }
}

TEST_F(DeltaLogTest, ALogIsCleanedBelowAVersionAndGoesOn) {
  fill(*files(), 35);
  const auto kept = state(23);
  const auto newest = state(34);
  const auto on = files();
  DeltaLog log(*on, kTable);
  ASSERT_TRUE(log.load().value_or(false));
  ASSERT_TRUE(log.clean_below(23).has_value());
  EXPECT_EQ(log.oldest_version().value_or(-1), 23);
  EXPECT_EQ(state(23), kept);
  EXPECT_EQ(state(34), newest);
  const auto gone = log.snapshot_at(22);
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().code, ErrorCode::not_found);
  EXPECT_THAT(gone.error().message, HasSubstr("version 22 was cleaned away; the oldest is 23"));
  EXPECT_EQ(log.version_at(day(0) + std::chrono::hours{24}).value_or(-1), 23);
  const auto before = log.version_at(day(0) + std::chrono::hours{23});
  ASSERT_FALSE(before.has_value());
  EXPECT_THAT(before.error().message, HasSubstr("the oldest that was kept, 23, was made at"));
  EXPECT_FALSE(exists(name_of(20, "checkpoint.parquet")));
  EXPECT_THAT(bytes_of("_last_checkpoint"), HasSubstr(R"("version":30)"));
  ASSERT_TRUE(log.clean_below(34).has_value());
  EXPECT_THAT(bytes_of("_last_checkpoint"), HasSubstr(R"("version":34)"));
  EXPECT_EQ(load_message(), "loaded version 34");
}

TEST_F(DeltaLogTest, AReaderThatWasLeftFarBehindCatchesUp) {
  const auto on = files();
  fill(*on, 4);
  DeltaLog slow(*on, kTable);
  ASSERT_TRUE(slow.load().value_or(false));
  DeltaLog fast(*on, kTable);
  ASSERT_TRUE(fast.load().value_or(false));
  for (int n = 0; n < 20; ++n) {
    CommitActions actions;
    actions.adds.push_back(file_of(100 + n));
    ASSERT_TRUE(fast.commit(std::move(actions), day(9)).has_value());
  }
  ASSERT_TRUE(fast.clean_below(20).has_value());
  EXPECT_TRUE(slow.refresh().value_or(false));
  EXPECT_EQ(slow.version(), fast.version());
  EXPECT_EQ(seen(slow.snapshot()), seen(fast.snapshot()));
}

}  // namespace
}  // namespace vortex
