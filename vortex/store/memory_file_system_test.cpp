#include "vortex/store/memory_file_system.hpp"

#include <array>
#include <filesystem>

#include <gmock/gmock.h>

#include "vortex/base/random.hpp"
#include "vortex/store/faulty_file_system.hpp"
#include "vortex/store/store_test_support.hpp"

namespace vortex {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// What holds of a disk must hold in memory: simulation proves nothing otherwise.
class AnyFileSystemTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      files_ = open_memory_file_system(std::make_shared<MemoryDisk>(), clock_);
    } else {
      std::filesystem::create_directory(directory_.path());
      files_ = open_posix_file_system(directory_.path());
    }
  }
  store_test::TempDirectory directory_;
  ManualClock clock_{store_test::day(10)};
  std::unique_ptr<FileSystem> files_;
};

INSTANTIATE_TEST_SUITE_P(Kinds, AnyFileSystemTest, testing::Values(false, true),
                         [](const auto& kind) {
                           return std::string(kind.param ? "Memory" : "Posix");
                         });

TEST_P(AnyFileSystemTest, PutReplacesAndPutIfAbsentDoesNot) {
  const TimePoint when = store_test::day(3);
  ASSERT_TRUE(files_->put_if_absent("a", "one", {.modified = when}));
  EXPECT_EQ(files_->put_if_absent("a", "two", {}).error().code, ErrorCode::commit_conflict);
  EXPECT_EQ(files_->read("a").value_or("?"), "one");
  const auto stat = files_->stat("a");
  ASSERT_TRUE(stat.has_value() && stat->has_value());
  EXPECT_EQ((*stat)->size, 3U);
  EXPECT_EQ((*stat)->modified, when);
  ASSERT_TRUE(files_->put("a", "three", {}));
  EXPECT_EQ(files_->read("a").value_or("?"), "three");
  ASSERT_TRUE(files_->remove("a"));
  EXPECT_EQ(files_->remove("a").error().code, ErrorCode::not_found);
  EXPECT_EQ(*files_->stat("a"), std::nullopt);
}

TEST_P(AnyFileSystemTest, AWriterTakesItsNameAndShowsNothingUnfinished) {
  {
    auto writer = files_->open_new("part");
    ASSERT_TRUE(writer && (*writer)->write("half"));
    EXPECT_EQ((*writer)->position(), 4U);
    EXPECT_EQ(files_->open_new("part").error().code, ErrorCode::commit_conflict);
    EXPECT_EQ(files_->put_if_absent("part", "x", {}).error().code, ErrorCode::commit_conflict);
  }
  EXPECT_EQ(files_->read("part").error().code, ErrorCode::not_found);
  auto writer = files_->open_new("part");
  ASSERT_TRUE(writer && (*writer)->write("who") && (*writer)->write("le"));
  ASSERT_TRUE((*writer)->finish());
  writer->reset();
  EXPECT_EQ(files_->open_new("part").error().code, ErrorCode::commit_conflict);
  EXPECT_EQ(files_->read_range("part", 2, 3).value_or("?"), "ole");
  EXPECT_EQ(files_->read_range("part", 2, 4).error().code, ErrorCode::corrupt);
  const auto reader = files_->open("part");
  ASSERT_TRUE(reader);
  std::array<char, 4> bytes{};
  EXPECT_TRUE((*reader)->read_at(1, bytes));
  EXPECT_EQ(std::string_view(bytes.data(), 4), "hole");
  EXPECT_EQ((*reader)->read_at(2, bytes).error().code, ErrorCode::corrupt);
}

TEST_P(AnyFileSystemTest, FilesLieInDirectoriesThatWereMade) {
  EXPECT_EQ(files_->put("a/b/c", "x", {}).error().code, ErrorCode::not_found);
  EXPECT_EQ(files_->open_new("a/b/c").error().code, ErrorCode::not_found);
  ASSERT_TRUE(files_->make_directories("a/b"));
  ASSERT_TRUE(files_->make_directories("a/b"));
  ASSERT_TRUE(files_->put("a/b/c", "x", {}));
  ASSERT_TRUE(files_->put("a/bc", "x", {}));
  EXPECT_THAT(*files_->list("a"), UnorderedElementsAre("b", "bc"));
  EXPECT_THAT(*files_->list("a/b"), ElementsAre("c"));
  EXPECT_THAT(*files_->list(""), ElementsAre("a"));
  EXPECT_THAT(*files_->list("absent"), IsEmpty());
  EXPECT_FALSE(files_->make_directories("a/bc/d")) << "a file is no directory";
  EXPECT_EQ(files_->open("a").error().code, ErrorCode::unsafe_path);
  EXPECT_FALSE(files_->put("a/b", "x", {}));
}

