// Whole exports: from a dataset into a directory, with and without faults of the disk.
#include "vortex/store/export.hpp"

#include <gtest/gtest.h>

#include "vortex/base/sha256.hpp"
#include "vortex/store/faulty_file_system.hpp"
#include "vortex/store/memory_file_system.hpp"
#include "vortex/store/store_test_support.hpp"

namespace vortex {
namespace {

using store_test::bar;
using store_test::batch_of;
using store_test::day;
using store_test::TempDirectory;

constexpr int kNoSpace = 28;  // ENOSPC
constexpr int kInputOutput = 5;

class ExportTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Dataset::open_or_create(directory_.path(), clock_);
    ASSERT_TRUE(opened.has_value());
    dataset_.emplace(std::move(*opened));
    add("AAPL", 10);
    add("MSFT", 20);
  }

  void add(const std::string& symbol, double close) {
    ASSERT_TRUE(dataset_->commit(batch_of(symbol, {bar(0, close), bar(1, close + 1)})).has_value());
  }

  ExportRequest request(const std::vector<std::string>& symbols) const {
    ExportRequest wanted{.format = ExportFormat::csv};
    for (const auto& symbol : symbols) wanted.series.push_back(store_test::key(symbol));
    return wanted;
  }

  // The names in a directory, and whether each is what the dataset gives for a version.
  static std::string sha256_at(FileSystem& files, const std::string& path) {
    const auto bytes = files.read(path);
    return bytes ? sha256_hex(*bytes) : std::string();
  }

  ManualClock clock_{day(200)};
  TempDirectory directory_;
  std::optional<Dataset> dataset_;
};

TEST_F(ExportTest, TheSameVersionGivesTheSameBytesWheneverItIsMade) {
  const auto first = open_posix_file_system(directory_.path("first"));
  const auto second = open_posix_file_system(directory_.path("second"));
  const auto one = export_series(*dataset_, *first, request({"AAPL", "MSFT"}));
  clock_.advance(std::chrono::hours{24 * 40});
  const auto two = export_series(*dataset_, *second, request({"MSFT", "AAPL"}));
  ASSERT_TRUE(one.has_value() && two.has_value());
  EXPECT_EQ(one->manifest, two->manifest);
  for (const char* name : {"AAPL.csv", "MSFT.csv", "_vortex-export.json"}) {
    EXPECT_EQ(first->read(name).value(), second->read(name).value()) << name;
  }
}

TEST_F(ExportTest, AVersionIsExportedAsItWas) {
  const auto before = open_posix_file_system(directory_.path("before"));
  ASSERT_TRUE(export_series(*dataset_, *before, request({"AAPL"})).has_value());
  add("AAPL", 11);  // every value restated
  auto wanted = request({"AAPL"});
  wanted.as_of = AsOf(std::int64_t{2});
  const auto after = open_posix_file_system(directory_.path("after"));
  const auto done = export_series(*dataset_, *after, wanted);
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->manifest.as_of, "2");
  EXPECT_EQ(before->read("AAPL.csv").value(), after->read("AAPL.csv").value());
}

TEST_F(ExportTest, AManifestThatNamesPathsOutsideIsRefused) {
  const auto target = open_posix_file_system(directory_.path("out"));
  ASSERT_TRUE(target->make_directories("").has_value());
  ASSERT_TRUE(target->put("_vortex-export.json", R"({"files":[{"path":"../data/x"}]})", {}));
  const auto done = export_series(*dataset_, *target, request({"AAPL"}));
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, ErrorCode::corrupt);
}

// After a fault at any call: each file is whole, of the export before or of this one, and the same
// command makes the rest without --force.
class ExportFaultTest : public ExportTest, public testing::WithParamInterface<int> {};

TEST_P(ExportFaultTest, G1G2AFaultAtAnyCallLeavesWholeFilesAndIsMadeGood) {
  const auto old_disk = std::make_shared<MemoryDisk>();
  const auto old_files = open_memory_file_system(old_disk, clock_);
  ASSERT_TRUE(export_series(*dataset_, *old_files, request({"AAPL", "MSFT"})).has_value());
  const std::map<std::string, std::string> old_sums = {
      {"AAPL.csv", sha256_at(*old_files, "AAPL.csv")},
      {"MSFT.csv", sha256_at(*old_files, "MSFT.csv")}};
  add("AAPL", 30);
  add("MSFT", 40);
  const auto new_files = open_memory_file_system(std::make_shared<MemoryDisk>(), clock_);
  ASSERT_TRUE(export_series(*dataset_, *new_files, request({"AAPL", "MSFT"})).has_value());
  int failed = 0;
  for (int call = 1;; ++call) {
    const auto disk = std::make_shared<MemoryDisk>(*old_disk);
    const auto plan = std::make_shared<FaultPlan>(
        FaultPlan{.fail_at = call, .for_ever = true, .error_number = GetParam()});
    FaultyFileSystem target(open_memory_file_system(disk, clock_), plan);
    const auto done = export_series(*dataset_, target, request({"AAPL", "MSFT"}));
    if (done) break;
    ++failed;
    EXPECT_EQ(done.error().error_class(), ErrorClass::storage);
    if (GetParam() == kNoSpace) EXPECT_EQ(done.error().code, ErrorCode::disk_full);
    const auto left = open_memory_file_system(disk, clock_);
    for (const auto& [name, old_sum] : old_sums) {
      const std::string sum = sha256_at(*left, name);
      EXPECT_TRUE(sum == old_sum || sum == sha256_at(*new_files, name)) << name << " " << call;
    }
    ASSERT_TRUE(export_series(*dataset_, *left, request({"AAPL", "MSFT"})).has_value()) << call;
    for (const auto& [name, old_sum] : old_sums) {
      EXPECT_EQ(sha256_at(*left, name), sha256_at(*new_files, name));
    }
    EXPECT_EQ(left->read("_vortex-export.json").value(),
              new_files->read("_vortex-export.json").value());
  }
  EXPECT_EQ(failed, 5);  // the directory, the manifest, two files, the manifest
}

INSTANTIATE_TEST_SUITE_P(Disk, ExportFaultTest, testing::Values(kNoSpace, kInputOutput));

}  // namespace
}  // namespace vortex
