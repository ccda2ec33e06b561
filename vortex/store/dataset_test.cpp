#include "vortex/store/dataset.hpp"

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "vortex/base/random.hpp"
#include "vortex/store/faulty_file_system.hpp"
#include "vortex/store/raw_pack.hpp"
#include "vortex/store/store_test_support.hpp"

namespace vortex {
namespace {

using store_test::bar;
using store_test::bars;
using store_test::batch_of;
using store_test::closes;
using store_test::day;
using store_test::key;
using store_test::TempDirectory;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DatasetTest : public testing::Test {
 protected:
  Dataset open() {
    auto dataset = Dataset::open_or_create(directory_.path(), clock_);
    EXPECT_TRUE(dataset.has_value()) << dataset.error().to_line();
    return *std::move(dataset);
  }
  CommitReceipt commit(Dataset& dataset, std::vector<SeriesBatch> batch) {
    clock_.advance(std::chrono::seconds{1});
    auto receipt = dataset.commit(std::move(batch));
    EXPECT_TRUE(receipt.has_value()) << receipt.error().to_line();
    return receipt.value_or(CommitReceipt{});
  }
  // Every file below the dataset but state.db's.
  std::set<std::string> files() const {
    std::set<std::string> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
      const std::string name = entry.path().filename().string();
      if (entry.is_regular_file() && !name.starts_with("state.db")) out.insert(entry.path());
    }
    return out;
  }

  TempDirectory directory_;
  ManualClock clock_{day(200)};
};

TEST_F(DatasetTest, KeepsWhatWasCommitted) {
  auto dataset = open();
  const auto receipt = commit(dataset, batch_of("AAPL", {bar(1, 10), bar(2, 11)}));
  EXPECT_TRUE(receipt.committed);
  EXPECT_EQ(receipt.series[0].rows_new, 2);
  EXPECT_THAT(closes(dataset, "AAPL"), ElementsAre(10, 11));
  auto reopened = Dataset::open(directory_.path(), clock_);
  ASSERT_TRUE(reopened.has_value());
  EXPECT_THAT(closes(*reopened, "AAPL"), ElementsAre(10, 11));
  EXPECT_EQ(reopened->id(), dataset.id());
  EXPECT_EQ(reopened->version(), receipt.version);
}

TEST_F(DatasetTest, C9SkipsEqualRowsAndMakesNoVersionOfThem) {
  auto dataset = open();
  const auto first = commit(dataset, batch_of("AAPL", {bar(1, 10), bar(2, 11)}));
  const auto before = files();
  const auto again = commit(dataset, batch_of("AAPL", {bar(1, 10), bar(2, 11)}));
  EXPECT_FALSE(again.committed);
  EXPECT_EQ(again.version, first.version);
  EXPECT_EQ(again.series[0].rows_unchanged, 2);
  EXPECT_EQ(files(), before);
}

TEST_F(DatasetTest, C9RestatesARowAndTheOldVersionStillReadsTheOldValue) {
  auto dataset = open();
  const auto first = commit(dataset, batch_of("AAPL", {bar(1, 10), bar(2, 11)}));
  const TimePoint between = clock_.now();
  const auto second = commit(dataset, batch_of("AAPL", {bar(2, 12), bar(3, 13)}));
  EXPECT_EQ(second.series[0].rows_new, 1);
  EXPECT_EQ(second.series[0].rows_restated, 1);
  EXPECT_THAT(closes(dataset, "AAPL"), ElementsAre(10, 12, 13));
  EXPECT_THAT(closes(dataset, "AAPL", first.version), ElementsAre(10, 11));
  EXPECT_THAT(closes(dataset, "AAPL", between), ElementsAre(10, 11));
  const auto missing = dataset.read({.key = key("AAPL"), .as_of = day(1)});
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
}

TEST_F(DatasetTest, C9OfRowsWithOneKeyTheLastReceivedWins) {
  auto dataset = open();
  std::vector<SeriesBatch> batch = batch_of("AAPL", {bar(1, 10), bar(3, 12)});
  batch[0].bars.push_back(bars(key("AAPL"), {bar(2, 11), bar(3, 99)}));
  batch.push_back(store_test::series(key("AAPL"), {bar(1, 50)}));
  const auto receipt = commit(dataset, std::move(batch));
  EXPECT_EQ(receipt.series[0].rows_new, 3);
  EXPECT_THAT(closes(dataset, "AAPL"), ElementsAre(50, 11, 99));
}

TEST_F(DatasetTest, C9ABatchOfSeveralProvidersSentAgainIsNotNew) {
  auto dataset = open();
  const auto batch = [] {
    std::vector<SeriesBatch> out;
    for (const char* provider : {"a", "b", "c"}) {
      out.push_back(store_test::series(key("AAPL", provider), {bar(1, 10), bar(2, 11)}));
    }
    return out;
  };
  commit(dataset, batch());
  const auto again = commit(dataset, batch());
  EXPECT_FALSE(again.committed);
  for (const auto& series : again.series) EXPECT_EQ(series.rows_unchanged, 2);
}

TEST_F(DatasetTest, OddSymbolsStayApart) {
  auto dataset = open();
  const std::vector<std::string> symbols = {"0005.HK", "^GSPC", "ES=F", "BRK-B", "A/B", "a", "A"};
  std::vector<SeriesBatch> batch;
  batch.reserve(symbols.size());
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    batch.push_back(store_test::series(key(symbols[i]), {bar(1, static_cast<double>(i))}));
  }
  commit(dataset, std::move(batch));
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    EXPECT_THAT(closes(dataset, symbols[i]), ElementsAre(static_cast<double>(i)));
  }
  const auto unknown = dataset.read({.key = key("NONE")});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
}

