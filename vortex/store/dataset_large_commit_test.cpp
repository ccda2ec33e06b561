// Commits of so many series that parts of them are done on other threads: they store and answer
// what small ones do.
#include <filesystem>
#include <span>

#include <fmt/core.h>
#include <gmock/gmock.h>

#include "vortex/base/random.hpp"
#include "vortex/store/beside.hpp"
#include "vortex/store/faulty_file_system.hpp"
#include "vortex/store/provenance.hpp"
#include "vortex/store/store_test_support.hpp"

namespace vortex {
namespace {

using store_test::bar;
using store_test::bars;
using store_test::closes;
using store_test::day;
using store_test::key;
using store_test::TempDirectory;

constexpr int kMany = static_cast<int>(kSeriesAloneMax) + 200;

std::string symbol_of(int number) {
  return fmt::format("S{:04}", number);
}

// Of each third series the body is the one of the day before.
Capture capture_for(int number, int on) {
  const int told = number % 3 == 0 ? on - 1 : on;
  HttpReply reply;
  reply.status = 200;
  reply.body = Body::copy_of(fmt::format("{} on day {}", number, told));
  reply.received_at = day(on + 1);
  return *make_capture(reply, fmt::format("GET https://example.test/{}", number),
                       {day(on), day(on + 1)});
}

std::vector<SeriesBatch> day_of(int on, double close = 10) {
  std::vector<SeriesBatch> batch;
  batch.reserve(kMany);
  for (int i = 0; i < kMany; ++i) {
    SeriesBatch& series = batch.emplace_back();
    series.key = key(symbol_of(i));
    series.bars.push_back(bars(series.key, {bar(on, close + i)}));
    series.captures.push_back(capture_for(i, on));
    series.coverage.push_back(
        {.range = {day(on), day(on + 1)}, .state = CoverageState::have, .reason = ""});
  }
  return batch;
}

class LargeCommitTest : public testing::Test {
 protected:
  Dataset open(const std::string& name) {
    auto dataset = Dataset::open_or_create(directory_.path(name), clock_);
    EXPECT_TRUE(dataset.has_value()) << dataset.error().to_line();
    return *std::move(dataset);
  }
  CommitReceipt commit(Dataset& dataset, std::vector<SeriesBatch> batch) {
    clock_.advance(std::chrono::seconds{1});
    auto receipt = dataset.commit(std::move(batch));
    EXPECT_TRUE(receipt.has_value()) << receipt.error().to_line();
    return receipt.value_or(CommitReceipt{});
  }
  // In commits that start no thread.
  std::vector<SeriesReceipt> commit_in_parts(Dataset& dataset, std::vector<SeriesBatch> batch) {
    std::vector<SeriesReceipt> all;
    for (std::size_t done = 0; done < batch.size();) {
      const std::size_t end = std::min(done + kSeriesAloneMax / 2, batch.size());
      std::vector<SeriesBatch> part;
      for (; done < end; ++done) part.push_back(std::move(batch[done]));
      for (auto& receipt : commit(dataset, std::move(part)).series) {
        all.push_back(std::move(receipt));
      }
    }
    return all;
  }
  void expect_same(Dataset& one, Dataset& other) {
    std::vector<SeriesKey> keys;
    keys.reserve(kMany);
    for (int i = 0; i < kMany; ++i) keys.push_back(key(symbol_of(i)));
    const auto states = one.states(keys).value();
    const auto others = other.states(keys).value();
    for (int i = 0; i < kMany; ++i) {
      const auto at = static_cast<std::size_t>(i);
      EXPECT_EQ(states[at].rows, others[at].rows) << i;
      EXPECT_EQ(states[at].last_bars, others[at].last_bars) << i;
      EXPECT_EQ(states[at].coverage, others[at].coverage) << i;
    }
    for (int i = 0; i < kMany; i += 97) {
      EXPECT_EQ(closes(one, symbol_of(i)), closes(other, symbol_of(i))) << i;
      expect_same_captures(one, other, keys[static_cast<std::size_t>(i)]);
    }
  }
  void expect_same_captures(Dataset& one, Dataset& other, const SeriesKey& of) {
    const auto rows = one.captures_of(of, kAllTime).value();
    const auto others = other.captures_of(of, kAllTime).value();
    ASSERT_EQ(rows.size(), others.size()) << of.symbol;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i].id, others[i].id) << of.symbol;
      EXPECT_EQ(rows[i].sha256, others[i].sha256) << of.symbol;
      EXPECT_EQ(one.body_of(rows[i]).value(), other.body_of(others[i]).value()) << of.symbol;
    }
  }
  std::uintmax_t bytes_in_packs(const std::string& name) const {
    std::uintmax_t bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path(name) + "/raw")) {
      if (entry.path().extension() == ".pack") bytes += entry.file_size();
    }
    return bytes;
  }

  static constexpr TimeRange kAllTime{TimePoint::min(), TimePoint::max()};
  TempDirectory directory_;
  ManualClock clock_{day(200)};
};

