#include <filesystem>

#include <gmock/gmock.h>

#include "vortex/base/fault_record_for_test.hpp"
#include "vortex/store/delta_log.hpp"
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

class DeltaLogFaultsTest : public DeltaLogFixture {};

TEST_F(DeltaLogFaultsTest, G1G6ACrashInTheCleanUpLeavesEveryKeptVersion) {
  fill(*files(), 15);
  const auto kept = state(12);
  const auto newest = state(14);
  const std::string log_folder_path = directory_.path() + "/bars";
  const std::string copy = directory_.path() + "/copy";
  std::filesystem::copy(log_folder_path, copy, std::filesystem::copy_options::recursive);
  int calls = 1;
  for (bool whole = false; !whole; ++calls) {
    std::filesystem::remove_all(log_folder_path);
    std::filesystem::copy(copy, log_folder_path, std::filesystem::copy_options::recursive);
    auto plan = std::make_shared<FaultPlan>();
    FaultyFileSystem faulty(files(), plan);
    DeltaLog log(faulty, kTable);
    ASSERT_TRUE(log.load().value_or(false));
    plan->fail_at = calls;
    plan->for_ever = true;
    whole = log.clean_below(12).has_value();
    EXPECT_EQ(state(12), kept) << calls;
    EXPECT_EQ(state(14), newest) << calls;
    plan->fail_at = 0;
    ASSERT_TRUE(log.clean_below(12).has_value()) << calls;
    EXPECT_FALSE(exists(name_of(11)));
    EXPECT_EQ(state(12), kept) << calls;
    test::fault_fired("G6");
  }
  EXPECT_GT(calls, 14);
}

TEST_F(DeltaLogFaultsTest, G7AnyFlippedBitOfACommitIsFoundOrHarmless) {
  fill(*files(), 4);
  const auto wanted = state(3);
  int found = 0;
  int harmless = 0;
  for (const std::int64_t version : {0, 3}) {
    const std::string sound = bytes_of(name_of(version));
    for (std::size_t offset = 0; offset < sound.size(); ++offset) {
      std::string bytes = sound;
      bytes[offset] = static_cast<char>(bytes[offset] ^ (1 << (offset % 8)));
      write(name_of(version), bytes);
      const auto on = files();
      DeltaLog log(*on, kTable);
      const auto loaded = log.load();
      if (loaded) {
        ++harmless;
        EXPECT_EQ(seen(log.snapshot()), wanted) << "offset " << offset;
      } else {
        ++found;
        EXPECT_EQ(loaded.error().code, ErrorCode::corrupt);
        EXPECT_THAT(loaded.error().message,
                    HasSubstr("table bars version " + std::to_string(version)));
      }
    }
    write(name_of(version), sound);
    test::fault_fired("G7", static_cast<std::int64_t>(sound.size()));
  }
  EXPECT_LE(harmless, 40);  // in the name of the seal itself
  EXPECT_GT(found, 1000);
}

TEST_F(DeltaLogFaultsTest, G7ACommitCutAnywhereIsFound) {
  fill(*files(), 4);
  const std::string sound = bytes_of(name_of(3));
  for (std::size_t size = 0; size + 1 < sound.size(); ++size) {
    write(name_of(3), sound.substr(0, size));
    EXPECT_EQ(load_code(), ErrorCode::corrupt) << size;
  }
  test::fault_fired("G7", static_cast<std::int64_t>(sound.size()));
}

TEST_F(DeltaLogFaultsTest, G7AFlippedBitOfACheckpointIsFoundOrReadAround) {
  fill(*files(), 12);
  const auto wanted = state(11);
  const std::string name = name_of(10, "checkpoint.parquet");
  const std::string sound = bytes_of(name);
  const auto flip = [&](std::size_t offset) {
    std::string bytes = sound;
    bytes[offset] = static_cast<char>(bytes[offset] ^ (1 << (offset % 8)));
    write(name, bytes);
  };
  for (std::size_t offset = 0; offset < sound.size(); offset += 97) {
    flip(offset);
    EXPECT_EQ(state(11), wanted) << "offset " << offset;
  }
  remove_commits_below(10);
  int harmless = 0;
  for (std::size_t offset = 0; offset < sound.size(); offset += 3) {
    flip(offset);
    const auto on = files();
    DeltaLog log(*on, kTable);
    const auto loaded = log.load();
    if (loaded) {
      ++harmless;
      EXPECT_EQ(seen(log.snapshot()), wanted) << "offset " << offset;
    } else {
      EXPECT_EQ(loaded.error().code, ErrorCode::corrupt);
      EXPECT_THAT(loaded.error().message, HasSubstr("bars: checkpoint of version 10"));
    }
    test::fault_fired("G7");
  }
  EXPECT_LE(harmless, 20);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{3}, sound.size() / 2, sound.size() - 1}) {
    write(name, sound.substr(0, size));
    EXPECT_EQ(load_code(), ErrorCode::corrupt) << size;
  }
}