TEST(MemoryFileSystemTest, TimesAreTheClocksAndTheDiskOutlivesItsFileSystems) {
  ManualClock clock(store_test::day(10));
  const auto disk = std::make_shared<MemoryDisk>();
  ASSERT_TRUE(open_memory_file_system(disk, clock)->put("a", "one", {}));
  clock.advance(std::chrono::hours(24));
  const auto files = open_memory_file_system(disk, clock);
  EXPECT_EQ((*files->stat("a"))->modified, store_test::day(10));
  const auto snapshot = std::make_shared<MemoryDisk>(*disk);
  ASSERT_TRUE(files->put("a", "two!", {}));
  EXPECT_EQ((*files->stat("a"))->modified, store_test::day(11));
  EXPECT_EQ(disk->bytes_stored(), 4U);
  EXPECT_EQ(open_memory_file_system(snapshot, clock)->read("a").value_or("?"), "one");
}

Result<Dataset> open_in_memory(const std::shared_ptr<MemoryDisk>& disk, const Clock& clock,
                               std::shared_ptr<FaultPlan> plan = std::make_shared<FaultPlan>()) {
  return Dataset::open_on(
      std::make_unique<FaultyFileSystem>(open_memory_file_system(disk, clock), std::move(plan)),
      "memory", clock, Random(1));
}

TEST(MemoryFileSystemTest, ADatasetLivesOnItAndIsFoundAgain) {
  ManualClock clock(store_test::day(200));
  const auto disk = std::make_shared<MemoryDisk>();
  std::string id;
  {
    auto dataset = open_in_memory(disk, clock);
    ASSERT_TRUE(dataset) << dataset.error().to_line();
    id = dataset->id();
    const auto receipt = dataset->commit(
        store_test::batch_of("AAPL", {store_test::bar(1, 10), store_test::bar(2, 11)}));
    ASSERT_TRUE(receipt) << receipt.error().to_line();
    EXPECT_TRUE(receipt->committed);
  }
  auto again = open_in_memory(disk, clock);
  ASSERT_TRUE(again) << again.error().to_line();
  EXPECT_EQ(again->id(), id);
  EXPECT_THAT(store_test::closes(*again, "AAPL"), ElementsAre(10, 11));
  const auto states = again->states({store_test::key("AAPL")});
  ASSERT_TRUE(states) << states.error().to_line();
  EXPECT_EQ((*states)[0].rows, 2);
  EXPECT_EQ((*states)[0].first_bar, store_test::day(1));
}

TEST(MemoryFileSystemTest, TheSameRunLeavesTheSameBytes) {
  const auto run = [] {
    ManualClock clock(store_test::day(200));
    auto disk = std::make_shared<MemoryDisk>();
    auto dataset = open_in_memory(disk, clock);
    EXPECT_TRUE(dataset->commit(store_test::batch_of("AAPL", {store_test::bar(1, 10)})));
    const auto files = open_memory_file_system(disk, clock);
    return files->read("bars/_delta_log/00000000000000000001.json").value_or("?");
  };
  const std::string once = run();
  EXPECT_NE(once, "?");
  EXPECT_EQ(once, run());
}

TEST(MemoryFileSystemTest, AFaultAtAnyCallLeavesTheLastVersionIntact) {
  ManualClock clock(store_test::day(200));
  const auto first = std::make_shared<MemoryDisk>();
  ASSERT_TRUE(
      open_in_memory(first, clock)->commit(store_test::batch_of("AAPL", {store_test::bar(1, 10)})));
  for (int call = 1;; ++call) {
    const auto disk = std::make_shared<MemoryDisk>(*first);
    auto plan = std::make_shared<FaultPlan>();
    auto dataset = open_in_memory(disk, clock, plan);
    ASSERT_TRUE(dataset);
    plan->fail_at = call;
    const auto batch = store_test::batch_of("AAPL", {store_test::bar(1, 20)});
    const auto committed = dataset->commit(batch);
    if (plan->calls < call) {
      EXPECT_TRUE(committed);
      EXPECT_GT(call, 3);
      break;
    }
    ASSERT_FALSE(committed) << "call " << call;
    auto after = open_in_memory(disk, clock);
    EXPECT_THAT(store_test::closes(*after, "AAPL"), ElementsAre(10)) << "call " << call;
    ASSERT_TRUE(dataset->commit(batch)) << "call " << call;
    EXPECT_THAT(store_test::closes(*dataset, "AAPL"), ElementsAre(20)) << "call " << call;
  }
}

}  // namespace
}  // namespace vortex
