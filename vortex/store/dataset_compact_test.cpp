#include <algorithm>
#include <filesystem>
#include <map>
#include <thread>

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
using testing::ElementsAre;
using testing::IsEmpty;

// Closes by symbol and day.
using Content = std::map<std::string, std::map<std::int64_t, double>>;

// A dataset in memory and what it must hold.
class CompactTest : public testing::Test {
 protected:
  static constexpr const char* kSymbols[] = {"AAPL", "BRK-B", "MSFT", "0005.HK", "^GSPC"};

  Dataset open(std::shared_ptr<MemoryDisk> disk, std::uint64_t seed = 1) {
    auto files = open_memory_file_system(std::move(disk), clock_);
    return *Dataset::open_on(std::move(files), "data", clock_, Random(seed));
  }
  Dataset open() { return open(disk_, ++seed_); }

  void commit(Dataset& dataset, std::vector<SeriesBatch> batch) {
    clock_.advance(std::chrono::seconds{1});
    const auto receipt = dataset.commit(std::move(batch));
    ASSERT_TRUE(receipt.has_value()) << receipt.error().to_line();
  }
  // One bar of each symbol, as a daily sync brings them.
  void commit_day(Dataset& dataset, int n) {
    clock_.step(day(n) + std::chrono::hours{22} - clock_.now());
    std::vector<SeriesBatch> batch;
    for (const char* symbol : kSymbols) {
      batch.push_back(store_test::series(key(symbol), {bar(n, n + 1)}));
    }
    commit(dataset, std::move(batch));
  }
  static CompactReceipt compact(Dataset& dataset, CompactOptions options = {}) {
    const auto receipt = dataset.compact(options);
    EXPECT_TRUE(receipt.has_value()) << receipt.error().to_line();
    return receipt.value_or(CompactReceipt{});
  }
  static Content content(Dataset& dataset, AsOf as_of = {}) {
    Content out;
    for (const char* symbol : kSymbols) {
      const auto table = dataset.read({.key = key(symbol), .as_of = as_of});
      if (!table) continue;
      std::vector<std::int64_t> stamps;
      for (const auto& chunk : (*table)->GetColumnByName("timestamp")->chunks()) {
        const auto& times = static_cast<const arrow::TimestampArray&>(*chunk);
        for (std::int64_t i = 0; i < times.length(); ++i) stamps.push_back(times.Value(i));
      }
      const auto values = closes(dataset, symbol, as_of);
      EXPECT_EQ(stamps.size(), values.size());
      EXPECT_TRUE(std::ranges::is_sorted(stamps));
      for (std::size_t i = 0; i < stamps.size(); ++i) out[symbol][stamps[i]] = values[i];
      EXPECT_EQ(out[symbol].size(), stamps.size()) << "a key stands twice: " << symbol;
    }
    return out;
  }

  ManualClock clock_{day(0)};
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  std::uint64_t seed_ = 0;
};

TEST_F(CompactTest, ClosedDaysBecomeMonthsAndClosedMonthsYears) {
  auto dataset = open();
  for (int n = 0; n < 75; ++n) commit_day(dataset, n);  // to 2024-03-15
  const Content before = content(dataset);
  const std::int64_t version = dataset.version();
  const auto receipt = compact(dataset);
  EXPECT_EQ(receipt.commits, 1);
  ASSERT_EQ(receipt.tables.size(), 1U);
  EXPECT_EQ(receipt.tables[0].files_read, 60);
  EXPECT_EQ(receipt.tables[0].files_written, 2);
  EXPECT_EQ(receipt.tables[0].rows, 300);
  EXPECT_EQ(dataset.version(), version + 1);
  EXPECT_EQ(dataset.summary()->files, 2 + 15);
  EXPECT_EQ(dataset.summary()->rows, 375);
  EXPECT_EQ(content(dataset), before);
  clock_.step(*parse_time("2025-01-20") - clock_.now());
  EXPECT_EQ(compact(dataset).commits, 1);
  EXPECT_EQ(dataset.summary()->files, 1);
  EXPECT_EQ(content(dataset), before);
  EXPECT_EQ(content(dataset, version), before);
}