TEST_F(DeltaLogFaultsTest, G8ASoundFileInAnotherVersionsPlaceIsFound) {
  fill(*files(), 22);
  write(name_of(21), bytes_of(name_of(20)));
  EXPECT_EQ(load_code(), ErrorCode::corrupt);
  EXPECT_THAT(load_message(), HasSubstr("another version or table"));
  std::filesystem::remove(log_file(name_of(21)));
  write(name_of(20, "checkpoint.parquet"), bytes_of(name_of(10, "checkpoint.parquet")));
  const auto whole = state(20);  // around the checkpoint
  EXPECT_EQ(whole.size(), 20U - 6U);
  remove_commits_below(19);
  std::filesystem::remove(log_file(name_of(10, "checkpoint.parquet")));
  EXPECT_EQ(load_code(), ErrorCode::corrupt);
}

TEST_F(DeltaLogFaultsTest, AMissingCommitIsAnErrorAndNotAShorterTable) {
  fill(*files(), 9);
  std::filesystem::remove(log_file(name_of(5)));
  EXPECT_EQ(load_code(), ErrorCode::corrupt);
  EXPECT_THAT(load_message(), HasSubstr("table bars: version 5 is missing from the log"));
}

TEST_F(DeltaLogFaultsTest, V2CheckpointsAreSaidToBeTooNew) {
  fill(*files(), 12);
  const std::string uuid = "checkpoint.3a0d65cd-4056-49b8-937b-95f9e3ee90e5";
  for (const std::string& suffix : {uuid + ".json", uuid + ".parquet"}) {
    write(name_of(10, suffix), "{}");
    EXPECT_EQ(load_message(), "loaded version 11");  // the commits tell it all
    const std::string classic = bytes_of(name_of(10, "checkpoint.parquet"));
    const std::string first = bytes_of(name_of(0));
    std::filesystem::remove(log_file(name_of(10, "checkpoint.parquet")));
    std::filesystem::remove(log_file(name_of(0)));
    EXPECT_EQ(load_code(), ErrorCode::newer_protocol);
    EXPECT_THAT(load_message(), HasSubstr("table bars needs the V2 checkpoint of version 10"));
    write(name_of(10, "checkpoint.parquet"), classic);
    write(name_of(0), first);
    std::filesystem::remove(log_file(name_of(10, suffix)));
  }
  for (std::int64_t v = 0; v < 12; ++v) std::filesystem::remove(log_file(name_of(v)));
  std::filesystem::remove(log_file(name_of(10, "checkpoint.parquet")));
  write(name_of(10, uuid + ".parquet"), "");
  EXPECT_EQ(load_code(), ErrorCode::newer_protocol);  // not: there is no table
}

