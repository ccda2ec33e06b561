// Raw bodies are kept as long as is asked, and no pack goes that somebody still needs.
#include <gmock/gmock.h>

#include "vortex/base/random.hpp"
#include "vortex/store/faulty_file_system.hpp"
#include "vortex/store/maintenance.hpp"
#include "vortex/store/memory_file_system.hpp"
#include "vortex/store/provenance.hpp"
#include "vortex/store/store_test_support.hpp"

namespace vortex {
namespace {

using store_test::bar;
using store_test::day;
using store_test::key;
using testing::ElementsAre;

constexpr Duration kForEver = std::chrono::days(10'000);
constexpr std::uint64_t kUnbounded = 1ull << 40;

// A dataset in memory: one commit a day, each with one body of its own.
class RetentionTest : public testing::Test {
 protected:
  Dataset open(std::shared_ptr<FaultPlan> plan = std::make_shared<FaultPlan>()) {
    auto dataset = Dataset::open_on(
        std::make_unique<FaultyFileSystem>(open_memory_file_system(disk_, clock_), std::move(plan)),
        "memory", clock_, Random(1 + ++opened_));
    EXPECT_TRUE(dataset.has_value()) << dataset.error().to_line();
    return *std::move(dataset);
  }

  // The bar of day `n`, received on that day, in a body of that name.
  void store(Dataset& dataset, int n, const std::string& body) {
    const auto receipt = try_to_store(dataset, n, body);
    ASSERT_TRUE(receipt.has_value()) << receipt.error().to_line();
  }
  Result<CommitReceipt> try_to_store(Dataset& dataset, int n, const std::string& body) {
    clock_.step(day(n) - clock_.now());
    HttpReply reply;
    reply.body = Body::copy_of(body);
    reply.received_at = clock_.now();
    SeriesBatch batch = store_test::series(key("AAPL"), {bar(n, 1)});
    batch.captures.push_back(*make_capture(reply, "GET x", {day(n), day(n + 1)}));
    std::vector<SeriesBatch> all;
    all.push_back(std::move(batch));
    return dataset.commit(std::move(all));
  }

  // The days whose bodies can be read.
  std::vector<int> readable(Dataset& dataset) {
    std::vector<int> days;
    const auto rows = dataset.captures_of(key("AAPL"), {TimePoint::min(), TimePoint::max()});
    EXPECT_TRUE(rows.has_value());
    for (const CaptureRow& row : *rows) {
      if (!dataset.body_of(row)) continue;
      days.push_back(static_cast<int>((row.received_at - day(0)) / std::chrono::days(1)));
    }
    return days;
  }

  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  ManualClock clock_{day(0)};
  std::uint64_t opened_ = 0;
};

TEST_F(RetentionTest, WhatIsOlderThanAskedGoesAndItsRowsStay) {
  auto dataset = open();
  for (const int n : {1, 2, 3}) store(dataset, n, "body " + std::to_string(n));
  const RawRetention policy{.keep = std::chrono::days(30), .bytes_max = kUnbounded};
  const auto none = dataset.apply_raw_retention(policy, day(31));
  ASSERT_TRUE(none.has_value()) << none.error().to_line();
  EXPECT_EQ(none->packs_removed, 0);
  const auto done = dataset.apply_raw_retention(policy, day(33));
  ASSERT_TRUE(done.has_value()) << done.error().to_line();
  EXPECT_EQ(done->packs_removed, 2);
  EXPECT_EQ(done->packs_kept, 1);
  EXPECT_GT(done->bytes_removed, 0U);
  EXPECT_THAT(readable(dataset), ElementsAre(3));
  EXPECT_EQ(store_test::closes(dataset, "AAPL").size(), 3U);
  const auto rows = dataset.captures_of(key("AAPL"), {TimePoint::min(), TimePoint::max()});
  EXPECT_EQ(rows->size(), 3U);
}

TEST_F(RetentionTest, VerifyTellsAPackThatWasLetGoFromOneThatIsMissing) {
  auto dataset = open();
  for (const int n : {1, 2, 3, 4}) store(dataset, n, "body " + std::to_string(n));
  const RawRetention policy{.keep = std::chrono::days(30), .bytes_max = kUnbounded};
  ASSERT_EQ(dataset.apply_raw_retention(policy, day(33))->packs_removed, 2);
  EXPECT_THAT(dataset.verify({})->findings, testing::IsEmpty());

  const auto rows = dataset.captures_of(key("AAPL"), {TimePoint::min(), TimePoint::max()});
  auto files = open_memory_file_system(disk_, clock_);
  ASSERT_TRUE(files->remove(rows->at(3).pack).has_value());
  const auto report = dataset.verify({});
  ASSERT_TRUE(report.has_value()) << report.error().to_line();
  ASSERT_EQ(report->findings.size(), 1U);
  EXPECT_EQ(report->findings[0].kind, "missing");
}

TEST_F(RetentionTest, BeyondTheSizeTheOldestGo) {
  auto dataset = open();
  for (const int n : {1, 2, 3, 4}) store(dataset, n, "body " + std::to_string(n));
  const auto all = dataset.apply_raw_retention({.keep = kForEver, .bytes_max = kUnbounded}, day(9));
  const RawRetention half{.keep = kForEver, .bytes_max = all->bytes_kept / 2};
  const auto done = dataset.apply_raw_retention(half, day(9));
  ASSERT_TRUE(done.has_value()) << done.error().to_line();
  EXPECT_LE(done->bytes_kept, half.bytes_max);
  EXPECT_THAT(readable(dataset), ElementsAre(3, 4));
}

TEST_F(RetentionTest, APackThatALaterAnswerPointsAtStays) {
  auto dataset = open();
  store(dataset, 1, "the same");
  store(dataset, 2, "another");
  store(dataset, 20, "the same");  // lies in the first pack
  const RawRetention policy{.keep = std::chrono::days(30), .bytes_max = kUnbounded};
  ASSERT_TRUE(dataset.apply_raw_retention(policy, day(40)).has_value());
  EXPECT_THAT(readable(dataset), ElementsAre(1, 20));
}

TEST_F(RetentionTest, G1VerifyMissesNoPackThatACommitWhichDidNotComePointsAt) {
  {
    auto dataset = open();
    store(dataset, 1, "the same");
    store(dataset, 2, "another");
  }
  const RawRetention policy{.keep = std::chrono::days(30), .bytes_max = kUnbounded};
  const MemoryDisk before = *disk_;
  bool through = false;
  for (int call = 1; !through; ++call) {
    *disk_ = before;
    const auto plan = std::make_shared<FaultPlan>();
    auto dataset = open(plan);
    plan->calls = 0;
    plan->fail_at = call;
    plan->for_ever = true;
    through = try_to_store(dataset, 20, "the same").has_value();
    ASSERT_LT(call, 40);
    auto after = open();
    for (const int today : {45, 60}) {
      ASSERT_TRUE(after.apply_raw_retention(policy, day(today)).has_value()) << call;
      EXPECT_THAT(after.verify({})->findings, testing::IsEmpty()) << call << ", day " << today;
    }
  }
}

TEST_F(RetentionTest, APackOfACommitUnderWayStaysWhateverTheSize) {
  auto dataset = open();
  store(dataset, 1, "body");
  const RawRetention nothing{.keep = kForEver, .bytes_max = 0};
  EXPECT_EQ(dataset.apply_raw_retention(nothing, day(1))->packs_removed, 0);
  EXPECT_EQ(dataset.apply_raw_retention(nothing, day(2))->packs_removed, 1);
}

TEST_F(RetentionTest, G1G4StoppedAtAnyCallItLeavesASoundDatasetAndGoesOnLater) {
  {
    auto dataset = open();
    for (const int n : {1, 2, 3, 4}) store(dataset, n, "body " + std::to_string(n));
  }
  const RawRetention policy{.keep = std::chrono::days(30), .bytes_max = kUnbounded};
  const MemoryDisk before = *disk_;
  bool through = false;
  for (int call = 1; !through; ++call) {
    *disk_ = before;
    const auto plan = std::make_shared<FaultPlan>();
    auto dataset = open(plan);
    plan->calls = 0;
    plan->fail_at = call;
    plan->for_ever = true;
    const auto done = dataset.apply_raw_retention_daily(policy, day(33));
    through = done.has_value();
    ASSERT_LT(call, 20);
    plan->fail_at = 0;
    auto after = open();
    EXPECT_EQ(store_test::closes(after, "AAPL").size(), 4U) << call;
    // What is said to be there is there, whole.
    const auto left = readable(after);
    EXPECT_TRUE(std::ranges::find(left, 3) != left.end()) << call;
    ASSERT_TRUE(after.apply_raw_retention(policy, day(33)).has_value()) << call;
    EXPECT_THAT(readable(after), ElementsAre(3, 4)) << call;
  }
}

TEST_F(RetentionTest, ItIsAppliedOnceADay) {
  auto dataset = open();
  const RawRetention policy;
  EXPECT_FALSE(dataset.apply_raw_retention_daily(policy, day(1))->has_value());  // nothing raw yet
  store(dataset, 1, "body");
  EXPECT_TRUE(dataset.apply_raw_retention_daily(policy, day(2))->has_value());
  EXPECT_FALSE(dataset.apply_raw_retention_daily(policy, day(3) - Duration{1})->has_value());
  EXPECT_TRUE(dataset.apply_raw_retention_daily(policy, day(3))->has_value());
  // A clock that was set back does not stop it.
  EXPECT_TRUE(dataset.apply_raw_retention_daily(policy, day(2))->has_value());
}

}  // namespace
}  // namespace vortex