TEST_F(DatasetTest, ManySmallBatchesAddUp) {
  auto dataset = open();
  std::vector<double> wanted;
  for (int n = 0; n < 40; ++n) {
    commit(dataset, batch_of("AAPL", {bar(n, n + 1)}));
    wanted.push_back(n + 1);
  }
  EXPECT_EQ(closes(dataset, "AAPL"), wanted);
  const auto states = dataset.states({key("AAPL"), key("NONE")});
  ASSERT_TRUE(states.has_value());
  EXPECT_EQ((*states)[0].rows, 40);
  EXPECT_EQ((*states)[0].first_bar, day(0));
  EXPECT_EQ((*states)[0].last_bars.back(), day(39));
  EXPECT_EQ((*states)[1].rows, 0);
}

TEST_F(DatasetTest, TwoWritersTakingTurnsLoseNothing) {
  auto one = open();
  auto other = open();
  for (int n = 0; n < 6; ++n) {
    commit(n % 2 == 0 ? one : other, batch_of("AAPL", {bar(n, n), bar(n + 1, n + 1)}));
  }
  ASSERT_TRUE(one.refresh().has_value());
  EXPECT_THAT(closes(one, "AAPL"), ElementsAre(0, 1, 2, 3, 4, 5, 6));
  const auto states = one.states({key("AAPL")});
  EXPECT_EQ((*states)[0].rows, 7);
  EXPECT_THAT(one.summary()->rebuilt, IsEmpty());
}

TEST_F(DatasetTest, TwoWritersAtOnceLoseNothing) {
  open();
  constexpr int kCommits = 15;
  const auto write = [&](int offset) {
    auto dataset = Dataset::open(directory_.path(), clock_);
    ASSERT_TRUE(dataset.has_value());
    for (int n = 0; n < kCommits; ++n) {
      // Both write day 0 with equal values and a day of their own.
      auto receipt =
          dataset->commit(batch_of("AAPL", {bar(0, 5), bar(1 + 2 * n + offset, 2 * n + offset)}));
      ASSERT_TRUE(receipt.has_value()) << receipt.error().to_line();
    }
  };
  std::thread first(write, 0);
  std::thread second(write, 1);
  first.join();
  second.join();
  auto dataset = open();
  std::vector<double> wanted = {5};
  for (int n = 0; n < 2 * kCommits; ++n) wanted.push_back(n);
  EXPECT_EQ(closes(dataset, "AAPL"), wanted);
  EXPECT_EQ((*dataset.states({key("AAPL")}))[0].rows, 2 * kCommits + 1);
}

Capture capture_of(const std::string& body, TimePoint at) {
  HttpReply reply;
  reply.status = 200;
  reply.body = Body::copy_of(body);
  reply.received_at = at;
  return *make_capture(reply, "GET https://example.test/x", {day(0), day(9)});
}

