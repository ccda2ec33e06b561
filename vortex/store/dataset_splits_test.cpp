// Corporate actions through the whole commit: what a split makes of rows that are stored, asked
// again and read.

#include <algorithm>

#include <gmock/gmock.h>

#include "vortex/store/splits_for_test.hpp"

namespace vortex {
namespace {

using store_test::scaled;
using store_test::split_day;
using store_test::split_on;
using store_test::SplitTest;
using store_test::traded;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(SplitTest, ASplitIsOneRevisionAndStoredRowsStayAsReceived) {
  const std::vector<BarRow> old = {traded(0, 400), traded(1, 404), traded(2, 408)};
  commit(told(3, old));
  const auto receipt =
      commit(told(6, {scaled(old[1], 4), scaled(old[2], 4), traded(5, 103)}, {split_on(5, 4)}));
  EXPECT_EQ(receipt.rows_unchanged, 2);
  EXPECT_EQ(receipt.rows_restated, 0);
  EXPECT_EQ(receipt.rows_new, 1);
  ASSERT_THAT(kinds(), ElementsAre("split"));
  EXPECT_EQ(revisions()[0].day, split_day(5));
  EXPECT_EQ(revisions()[0].old_close / revisions()[0].new_close, 4);
  EXPECT_EQ(revisions()[0].new_volume, 4);
  EXPECT_THAT(closes(Adjustment::split), ElementsAre(100, 101, 102, 103));
  EXPECT_THAT(closes(Adjustment::none), ElementsAre(400, 404, 408, 103));
}

TEST_F(SplitTest, ASplitToldAgainOrMetAgainIsNoSecondRevision) {
  const std::vector<BarRow> old = {traded(0, 400), traded(1, 404), traded(2, 408)};
  commit(told(3, old));
  commit(told(6, {scaled(old[1], 4), scaled(old[2], 4)}, {split_on(5, 4)}));
  commit(told(7, {scaled(old[1], 4), scaled(old[2], 4)}, {split_on(5, 4)}));
  dataset_ = open();  // knows it from the table
  commit(told(8, {scaled(old[0], 4), scaled(old[2], 4), traded(7, 103)}));
  EXPECT_THAT(kinds(), ElementsAre("split"));
}

TEST_F(SplitTest, ASplitAlreadyStoredExplainsAnAnswerThatDoesNotTellIt) {
  const std::vector<BarRow> old = {traded(0, 400), traded(1, 404)};
  commit(told(3, old, {split_on(5, 0.1)}));  // announced
  EXPECT_THAT(kinds(), ElementsAre());
  commit(told(6, {scaled(old[0], 0.1), scaled(old[1], 0.1)}));
  EXPECT_THAT(kinds(), ElementsAre("split"));
  EXPECT_THAT(closes(Adjustment::split), ElementsAre(4000, 4040));
}

TEST_F(SplitTest, ARealCorrectionAcrossASplitIsOneRestatedRowOnTheOldShares) {
  const std::vector<BarRow> old = {traded(0, 400), traded(1, 404), traded(2, 408)};
  commit(told(3, old));
  BarRow corrected = scaled(old[1], 4);
  corrected.close = 101.5;
  const auto receipt =
      commit(told(6, {scaled(old[0], 4), corrected, scaled(old[2], 4)}, {split_on(5, 4)}));
  EXPECT_EQ(receipt.rows_restated, 1);
  EXPECT_EQ(receipt.rows_unchanged, 2);
  auto found = revisions();
  std::ranges::sort(found, {}, &Revision::kind);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].kind, "restated");
  EXPECT_EQ(found[0].old_close, 404);
  EXPECT_EQ(found[0].new_close, 406);  // 101.5 on the shares of day 3
  EXPECT_EQ(found[1].kind, "split");
  EXPECT_THAT(closes(Adjustment::split), ElementsAre(100, 101.5, 102));
}