TEST_F(CompactTest, RunTwiceIsRunOnce) {
  auto dataset = open();
  for (int n = 0; n < 75; ++n) commit_day(dataset, n);
  EXPECT_GT(compact(dataset).commits, 0);
  const std::int64_t version = dataset.version();
  const auto files = disk_->files_stored();
  const auto again = compact(dataset);
  EXPECT_EQ(again.commits, 0);
  EXPECT_THAT(again.tables, IsEmpty());
  EXPECT_EQ(again.version, version);
  EXPECT_EQ(disk_->files_stored(), files);
}

TEST_F(CompactTest, StateNeedsNoRebuildAfterIt) {
  store_test::TempDirectory directory;
  auto one = *Dataset::open_or_create(directory.path(), clock_);
  for (int n = 0; n < 40; ++n) commit_day(one, n);
  clock_.step(day(60) - clock_.now());
  auto other = *Dataset::open(directory.path(), clock_);
  EXPECT_GT(compact(other).commits, 0);
  commit_day(one, 60);  // was at the version before
  EXPECT_THAT(one.summary()->rebuilt, IsEmpty());
  EXPECT_EQ(one.states({key("AAPL")})->front().rows, 41);
  auto third = *Dataset::open(directory.path(), clock_);
  EXPECT_THAT(third.summary()->rebuilt, IsEmpty());
}

TEST_F(CompactTest, ARestatementAfterItFindsTheRow) {
  auto dataset = open();
  for (int n = 0; n < 75; ++n) commit_day(dataset, n);
  const std::int64_t before = dataset.version();
  compact(dataset);
  commit(dataset, batch_of("MSFT", {bar(10, 500), bar(11, 12)}));
  EXPECT_EQ(closes(dataset, "MSFT")[10], 500);
  EXPECT_EQ(closes(dataset, "MSFT", before)[10], 11);
  EXPECT_EQ(closes(dataset, "MSFT").size(), 75U);
}

TEST_F(CompactTest, AnotherWritersCommitInBetweenIsKept) {
  auto one = open();
  auto other = open();
  for (int n = 0; n < 75; ++n) commit_day(one, n);
  ASSERT_TRUE(other.refresh().has_value());
  commit(one, batch_of("MSFT", {bar(10, 500)}));  // rewrites an input behind the other's back
  commit(one, batch_of("NEW", {bar(40, 7)}));
  EXPECT_GT(compact(other).commits, 0);
  EXPECT_EQ(closes(other, "MSFT")[10], 500);
  EXPECT_THAT(closes(other, "NEW"), ElementsAre(7));
  EXPECT_EQ(compact(one).commits, 0);
}

// What a random history came to: every version with what it must read.
struct History {
  Content wanted;
  std::map<std::int64_t, Content> versions;
};

std::vector<SeriesBatch> random_batch(Random& random, std::span<const char* const> symbols,
                                      Content& wanted) {
  std::map<std::string, std::map<int, double>> chosen;
  for (std::uint64_t i = 0; i < 1 + random.below(6); ++i) {
    const std::string symbol = symbols[random.below(symbols.size())];
    const int first = static_cast<int>(random.below(400));
    const int count = static_cast<int>(1 + random.below(random.below(10) == 0 ? 300 : 4));
    for (int n = first; n < first + count; ++n) {
      chosen[symbol][n] = 50 + static_cast<double>(random.below(3));
    }
  }
  std::vector<SeriesBatch> batch;
  for (const auto& [symbol, days] : chosen) {
    std::vector<BarRow> rows;
    for (const auto& [n, close] : days) {
      rows.push_back(bar(n, close));
      wanted[symbol][day(n).time_since_epoch().count()] = close;
    }
    batch.push_back(store_test::series(key(symbol), rows));
  }
  return batch;
}