std::vector<SeriesBatch> full_batch(double close) {
  auto batch = batch_of("AAPL", {bar(1, close), bar(2, close)});
  SeriesBatch& one = batch[0];
  one.captures.push_back(capture_of("body", day(150)));
  one.actions.push_back({.kind = ActionKind::dividend, .ex_date = date_of(day(50)), .amount = 0.5});
  one.instrument = Instrument{.provider = "yahoo", .symbol = "AAPL", .zone = "America/New_York"};
  one.quarantine.push_back(
      {.timestamp = day(3), .reasons = "Q07", .row_text = "x", .capture_id = "c"});
  one.coverage.push_back({.range = {day(0), day(9)}, .state = CoverageState::have, .reason = {}});
  return batch;
}

TEST_F(DatasetTest, SideTablesAreKeptOnce) {
  auto dataset = open();
  commit(dataset, full_batch(10));
  EXPECT_EQ(dataset.quarantined_rows().value_or(-1), 1);
  const auto actions = dataset.actions("yahoo", "AAPL");
  ASSERT_TRUE(actions.has_value());
  ASSERT_EQ(actions->size(), 1U);
  EXPECT_EQ((*actions)[0].amount, 0.5);
  EXPECT_EQ((*dataset.instrument("yahoo", "AAPL"))->zone, "America/New_York");
  const auto before = files();
  EXPECT_FALSE(commit(dataset, full_batch(10)).committed);
  EXPECT_EQ(files(), before);
  auto other = open();  // knows them from the tables
  EXPECT_FALSE(commit(other, full_batch(10)).committed);
  EXPECT_EQ(files(), before);
}

TEST_F(DatasetTest, ADiskFaultAtAnyCallLeavesTheLastVersionIntact) {
  commit(*std::make_unique<Dataset>(open()), full_batch(10));
  for (const bool for_ever : {false, true}) {
    for (int call = 1;; ++call) {
      const TempDirectory copy;
      std::filesystem::copy(directory_.path(), copy.path(),
                            std::filesystem::copy_options::recursive);
      auto plan = std::make_shared<FaultPlan>();
      auto dataset = Dataset::open_on(
          std::make_unique<FaultyFileSystem>(open_posix_file_system(copy.path()), plan),
          copy.path(), clock_, Random(1));
      ASSERT_TRUE(dataset.has_value());
      plan->fail_at = call;
      plan->for_ever = for_ever;
      auto batch = full_batch(20);
      batch[0].bars.push_back(bars(key("AAPL"), {bar(5, 30)}));
      batch[0].actions[0].amount = 0.75;
      const auto failed = dataset->commit(batch);
      if (plan->calls < call) {
        EXPECT_TRUE(failed.has_value());
        EXPECT_GT(call, 10);
        break;
      }
      ASSERT_FALSE(failed.has_value()) << "call " << call;
      EXPECT_EQ(failed.error().code, ErrorCode::disk_full);
      auto after = Dataset::open(copy.path(), clock_);
      ASSERT_TRUE(after.has_value());
      EXPECT_THAT(closes(*after, "AAPL"), ElementsAre(10, 10)) << "call " << call;
      EXPECT_EQ((*after->actions("yahoo", "AAPL"))[0].amount, 0.5) << "call " << call;
      plan->fail_at = 0;  // space is back: the same object goes on
      const auto again = dataset->commit(batch);
      ASSERT_TRUE(again.has_value()) << again.error().to_line();
      EXPECT_THAT(closes(*dataset, "AAPL"), ElementsAre(20, 20, 30)) << "call " << call;
      EXPECT_EQ((*dataset->actions("yahoo", "AAPL"))[0].amount, 0.75) << "call " << call;
    }
  }
}

TEST_F(DatasetTest, CoverageIsRememberedAndFailuresDoNotHideBars) {
  auto dataset = open();
  auto batch = full_batch(10);
  batch[0].coverage.push_back(
      {.range = {day(5), day(20)}, .state = CoverageState::failed, .reason = "VX-2101"});
  commit(dataset, std::move(batch));
  const auto states = dataset.states({key("AAPL")});
  ASSERT_TRUE(states.has_value());
  EXPECT_THAT((*states)[0].coverage,
              ElementsAre(CoverageMark{{day(0), day(9)}, CoverageState::have, ""},
                          CoverageMark{{day(9), day(20)}, CoverageState::failed, "VX-2101"}));
}