TEST_F(DeltaLogFaultsTest, ForeignCommitsThatCannotBeTakenAsTheyAre) {
  fill(*files(), 3);
  const auto with = [&](const std::string& text) {
    write(name_of(3), text);
    return load_code();
  };
  const std::string rest = R"("partitionValues":{"provider":"p","interval":"1d"},"size":5}})";
  EXPECT_EQ(with(R"({"add":{"path":"a.parquet",)" + rest), ErrorCode::internal);
  EXPECT_EQ(with(R"({"add":{"path":"../a.parquet",)" + rest), ErrorCode::unsafe_path);
  EXPECT_EQ(with(R"({"add":{"path":"x/%2e%2e/a.parquet",)" + rest), ErrorCode::unsafe_path);
  EXPECT_EQ(with(R"({"add":{"path":"/etc/passwd",)" + rest), ErrorCode::unsafe_path);
  EXPECT_EQ(with(R"({"add":{"path":"s3://b/a.parquet",)" + rest), ErrorCode::unsafe_path);
  const auto sized = [&](const std::string& size) {
    return with(R"({"add":{"path":"a","partitionValues":{"provider":"p","interval":"1d"},"size":)" +
                size + "}}");
  };
  for (const char* size : {"-1", "1e30", "9223372036854775808", "null", "\"5\""}) {
    EXPECT_EQ(sized(size), ErrorCode::corrupt) << size;
  }
  EXPECT_EQ(with(R"({"add":{"path":"a","partitionValues":{"provider":"p"},"size":5}})"),
            ErrorCode::corrupt);
  EXPECT_THAT(load_message(), HasSubstr("other partition columns"));
  EXPECT_EQ(with(R"({"add":{"path":"a","size":5}})"), ErrorCode::corrupt);
  EXPECT_EQ(with(R"({"protocol":{"minReaderVersion":4294967297,"minWriterVersion":2}})"),
            ErrorCode::newer_protocol);
  EXPECT_EQ(with(R"({"commitInfo":{"timestamp":9223372036854775807}})"), ErrorCode::internal);
  EXPECT_EQ(with(""), ErrorCode::corrupt);
  std::filesystem::remove(log_file(name_of(3)));
  write("09223372036854775807.json", "{}");
  EXPECT_EQ(load_code(), ErrorCode::corrupt);
  std::filesystem::remove(log_file("09223372036854775807.json"));
  write("99999999999999999999.json", "{}");  // no number: no version
  EXPECT_EQ(load_message(), "loaded version 2");
}

TEST_F(DeltaLogFaultsTest, G10ALogTakenAwayOrReplacedUnderUsIsAnError) {
  const auto on = files();
  fill(*on, 4);
  DeltaLog log(*on, kTable);
  ASSERT_TRUE(log.load().value_or(false));
  const std::string folder = directory_.path() + "/bars";
  const auto add = [&] {
    CommitActions actions;
    actions.adds.push_back(file_of(50));
    return log.commit(std::move(actions), day(9));
  };
  std::filesystem::rename(folder, folder + ".away");
  auto news = log.refresh();
  ASSERT_FALSE(news.has_value());
  EXPECT_EQ(news.error().code, ErrorCode::storage);
  EXPECT_THAT(news.error().message, HasSubstr("table bars: its log was removed"));
  EXPECT_EQ(add().error().code, ErrorCode::storage);
  EXPECT_FALSE(std::filesystem::exists(folder));  // nothing is made in its place
  fill(*files(), 6, day(3));                      // another table comes
  news = log.refresh();
  ASSERT_FALSE(news.has_value());
  EXPECT_THAT(news.error().message, HasSubstr("its log was replaced"));
  std::filesystem::remove_all(folder);
  std::filesystem::rename(folder + ".away", folder);
  EXPECT_TRUE(log.refresh().has_value());
  EXPECT_TRUE(add().has_value());
}

TEST_F(DeltaLogFaultsTest, G10ADiskThatTurnedReadOnlyIsStorage) {
  fill(*files(), 3);
  auto plan = std::make_shared<FaultPlan>();
  plan->error_number = EROFS;
  FaultyFileSystem read_only(files(), plan);
  DeltaLog log(read_only, kTable);
  plan->fail_at = 1;
  plan->for_ever = true;
  EXPECT_TRUE(log.load().value_or(false));
  CommitActions actions;
  actions.adds.push_back(file_of(9));
  const auto done = log.commit(std::move(actions), day(9));
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, ErrorCode::storage);
  EXPECT_EQ(log.version(), 2);
}

TEST_F(DeltaLogFaultsTest, AnAppendOnlyTableIsReadAndNotWritten) {
  fill(*files(), 2);
  const auto on = files();
  DeltaLog log(*on, kTable);
  ASSERT_TRUE(log.load().value_or(false));
  CommitActions actions;
  actions.metadata = log.snapshot().metadata;
  actions.metadata->configuration["delta.appendOnly"] = "true";
  ASSERT_TRUE(log.commit(std::move(actions), day(9)).has_value());
  EXPECT_EQ(load_message(), "loaded version 2");
  const auto done = log.commit({}, day(10));
  ASSERT_FALSE(done.has_value());
  EXPECT_THAT(done.error().message, HasSubstr("table bars is set to append only"));
}

}  // namespace
}  // namespace vortex