TEST_F(LargeCommitTest, StoresAndAnswersWhatSmallOnesDo) {
  auto large = open("large");
  auto small = open("small");
  for (int on = 1; on <= 3; ++on) {
    const auto receipt = commit(large, day_of(on));
    const auto parts = commit_in_parts(small, day_of(on));
    EXPECT_EQ(receipt.version, on);
    ASSERT_EQ(receipt.series.size(), parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      EXPECT_EQ(receipt.series[i].key, parts[i].key);
      EXPECT_EQ(receipt.series[i].rows_new, 1) << i;
      EXPECT_EQ(parts[i].rows_new, 1) << i;
    }
  }
  expect_same(large, small);
  EXPECT_EQ(bytes_in_packs("large"), bytes_in_packs("small"));
}

TEST_F(LargeCommitTest, OneThatBringsNothingMakesNoVersionAndKeepsNoAnswer) {
  auto dataset = open("large");
  commit(dataset, day_of(1));
  const auto bytes = bytes_in_packs("large");
  auto again = day_of(1);
  for (SeriesBatch& series : again) series.captures[0].id = "another answer";
  EXPECT_FALSE(commit(dataset, std::move(again)).committed);
  EXPECT_EQ(bytes_in_packs("large"), bytes);
  EXPECT_EQ(dataset.captures_of(key(symbol_of(7)), kAllTime).value().size(), 1U);
}

TEST_F(LargeCommitTest, OnlyTheAnswersThatBroughtSomethingAreKept) {
  auto dataset = open("large");
  commit(dataset, day_of(1));
  auto mixed = day_of(2);
  const auto old = day_of(1);
  for (std::size_t i = 0; i < mixed.size(); i += 2) mixed[i].bars = old[i].bars;
  commit(dataset, std::move(mixed));
  for (int i = 0; i < 200; ++i) {
    const auto rows = dataset.captures_of(key(symbol_of(i)), kAllTime).value();
    ASSERT_EQ(rows.size(), i % 2 == 0 ? 1U : 2U) << i;
    const std::string last = fmt::format("{} on day {}", i, i % 2 == 0 || i % 3 == 0 ? 1 : 2);
    if (i % 6 != 0) EXPECT_EQ(dataset.body_of(rows.back()).value(), last);
  }
}

// Also the threads of a commit that fails are waited for, and the next one stores all.
TEST_F(LargeCommitTest, ADiskFaultAtAnyCallLeavesTheLastVersionIntact) {
  {
    auto dataset = open("first");
    commit(dataset, day_of(1));
  }
  for (int call = 1;; call += 3) {
    const std::string copy = directory_.path(fmt::format("copy{}", call));
    std::filesystem::copy(directory_.path("first"), copy, std::filesystem::copy_options::recursive);
    auto plan = std::make_shared<FaultPlan>();
    auto dataset =
        Dataset::open_on(std::make_unique<FaultyFileSystem>(open_posix_file_system(copy), plan),
                         copy, clock_, Random(1));
    ASSERT_TRUE(dataset.has_value());
    plan->fail_at = call;
    const auto failed = dataset->commit(day_of(2));
    if (plan->calls < call) {
      EXPECT_TRUE(failed.has_value());
      EXPECT_GT(call, 10);
      break;
    }
    ASSERT_FALSE(failed.has_value()) << "call " << call;
    plan->fail_at = 0;
    EXPECT_EQ(closes(*dataset, symbol_of(5)), std::vector<double>{15}) << "call " << call;
    const auto again = dataset->commit(day_of(2));
    ASSERT_TRUE(again.has_value()) << again.error().to_line();
    EXPECT_EQ(closes(*dataset, symbol_of(5)), (std::vector<double>{15, 15})) << "call " << call;
    std::filesystem::remove_all(copy);
  }
}

}  // namespace
}  // namespace vortex
