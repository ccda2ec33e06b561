#include "vortex/store/file_system.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vortex/base/clock.hpp"
#include "vortex/store/delta_log.hpp"
#include "vortex/store/side_table.hpp"
#include "vortex/store/store_test_support.hpp"
#include "vortex/store/table_schema.hpp"

namespace vortex {
namespace {

class FileSystemTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(directory_.path());
    files_ = open_posix_file_system(directory_.path());
  }
  store_test::TempDirectory directory_;
  std::unique_ptr<FileSystem> files_;
};

TEST_F(FileSystemTest, PutIfAbsentNeverReplaces) {
  ASSERT_TRUE(files_->put_if_absent("a", "one", {}).has_value());
  const auto second = files_->put_if_absent("a", "two", {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::commit_conflict);
  EXPECT_EQ(files_->read("a").value_or("?"), "one");
  ASSERT_TRUE(files_->put("a", "three", {}).has_value());
  EXPECT_EQ(files_->read("a").value_or("?"), "three");
  EXPECT_THAT(files_->list("").value_or(std::vector<std::string>{}), testing::ElementsAre("a"));
}

TEST_F(FileSystemTest, ModeAndTimeAreAsAsked) {
  const TimePoint when = store_test::day(3) + std::chrono::milliseconds{123};
  ASSERT_TRUE(files_->put("secret", "x", {.modified = when, .private_file = true}).has_value());
  struct ::stat status{};
  ASSERT_EQ(::stat(files_->native_path("secret").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ((*files_->stat("secret"))->modified, when);
}

TEST_F(FileSystemTest, AnUnfinishedWriterLeavesNothing) {
  {
    auto writer = files_->open_new("part");
    ASSERT_TRUE(writer.has_value());
    ASSERT_TRUE((*writer)->write("half").has_value());
  }
  EXPECT_THAT(*files_->list(""), testing::IsEmpty());
  auto writer = files_->open_new("part");
  ASSERT_TRUE((*writer)->write("whole").has_value());
  ASSERT_TRUE((*writer)->finish().has_value());
  EXPECT_EQ(files_->open_new("part").error().code, ErrorCode::commit_conflict);
  EXPECT_EQ(files_->read_range("part", 2, 3).value_or("?"), "ole");
  EXPECT_EQ(files_->read_range("part", 2, 4).error().code, ErrorCode::corrupt);
}

TEST_F(FileSystemTest, J8LinksAreNotFollowed) {
  std::ofstream(directory_.path("target")) << "outside";
  std::filesystem::create_symlink(directory_.path("target"), directory_.path() + "/link");
  EXPECT_EQ(files_->read("link").error().code, ErrorCode::unsafe_path);
  EXPECT_FALSE(files_->open_new("link").has_value());
  ASSERT_TRUE(files_->put("link", "ours", {}).has_value());  // replaces the link, not its target
  std::ifstream target(directory_.path("target"));
  std::string text;
  target >> text;
  EXPECT_EQ(text, "outside");
}

TEST_F(FileSystemTest, ErrnoBecomesTheRightCode) {
  EXPECT_EQ(file_error("write", "x", ENOSPC).code, ErrorCode::disk_full);
  EXPECT_EQ(file_error("write", "x", EDQUOT).code, ErrorCode::disk_full);
  EXPECT_EQ(file_error("open", "x", ELOOP).code, ErrorCode::unsafe_path);
  EXPECT_EQ(file_error("fsync", "x", EIO).code, ErrorCode::storage);
  EXPECT_EQ(file_error("fsync", "a/b", EIO).message, "cannot fsync a/b: Input/output error");
  EXPECT_EQ(files_->read("absent").error().code, ErrorCode::not_found);
}

TEST_F(FileSystemTest, J8APlantedLinkOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make another user's link";
  std::filesystem::create_directory(directory_.path("real"));
  const std::string link = directory_.path("planted");
  std::filesystem::create_directory_symlink(directory_.path("real"), link);
  EXPECT_TRUE(check_store_path(link).has_value());
  constexpr uid_t kNobody = 65534;
  ASSERT_EQ(::lchown(link.c_str(), kNobody, kNobody), 0);
  const auto refused = check_store_path(link);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unsafe_path);
}

TEST(DeltaActionsTest, PathsAreEncodedAndStayInsideTheTable) {
  EXPECT_EQ(encode_log_path("provider=a%20b/part-1.parquet"), "provider=a%2520b/part-1.parquet");
  EXPECT_EQ(decode_log_path("provider=a%2520b/part-1.parquet").value_or("?"),
            "provider=a%20b/part-1.parquet");
  for (const char* path :
       {"../x", "/etc/passwd", "a/../../x", "s3://b/x", "", "a/..", "%2e%2e/x"}) {
    const auto refused = decode_log_path(path);
    ASSERT_FALSE(refused.has_value()) << path;
    EXPECT_EQ(refused.error().code, ErrorCode::unsafe_path) << path;
  }
}

TEST(DeltaActionsTest, ACommitReadsBackAsWritten) {
  CommitActions actions;
  actions.note = CommitNote{.timestamp_ms = 5, .operation = "WRITE", .commit_id = "id"};
  actions.adds.push_back({.path = "provider=p/x.parquet",
                          .partition_values = {{"provider", "p"}, {"interval", std::nullopt}},
                          .size = 7,
                          .stats_json = R"({"numRecords":3,"maxValues":{"symbol":"Z"}})",
                          .stats = {}});
  actions.removes.push_back({.path = "old.parquet", .partition_values = {}, .deletion_ms = 5});
  const auto read = parse_commit(write_commit(actions, "t/1"), "t/1");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->note->commit_id, "id");
  ASSERT_EQ(read->adds.size(), 1U);
  EXPECT_EQ(read->adds[0].path, "provider=p/x.parquet");
  EXPECT_EQ(read->adds[0].partition_values, actions.adds[0].partition_values);
  EXPECT_EQ(read->adds[0].stats.rows, 3);
  EXPECT_EQ(read->adds[0].stats.symbol_max, "Z");
  ASSERT_EQ(read->removes.size(), 1U);
  EXPECT_EQ(read->removes[0].path, "old.parquet");
}

TEST_F(FileSystemTest, ACutLogIsAnErrorAndAForeignSchemaIsNamed) {
  const ManualClock clock(store_test::day(1));
  Random random(1);
  DeltaLog log(*files_, "bars");
  CommitActions birth;
  describe_table(birth, revisions_table(), random, clock.now());
  ASSERT_TRUE(log.commit(birth, clock.now()).has_value());
  const auto foreign = check_table_schema(log.snapshot().metadata, bars_table());
  ASSERT_FALSE(foreign.has_value());
  EXPECT_EQ(foreign.error().code, ErrorCode::not_a_dataset);
  EXPECT_THAT(foreign.error().message, testing::HasSubstr("column open is missing"));
  ASSERT_TRUE(
      files_->put("bars/_delta_log/00000000000000000001.json", "{\"add\":{\"pa", {}).has_value());
  DeltaLog again(*files_, "bars");
  const auto loaded = again.load();
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace vortex