TEST_F(DatasetTest, ANewlyLearntEmptyRangeKeepsItsAnswerOnce) {
  auto dataset = open();
  std::vector<SeriesBatch> batch(1);
  batch[0].key = key("HALT");
  batch[0].captures.push_back(capture_of("nothing", day(150)));
  batch[0].coverage.push_back(
      {.range = {day(0), day(9)}, .state = CoverageState::empty, .reason = "no data"});
  EXPECT_FALSE(commit(dataset, batch).committed);
  const auto before = files();
  EXPECT_TRUE(std::filesystem::exists(directory_.path() + "/captures/_delta_log"));
  EXPECT_FALSE(commit(dataset, batch).committed);
  EXPECT_EQ(files(), before);
}

TEST_F(DatasetTest, StateIsRebuiltWhenMissingOrDamaged) {
  {
    auto dataset = open();
    auto batch = full_batch(10);
    batch[0].coverage.push_back(
        {.range = {day(9), day(12)}, .state = CoverageState::empty, .reason = "no data"});
    commit(dataset, std::move(batch));
  }
  const std::string file = directory_.path() + "/state.db";
  const auto check = [&](const std::string& why) {
    auto dataset = open();
    const auto states = dataset.all_states();
    ASSERT_TRUE(states.has_value()) << states.error().to_line();
    ASSERT_EQ(states->size(), 1U);
    EXPECT_EQ((*states)[0].rows, 2);
    EXPECT_THAT((*states)[0].last_bars, ElementsAre(day(1), day(2)));
    EXPECT_THAT((*states)[0].coverage,
                ElementsAre(CoverageMark{{day(0), day(9)}, CoverageState::have, ""},
                            CoverageMark{{day(9), day(12)}, CoverageState::empty, "no data"}));
    EXPECT_THAT(dataset.summary()->rebuilt, HasSubstr(why));
  };
  struct ::stat status{};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file + suffix);
  check("missing");
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(file + suffix);
  std::ofstream(file, std::ios::trunc) << std::string(5000, 'x');
  check("damaged");
}

TEST_F(DatasetTest, RefusesPlacesThatAreNoDataset) {
  const auto code_of = [&](const std::string& path) {
    auto opened = Dataset::open_or_create(path, clock_);
    return opened ? ErrorCode::internal : opened.error().code;
  };
  std::ofstream(directory_.path("file")) << "x";
  EXPECT_EQ(code_of(directory_.path("file")), ErrorCode::not_a_dataset);
  std::filesystem::create_directory(directory_.path("full"));
  std::ofstream(directory_.path("full/thesis.txt")) << "x";
  EXPECT_EQ(code_of(directory_.path("full")), ErrorCode::not_a_dataset);
  EXPECT_EQ(code_of(""), ErrorCode::unsafe_path);
  const auto absent = Dataset::open(directory_.path("absent"), clock_);
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().code, ErrorCode::not_a_dataset);
  EXPECT_FALSE(std::filesystem::exists(directory_.path("absent")));
}

TEST(RawPackTest, GivesBackTheBytesAndNoticesOthers) {
  const TempDirectory directory;
  std::filesystem::create_directory(directory.path());
  const auto files = open_posix_file_system(directory.path());
  Random random(1);
  const Capture one = capture_of("first body", day(1));
  const Capture two = capture_of("", day(2));
  const auto places = write_pack(*files, random, {&one, &two});
  ASSERT_TRUE(places.has_value());
  EXPECT_EQ(read_capture(*files, (*places)[0].in_pack(), one.sha256).value_or("?"), "first body");
  EXPECT_EQ(read_capture(*files, (*places)[1].in_pack(), two.sha256).value_or("?"), "");
  const auto wrong = read_capture(*files, (*places)[0].in_pack(), two.sha256);
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code, ErrorCode::corrupt);
  EXPECT_EQ(capture_of("first body", day(1)).id, one.id);
  EXPECT_NE(capture_of("first body", day(3)).id, one.id);
}

}  // namespace
}  // namespace vortex