TEST_F(CompactTest, AnyHistoryReadsTheSameBeforeAndAfterInEveryVersion) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    disk_ = std::make_shared<MemoryDisk>();
    auto dataset = open();
    History history;
    for (int step = 0; step < 25; ++step) {
      clock_.advance(std::chrono::hours{24 * static_cast<int>(random.below(20))});
      if (random.below(4) == 0) {
        const bool automatic = random.below(2) == 0;
        compact(dataset, {.automatic = automatic});
        EXPECT_EQ(compact(dataset, {.automatic = automatic}).commits, 0);
      } else {
        commit(dataset, random_batch(random, kSymbols, history.wanted));
      }
      ASSERT_EQ(content(dataset), history.wanted) << "step " << step;
      history.versions[dataset.version()] = history.wanted;
    }
    for (const auto& [version, wanted] : history.versions) {
      ASSERT_EQ(content(dataset, version), wanted) << "version " << version;
    }
  }
}

TEST_F(CompactTest, ShuffledDuplicatedAndResentBatchesGiveTheSameTable) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    Random random(seed);
    std::vector<std::vector<SeriesBatch>> batches;
    for (int n = 0; n < 40; ++n) {  // each day's values are the same whenever they come
      std::vector<SeriesBatch> batch;
      for (const char* symbol : kSymbols) {
        batch.push_back(store_test::series(key(symbol), {bar(n, n), bar(n + 1, n + 1)}));
      }
      batches.push_back(std::move(batch));
    }
    disk_ = std::make_shared<MemoryDisk>();
    clock_.step(day(100) - clock_.now());
    auto straight = open();
    for (const auto& batch : batches) commit(straight, batch);
    const Content wanted = content(straight);
    disk_ = std::make_shared<MemoryDisk>();
    auto shuffled = open();
    for (int sent = 0; sent < 60; ++sent) {
      commit(shuffled, batches[random.below(batches.size())]);
      if (random.below(10) == 0) compact(shuffled);
    }
    for (const auto& batch : batches) commit(shuffled, batch);
    compact(shuffled);
    EXPECT_EQ(content(shuffled), wanted) << "seed " << seed;
    EXPECT_EQ(shuffled.summary()->rows, straight.summary()->rows);
  }
}

TEST_F(CompactTest, G1G2G4AFaultAtAnyCallLosesNothingAndTheNextRunCompletes) {
  auto dataset = open();
  for (int n = 0; n < 45; ++n) commit_day(dataset, n);
  const Content wanted = content(dataset);
  const auto disk = disk_;
  for (const bool for_ever : {false, true}) {
    for (int call = 1;; ++call) {
      auto copy = std::make_shared<MemoryDisk>(*disk);
      auto plan = std::make_shared<FaultPlan>();
      auto files = std::make_unique<FaultyFileSystem>(open_memory_file_system(copy, clock_), plan);
      auto faulty = *Dataset::open_on(std::move(files), "data", clock_, Random(5));
      plan->fail_at = call;
      plan->for_ever = for_ever;
      const auto failed = faulty.compact({});
      if (plan->calls < call) {
        EXPECT_TRUE(failed.has_value());
        EXPECT_GT(call, 4);
        break;
      }
      ASSERT_FALSE(failed.has_value()) << "call " << call;
      EXPECT_EQ(failed.error().code, ErrorCode::disk_full);
      auto reopened = open(copy, 9);
      EXPECT_EQ(content(reopened), wanted) << "call " << call;
      plan->fail_at = 0;
      EXPECT_EQ(compact(faulty).commits + compact(reopened).commits, 1) << "call " << call;
      EXPECT_EQ(content(faulty), wanted) << "call " << call;
      EXPECT_EQ(faulty.summary()->files, 1 + 14);
    }
  }
}

}  // namespace
}  // namespace vortex
