#include <algorithm>
#include <numeric>

#include <gmock/gmock.h>

#include "vortex/base/random.hpp"
#include "vortex/store/dataset.hpp"
#include "vortex/store/faulty_file_system.hpp"
#include "vortex/store/memory_file_system.hpp"
#include "vortex/store/store_test_support.hpp"

namespace vortex {
namespace {

using store_test::bar;
using store_test::batch_of;
using store_test::closes;
using store_test::day;
using store_test::key;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class VacuumTest : public testing::Test {
 protected:
  static constexpr int kDays = 45;

  std::unique_ptr<FileSystem> files(std::shared_ptr<MemoryDisk> disk) {
    return open_memory_file_system(std::move(disk), clock_);
  }
  Dataset open(std::shared_ptr<MemoryDisk> disk) {
    return *Dataset::open_on(files(std::move(disk)), "data", clock_, Random(++seed_));
  }
  // A bar a day, with its capture, and one compaction; then a week later.
  void fill(Dataset& dataset) {
    for (int n = 0; n < kDays; ++n) {
      clock_.step(day(n) + std::chrono::hours{22} - clock_.now());
      auto batch = batch_of("AAPL", {bar(n, n + 1)});
      HttpReply reply;
      reply.status = 200;
      reply.body = Body::copy_of("body " + std::to_string(n));
      reply.received_at = clock_.now();
      batch[0].captures.push_back(
          *make_capture(reply, "GET https://example.test/x", {day(n), day(n + 1)}));
      ASSERT_TRUE(dataset.commit(std::move(batch)).has_value());
    }
    ASSERT_TRUE(dataset.compact({}).has_value());
    clock_.advance(std::chrono::days{7});
  }
  static VacuumReceipt vacuum(Dataset& dataset, const VacuumOptions& options) {
    const auto receipt = dataset.vacuum(options);
    EXPECT_TRUE(receipt.has_value()) << receipt.error().to_line();
    return receipt.value_or(VacuumReceipt{});
  }
  static std::vector<double> wanted(int days) {
    std::vector<double> out(static_cast<std::size_t>(days));
    // NOLINTNEXTLINE(modernize-use-ranges): libstdc++ 12 has no std::ranges::iota
    std::iota(out.begin(), out.end(), 1.0);
    return out;
  }

  ManualClock clock_{day(0)};
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  std::uint64_t seed_ = 0;
};

TEST_F(VacuumTest, RemovesWhatNoKeptVersionNeeds) {
  auto dataset = open(disk_);
  fill(dataset);
  const auto before = disk_->files_stored();
  EXPECT_THAT(vacuum(dataset, {}).files, IsEmpty());  // nothing goes by default
  EXPECT_EQ(disk_->files_stored(), before);
  const auto receipt = vacuum(dataset, {.keep = Duration::zero()});
  EXPECT_EQ(receipt.version_min, dataset.version());
  EXPECT_EQ(std::ranges::count(receipt.files, "expired", &VacuumedFile::reason), 31 + kDays);
  EXPECT_LT(disk_->files_stored(), before - 31);
  EXPECT_EQ(closes(dataset, "AAPL"), wanted(kDays));
  const auto gone = dataset.read({.key = key("AAPL"), .as_of = std::int64_t{5}});
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().code, ErrorCode::not_found);
  EXPECT_THAT(gone.error().message, HasSubstr("cleaned away"));
  EXPECT_THAT(vacuum(dataset, {.keep = Duration::zero()}).files, IsEmpty());
  auto reopened = open(disk_);
  EXPECT_EQ(closes(reopened, "AAPL"), wanted(kDays));
  EXPECT_THAT(reopened.verify({})->findings, IsEmpty());
}

TEST_F(VacuumTest, VersionsWithinTheRetentionStayReadable) {
  auto dataset = open(disk_);
  fill(dataset);
  const TimePoint edge = clock_.now() - std::chrono::days{20};
  const auto receipt = vacuum(dataset, {.keep = std::chrono::days{20}});
  EXPECT_GT(receipt.version_min, 0);
  const auto days = static_cast<int>(receipt.version_min);
  EXPECT_EQ(closes(dataset, "AAPL", edge), wanted(days));
  for (int version = days; version <= kDays; ++version) {
    EXPECT_EQ(closes(dataset, "AAPL", std::int64_t{version}), wanted(version)) << version;
  }
  EXPECT_EQ(closes(dataset, "AAPL"), wanted(kDays));
}

TEST_F(VacuumTest, ADryRunListsAndRemovesNothing) {
  auto dataset = open(disk_);
  fill(dataset);
  const auto before = disk_->files_stored();
  const auto would = vacuum(dataset, {.keep = Duration::zero(), .dry_run = true});
  EXPECT_EQ(disk_->files_stored(), before);
  EXPECT_EQ(closes(dataset, "AAPL", std::int64_t{5}), wanted(5));
  const auto did = vacuum(dataset, {.keep = Duration::zero()});
  EXPECT_THAT(did.files, SizeIs(would.files.size()));
  EXPECT_EQ(did.bytes, would.bytes);
}

TEST_F(VacuumTest, OrphansGoOnceTheyAreOldAndForeignFilesNever) {
  auto dataset = open(disk_);
  fill(dataset);
  const auto disk = files(disk_);
  const std::vector<std::string> orphans = {"bars/provider=yahoo/interval=1d/part-lost.parquet",
                                            "captures/part-lost.parquet", "raw/lost.pack",
                                            "bars/_delta_log/.12-3.tmp"};
  for (const std::string& path : orphans) ASSERT_TRUE(disk->put(path, "x", {}).has_value());
  ASSERT_TRUE(disk->put("bars/notes.txt", "x", {}).has_value());
  EXPECT_THAT(vacuum(dataset, {}).files, IsEmpty());  // may be of a commit under way
  clock_.advance(std::chrono::hours{25});
  std::vector<std::string> removed;
  for (const VacuumedFile& file : vacuum(dataset, {}).files) removed.push_back(file.path);
  EXPECT_THAT(removed, testing::UnorderedElementsAreArray(orphans));
  EXPECT_TRUE(disk->stat("bars/notes.txt")->has_value());
  EXPECT_THAT(dataset.verify({})->findings, IsEmpty());
}

TEST_F(VacuumTest, G1G4G6AFaultAtAnyCallLeavesTheKeptVersionsAndTheNextRunCompletes) {
  {
    auto dataset = open(disk_);
    fill(dataset);
    ASSERT_TRUE(files(disk_)->put("raw/lost.pack", "x", {}).has_value());
    clock_.advance(std::chrono::hours{25});
  }
  const VacuumOptions options{.keep = std::chrono::days{20}};
  auto whole = std::make_shared<MemoryDisk>(*disk_);
  auto once = open(whole);
  const auto version_min = vacuum(once, options).version_min;
  int calls = 1;
  for (int call = 1; call <= calls; call += 1 + call / 20) {
    auto copy = std::make_shared<MemoryDisk>(*disk_);
    auto plan = std::make_shared<FaultPlan>();
    auto faulty = *Dataset::open_on(std::make_unique<FaultyFileSystem>(files(copy), plan), "data",
                                    clock_, Random(5));
    plan->fail_at = call;
    plan->for_ever = call % 2 == 0;
    const auto failed = faulty.vacuum(options);
    calls = call == 1 ? 1000 : std::min(calls, plan->calls < call ? call - 1 : calls);
    if (plan->calls < call) break;
    EXPECT_FALSE(failed.has_value()) << "call " << call;
    auto reopened = open(copy);
    EXPECT_EQ(closes(reopened, "AAPL"), wanted(kDays)) << "call " << call;
    for (const auto version : {version_min, version_min + 3}) {
      EXPECT_EQ(closes(reopened, "AAPL", version), wanted(static_cast<int>(version)));
    }
    clock_.advance(std::chrono::hours{25});  // what it left nameless is old by then
    vacuum(reopened, options);
    clock_.advance(-std::chrono::hours{25});
    EXPECT_EQ(closes(reopened, "AAPL"), wanted(kDays)) << "call " << call;
    EXPECT_FALSE(files(copy)->stat("raw/lost.pack")->has_value());
    EXPECT_THAT(reopened.verify({})->findings, IsEmpty()) << "call " << call;
  }
  EXPECT_GT(calls, 1);
}

}  // namespace
}  // namespace vortex
