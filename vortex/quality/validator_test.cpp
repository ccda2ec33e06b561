#include "vortex/quality/validator.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/quality/row_judge.hpp"
#include "vortex/quality/series_columns.hpp"

namespace vortex {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// 2024-01-02T14:30Z plus n minutes.
TimePoint minute(std::int64_t n) {
  return from_unix_seconds(1'704'205'800) + std::chrono::minutes{n};
}

BarRow flat_bar(std::int64_t n, double price = 100) {
  return {.timestamp = minute(n),
          .open = price,
          .high = price,
          .low = price,
          .close = price,
          .volume = 5};
}

using Bars = std::vector<BarRow>;

Bars flat_bars(std::int64_t count) {
  Bars bars;
  for (std::int64_t n = 0; n < count; ++n) bars.push_back(flat_bar(n));
  return bars;
}

void set_level(BarRow& bar, double price) {
  bar.open = bar.high = bar.low = bar.close = price;
}

std::shared_ptr<arrow::RecordBatch> batch_of(const Bars& bars, Interval interval = Interval::m1) {
  BarBatchBuilder builder;
  for (const BarRow& bar : bars) builder.append(bar);
  auto batch = builder.finish({.symbol = "AAPL", .provider = "test", .interval = interval});
  EXPECT_TRUE(batch.has_value());
  return *batch;
}

// The builder has no NaN; a hostile batch does.
std::shared_ptr<arrow::RecordBatch> with_value(const std::shared_ptr<arrow::RecordBatch>& batch,
                                               BarColumn column, std::int64_t row, double value) {
  const auto& old = static_cast<const arrow::DoubleArray&>(*batch->column(column));
  std::vector<double> values(old.raw_values(), old.raw_values() + old.length());
  values[static_cast<std::size_t>(row)] = value;
  auto array =
      std::make_shared<arrow::DoubleArray>(old.length(), arrow::Buffer::FromVector(values));
  return *batch->SetColumn(column, batch->schema()->field(column), array);
}

BatchVerdict verdict_of(const std::shared_ptr<arrow::RecordBatch>& batch,
                        const ValidationOptions& options = {}) {
  auto verdict = validate(batch, options);
  EXPECT_TRUE(verdict.has_value()) << verdict.error().to_line();
  return std::move(*verdict);
}

BatchVerdict verdict_of(const Bars& bars, Interval interval = Interval::m1) {
  return verdict_of(batch_of(bars, interval));
}

// "3:Q07 5:Q07,Q09"
std::string quarantined_text(const BatchVerdict& verdict) {
  std::string text;
  for (const QuarantinedRow& row : verdict.quarantined) {
    if (!text.empty()) text += ' ';
    text += std::to_string(row.row) + ":" + rule_ids(row.reasons);
  }
  return text;
}

TEST(RuleTest, SetsListTheirRulesInOrder) {
  const RuleSet reasons = bit(Rule::volume_negative) | bit(Rule::high_too_low);
  EXPECT_EQ(rule_ids(reasons), "Q07,Q09");
  EXPECT_EQ(rules_in(reasons), (std::vector{Rule::high_too_low, Rule::volume_negative}));
  EXPECT_EQ(rule_entry(Rule::level_shift_100).severity, Severity::warning);
}

TEST(ValidatorTest, CleanBatchComesBackAsItIs) {
  const auto batch = batch_of(flat_bars(3000));
  const BatchVerdict verdict = verdict_of(batch);
  EXPECT_EQ(verdict.good.get(), batch.get());
  EXPECT_EQ(verdict.rows, 3000);
  EXPECT_EQ(verdict.errors(), 0);
  EXPECT_EQ(verdict.warnings(), 0);
}

TEST(ValidatorTest, EmptyBatchIsClean) {
  const BatchVerdict verdict = verdict_of(empty_bars());
  EXPECT_EQ(verdict.rows, 0);
  EXPECT_EQ(verdict.good->num_rows(), 0);
}

TEST(ValidatorTest, C7HighAndLowMayEqualButNotCross) {
  Bars bars = flat_bars(4);
  bars[1].high = std::nextafter(100.0, 0.0);
  bars[1].low = 99;
  bars[2].low = std::nextafter(100.0, 200.0);
  bars[2].high = 101;
  EXPECT_EQ(quarantined_text(verdict_of(bars)), "1:Q07 2:Q08");
}

TEST(ValidatorTest, C7OneRowCanHaveManyReasons) {
  Bars bars = flat_bars(3);
  bars[1].high = 90;
  bars[1].low = 110;
  bars[1].volume = -1;
  const BatchVerdict verdict = verdict_of(bars);
  EXPECT_EQ(quarantined_text(verdict), "1:Q07,Q08,Q09");
  EXPECT_EQ(verdict.errors(), 1);
  EXPECT_EQ(verdict.hits_of(Rule::volume_negative), 1);
}

TEST(ValidatorTest, GoodRowsStayWithAllTheirColumns) {
  Bars bars = flat_bars(2500);
  for (std::size_t n = 0; n < bars.size(); ++n) bars[n].volume = static_cast<double>(n);
  bars[0].volume = -1;
  bars[7].volume = -1;
  bars[2499].volume = -1;
  bars[9].final = false;
  const BatchVerdict verdict = verdict_of(bars);
  ASSERT_EQ(verdict.good->num_rows(), 2497);
  ASSERT_TRUE(verdict.good->ValidateFull().ok());
  const auto& volumes = static_cast<const arrow::DoubleArray&>(*verdict.good->column(kVolume));
  const auto& finals = static_cast<const arrow::BooleanArray&>(*verdict.good->column(kFinal));
  EXPECT_EQ(volumes.Value(0), 1);
  EXPECT_EQ(volumes.Value(6), 8);
  EXPECT_FALSE(finals.Value(7));
  EXPECT_TRUE(finals.Value(8));
  EXPECT_EQ(volumes.Value(2496), 2498);
}

TEST(ValidatorTest, SomeNullPricesAreErrorsAndNullVolumeIsAWarning) {
  Bars bars = flat_bars(3);
  bars[1].open = kNan;  // the builder makes it null
  bars[2].volume = kNan;
  const BatchVerdict verdict = verdict_of(bars);
  EXPECT_EQ(quarantined_text(verdict), "1:Q05");
  EXPECT_EQ(verdict.warnings(), 1);
  EXPECT_EQ(verdict.hits_of(Rule::volume_null), 1);
}

TEST(ValidatorTest, C4ValuesThatAreNotFiniteAreErrors) {
  const auto batch = batch_of(flat_bars(6));
  EXPECT_EQ(quarantined_text(verdict_of(with_value(batch, kOpen, 1, kNan))), "1:Q06");
  EXPECT_EQ(quarantined_text(verdict_of(with_value(batch, kHigh, 2, kInfinity))), "2:Q06");
  EXPECT_EQ(quarantined_text(verdict_of(with_value(batch, kLow, 3, -kInfinity))), "3:Q06");
  EXPECT_EQ(quarantined_text(verdict_of(with_value(batch, kVolume, 4, kNan))), "4:Q06");
  EXPECT_EQ(quarantined_text(verdict_of(with_value(batch, kVolume, 5, kInfinity))), "5:Q06");
}

TEST(ValidatorTest, C7ZeroBesidePositivePricesIsAnError) {
  Bars bars = flat_bars(4);
  set_level(bars[1], 0);
  bars[2].low = 0;
  EXPECT_EQ(quarantined_text(verdict_of(bars)), "1:Q10 2:Q10");
}

TEST(ValidatorTest, C7NegativePricesAreLegalAndMakeZerosAndJumpsLegal) {
  Bars bars = flat_bars(6);
  set_level(bars[1], 0);
  set_level(bars[2], -37.63);
  set_level(bars[3], 0.01);
  const BatchVerdict verdict = verdict_of(bars);
  EXPECT_EQ(verdict.errors(), 0);
  EXPECT_EQ(verdict.hits_of(Rule::price_negative), 1);
}

TEST(ValidatorTest, TimeOutsideTheRangeIsAnError) {
  const auto batch = batch_of(flat_bars(5));
  const BatchVerdict verdict = verdict_of(batch, {.range = {minute(1), minute(4)}});
  EXPECT_EQ(quarantined_text(verdict), "0:Q04 4:Q04");
}

TEST(ValidatorTest, C9TheOutlierIsBlamedNotTheRest) {
  Bars bars = flat_bars(6);
  bars[2].timestamp = minute(100);
  EXPECT_EQ(quarantined_text(verdict_of(bars)), "2:Q02");
  bars = flat_bars(6);
  bars[4].timestamp = minute(1) + std::chrono::minutes{-5};
  EXPECT_EQ(quarantined_text(verdict_of(bars)), "4:Q02");
  bars = flat_bars(6);
  bars[0].timestamp = minute(100);
  EXPECT_EQ(quarantined_text(verdict_of(bars)), "0:Q02");
}

TEST(ValidatorTest, C9OfBarsWithOneTimeTheLastStays) {
  Bars bars = flat_bars(4);
  bars[2].timestamp = bars[1].timestamp;
  bars[2].close = bars[2].high = 101;
  const BatchVerdict verdict = verdict_of(bars);
  EXPECT_EQ(quarantined_text(verdict), "1:Q03");
  EXPECT_EQ(verdict.hits_of(Rule::timestamp_duplicate), 1);
}

TEST(ValidatorTest, C9APartialBarDoesNotReplaceAFinalOne) {
  Bars bars = flat_bars(3);
  bars[2].timestamp = bars[1].timestamp;
  bars[2].final = false;
  EXPECT_EQ(quarantined_text(verdict_of(bars)), "2:Q03");
}

TEST(ValidatorTest, ABadBarDoesNotReplaceAGoodOne) {
  Bars bars = flat_bars(4);
  bars[2].timestamp = bars[1].timestamp;
  bars[2].high = 1;
  EXPECT_EQ(quarantined_text(verdict_of(bars)), "2:Q03,Q07");
}

TEST(ValidatorTest, StampsOffTheGridAreErrors) {
  Bars bars = flat_bars(3);
  bars[1].timestamp += std::chrono::seconds{1};
  EXPECT_EQ(quarantined_text(verdict_of(bars)), "1:Q12");
  EXPECT_EQ(quarantined_text(verdict_of(flat_bars(1), Interval::d1)), "0:Q12");
  Bars days = flat_bars(2);
  days[0].timestamp = midnight(Date(std::chrono::days{-400}));  // before 1970
  days[1].timestamp = midnight(Date(std::chrono::days{19'000}));
  EXPECT_EQ(verdict_of(days, Interval::d1).errors(), 0);
}

TEST(ValidatorTest, C7AJumpThatComesBackIsAnError) {
  Bars bars = flat_bars(10);
  set_level(bars[4], 1.01);  // pence as pounds
  set_level(bars[5], 0.99);
  EXPECT_EQ(quarantined_text(verdict_of(bars)), "4:Q11 5:Q11");
  bars = flat_bars(10);
  set_level(bars[4], 1'000'000);  // a split of 10,000 applied to one day
  EXPECT_EQ(quarantined_text(verdict_of(bars)), "4:Q11");
}

TEST(ValidatorTest, ALevelThatStaysIsAWarningOnce) {
  Bars bars = flat_bars(300);
  for (std::size_t n = 100; n < bars.size(); ++n) set_level(bars[n], 1);
  const BatchVerdict verdict = verdict_of(bars);
  EXPECT_EQ(verdict.errors(), 0);
  EXPECT_EQ(verdict.hits_of(Rule::level_shift_100), 1);
}

TEST(ValidatorTest, ALongStayIsTwoShifts) {
  Bars bars = flat_bars(3000);
  for (std::size_t n = 100; n < 100 + kJumpRowsMax; ++n) set_level(bars[n], 1);
  EXPECT_EQ(verdict_of(bars).hits_of(Rule::jump_100), kJumpRowsMax);
  set_level(bars[100 + kJumpRowsMax], 1);
  const BatchVerdict verdict = verdict_of(bars);
  EXPECT_EQ(verdict.errors(), 0);
  EXPECT_EQ(verdict.hits_of(Rule::level_shift_100), 2);
}

TEST(ValidatorTest, C7OnePriceOffByAHundredIsAnErrorAFlashCrashIsNot) {
  Bars bars = flat_bars(8);
  bars[3].high = 10'050;
  bars[5].low = 0.1;  // a factor of 1000 within a minute happened
  const BatchVerdict verdict = verdict_of(bars);
  EXPECT_EQ(quarantined_text(verdict), "3:Q11");
}

TEST(ValidatorTest, RealMovesUpToTheFactorAreKept) {
  Bars bars = flat_bars(4);
  set_level(bars[1], 100 * 49);
  set_level(bars[2], 100 * 49);
  EXPECT_EQ(verdict_of(bars).errors() + verdict_of(bars).warnings(), 0);
}

TEST(ValidatorTest, SlicesAreJudgedLikeWholeBatches) {
  Bars bars = flat_bars(50);
  bars[20].volume = kNan;
  bars[21].open = kNan;
  bars[22].high = 1;
  const auto slice = batch_of(bars)->Slice(19, 10);
  const BatchVerdict verdict = verdict_of(slice);
  EXPECT_EQ(quarantined_text(verdict), "2:Q05 3:Q07");
  EXPECT_EQ(verdict.hits_of(Rule::volume_null), 1);
  ASSERT_EQ(verdict.good->num_rows(), 8);
  EXPECT_TRUE(verdict.good->ValidateFull().ok());
  EXPECT_TRUE(verdict.good->column(kVolume)->IsNull(1));
}

TEST(ValidatorTest, C5AnotherSchemaIsNamed) {
  const auto batch = batch_of(flat_bars(2));
  const auto verdict = validate(*batch->RemoveColumn(kLow));
  ASSERT_FALSE(verdict.has_value());
  EXPECT_EQ(verdict.error().code, ErrorCode::schema);
  EXPECT_NE(verdict.error().message.find("low"), std::string::npos);
}

TEST(ValidatorTest, RowTextNamesTheCellsThatAreThere) {
  Bars bars = flat_bars(1);
  bars[0].open = kNan;
  EXPECT_EQ(row_text(*batch_of(bars), 0).substr(0, 62),
            "timestamp=2024-01-02T14:30:00Z high=100 low=100 close=100 volu");
  EXPECT_LE(row_text(*batch_of(bars), 0).size(), kRowTextBytesMax);
}

void break_row(Bars& bars, std::mt19937& random) {
  BarRow& bar = bars[random() % bars.size()];
  switch (random() % 8) {
    case 0: bar.high = bar.low - 1; break;
    case 1: bar.open = kNan; break;
    case 2: bar.volume = -1; break;
    case 3: set_level(bar, bar.close / 100); break;
    case 4: bar.timestamp -= std::chrono::minutes{random() % 5}; break;
    case 5: bar.timestamp += std::chrono::minutes{random() % 5}; break;
    case 6: set_level(bar, 0); break;
    default: bar.timestamp += std::chrono::seconds{7}; break;
  }
}

// The fast pass may only save work: judging every row must give the same verdict.
TEST(ValidatorTest, SkippingCleanBlocksChangesNothing) {
  std::mt19937 random(20240102);
  for (int round = 0; round < 60; ++round) {
    Bars bars = flat_bars(1 + static_cast<std::int64_t>(random() % 5000));
    const auto faults = random() % 12;
    for (unsigned i = 0; i < faults; ++i) break_row(bars, random);
    const auto batch = batch_of(bars);
    const BatchVerdict verdict = verdict_of(batch);
    const auto columns = series_columns(*batch, ValidationOptions{}.range);
    RowJudge judge(*columns, {.any_negative = false, .any_positive = true});
    judge.start_at(0);
    for (std::int64_t row = 0; row < columns->rows; ++row) judge.judge(row);
    ASSERT_EQ(verdict.quarantined, judge.take_quarantined()) << "round " << round;
    ASSERT_EQ(verdict.hits, judge.hits()) << "round " << round;
    ASSERT_EQ(verdict.good->num_rows() + verdict.errors(), verdict.rows);
  }
}

}  // namespace
}  // namespace vortex