TEST_F(SplitTest, AProviderThatWaitsWithASplitIsTakenAsItIs) {
  const std::vector<BarRow> rows = {traded(0, 400), traded(1, 404), traded(2, 408), traded(3, 412)};
  commit(told(3, {rows[0], rows[1]}));
  // Day 4 is the split's; the prices told in its morning are still on the old shares.
  const auto morning = commit(told(4, rows, {split_on(4, 4)}));
  EXPECT_EQ(morning.rows_unchanged, 2);
  EXPECT_EQ(morning.rows_new, 2);
  EXPECT_THAT(kinds(), ElementsAre());
  EXPECT_THAT(closes(Adjustment::split), ElementsAre(100, 101, 102, 103));
  std::vector<BarRow> later;
  later.reserve(rows.size());
  for (const BarRow& row : rows) later.push_back(scaled(row, 4));
  EXPECT_EQ(commit(told(5, later, {split_on(4, 4)})).rows_unchanged, 4);
  EXPECT_THAT(kinds(), ElementsAre("split"));
  EXPECT_THAT(closes(Adjustment::split), ElementsAre(100, 101, 102, 103));
}

TEST_F(SplitTest, AProviderThatIsEarlyWithASplitIsTakenAsItIs) {
  const std::vector<BarRow> rows = {traded(0, 400), traded(1, 404), traded(2, 408)};
  commit(told(2, {rows[0], rows[1]}));
  std::vector<BarRow> early;
  early.reserve(rows.size());
  for (const BarRow& row : rows) early.push_back(scaled(row, 4));
  const auto receipt = commit(told(3, early, {split_on(4, 4)}));
  EXPECT_EQ(receipt.rows_unchanged, 2);
  EXPECT_THAT(kinds(), ElementsAre("split"));
  EXPECT_THAT(closes(Adjustment::split), ElementsAre(100, 101, 102));
  EXPECT_THAT(closes(Adjustment::none), ElementsAre(400, 404, 408));
}

TEST_F(SplitTest, OneFactorWithoutAKnownSplitIsRefusedWithEvidence) {
  const std::vector<BarRow> old = {traded(0, 400), traded(1, 404), traded(2, 408)};
  commit(told(3, old));
  SeriesBatch odd = told(6, {scaled(old[1], 4), scaled(old[2], 4), traded(5, 103)});
  odd.coverage.push_back({.range = {store_test::day(3), store_test::day(6)},
                          .state = CoverageState::have,
                          .reason = {}});
  std::vector<SeriesBatch> batch;
  batch.push_back(std::move(odd));
  batch.push_back(store_test::series(store_test::key("OTHER"), {store_test::bar(1, 5)}));
  const auto receipt = dataset_.commit(std::move(batch));
  ASSERT_TRUE(receipt.has_value());
  ASSERT_TRUE(receipt->series[0].refused.has_value());
  EXPECT_EQ(receipt->series[0].refused->code, ErrorCode::mismatch);
  EXPECT_THAT(receipt->series[0].refused->message, HasSubstr("0.25"));
  EXPECT_THAT(receipt->series[0].refused->evidence, HasSubstr("408 stored, 102 received"));
  EXPECT_EQ(receipt->series[1].rows_new, 1);  // the others go on
  EXPECT_THAT(closes(Adjustment::split), ElementsAre(400, 404, 408));
  EXPECT_THAT(kinds(), ElementsAre());
  const auto states = dataset_.states({{.provider = "p", .symbol = "S"}});
  EXPECT_THAT(states->front().coverage.back().reason, "VX-4004");
  // Once the provider tells it, the same answer is good.
  commit(told(7, {scaled(old[1], 4), scaled(old[2], 4), traded(5, 103)}, {split_on(5, 4)}));
  EXPECT_THAT(closes(Adjustment::split), ElementsAre(100, 101, 102, 103));
}

TEST_F(SplitTest, AWholeSeriesOnAnotherBasisIsARestatement) {
  const std::vector<BarRow> old = {traded(0, 400), traded(1, 404), traded(2, 408)};
  commit(told(3, old));
  std::vector<BarRow> all;
  all.reserve(old.size());
  for (const BarRow& row : old) all.push_back(scaled(row, 100));
  EXPECT_EQ(commit(told(6, all)).rows_restated, 3);
  EXPECT_THAT(kinds(), ElementsAre("restated", "restated", "restated"));
}

TEST_F(SplitTest, PricesWithDividendsInThemDoNotJoinThoseWithout) {
  commit(told(3, {traded(0, 400), traded(1, 404)}));
  const auto receipt = commit(told(6, {traded(1, 400), traded(2, 408)}, {}, Adjustment::all));
  ASSERT_TRUE(receipt.refused.has_value());
  EXPECT_EQ(receipt.refused->code, ErrorCode::mismatch);
}

}  // namespace
}  // namespace vortex
