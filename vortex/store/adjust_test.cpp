#include "vortex/store/adjust.hpp"

#include <gmock/gmock.h>

#include "vortex/store/coverage.hpp"
#include "vortex/store/store_test_support.hpp"

namespace vortex {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;

Date date(int n) {
  return date_of(store_test::day(n));
}

// Three days around a 4:1 split on day 1; closes as given.
BarColumns three_days(Adjustment adjusted, Date basis, const std::vector<double>& closes) {
  BarBatchBuilder builder;
  for (std::size_t i = 0; i < closes.size(); ++i) {
    builder.append(store_test::bar(static_cast<int>(i), closes[i]));
  }
  const auto batch = builder.finish({.symbol = "S",
                                     .provider = "p",
                                     .adjusted = adjusted,
                                     .basis = basis,
                                     .transform_timestamp = {},
                                     .capture_id = "c"});
  BarColumns rows;
  EXPECT_TRUE(rows.append(BarColumns::source_of(**batch), 0, (*batch)->num_rows()).has_value());
  return rows;
}

std::vector<double> column(const BarColumns& rows, std::size_t index) {
  std::vector<double> out;
  out.reserve(rows.rows());
  for (std::size_t row = 0; row < rows.rows(); ++row) out.push_back(rows.numbers[index].at(row));
  return out;
}
std::vector<double> closes_of(const BarColumns& rows) {
  return column(rows, 3);
}
std::vector<double> volumes_of(const BarColumns& rows) {
  return column(rows, 4);
}

ActionOnBasis split(int day, double numerator, double denominator = 1) {
  return {.action = {.kind = ActionKind::split,
                     .ex_date = date(day),
                     .numerator = numerator,
                     .denominator = denominator,
                     .currency = {}},
          .basis = date(day)};
}
ActionOnBasis dividend(int day, double amount, int basis) {
  return {.action = {.kind = ActionKind::dividend,
                     .ex_date = date(day),
                     .amount = amount,
                     .currency = {}},
          .basis = date(basis)};
}

TEST(AdjustTest, SplitIsAppliedToRowsAsTraded) {
  auto rows = three_days(Adjustment::none, date(2), {400, 101, 102});
  ASSERT_TRUE(adjust_rows(rows, {split(1, 4)}, {.today = date(9)}).has_value());
  EXPECT_THAT(closes_of(rows), ElementsAre(100, 101, 102));
  EXPECT_THAT(volumes_of(rows), ElementsAre(4000, 1000, 1000));
}

TEST(AdjustTest, SplitAlreadyInTheBasisIsNotAppliedTwice) {
  auto rows = three_days(Adjustment::split, date(2), {100, 101, 102});
  ASSERT_TRUE(adjust_rows(rows, {split(1, 4), split(5, 2)}, {.today = date(9)}).has_value());
  EXPECT_THAT(closes_of(rows), ElementsAre(50, 50.5, 51));
  EXPECT_THAT(volumes_of(rows), ElementsAre(2000, 2000, 2000));
}

TEST(AdjustTest, AnnouncedSplitWaitsForItsDay) {
  auto rows = three_days(Adjustment::split, date(2), {100, 101, 102});
  ASSERT_TRUE(adjust_rows(rows, {split(20, 2)}, {.today = date(9)}).has_value());
  EXPECT_THAT(closes_of(rows), ElementsAre(100, 101, 102));
}

TEST(AdjustTest, NoneUndoesOnlySplitsInTheBasis) {
  auto rows = three_days(Adjustment::split, date(2), {100, 101, 102});
  ASSERT_TRUE(
      adjust_rows(rows, {split(1, 4), split(5, 2)}, {.today = date(9), .target = Adjustment::none})
          .has_value());
  EXPECT_THAT(closes_of(rows), ElementsAre(400, 101, 102));
  EXPECT_THAT(volumes_of(rows), ElementsAre(250, 1000, 1000));
}

TEST(AdjustTest, ReverseSplitRaisesOldPrices) {
  auto rows = three_days(Adjustment::none, date(0), {1, 10, 10});
  ASSERT_TRUE(adjust_rows(rows, {split(1, 1, 10)}, {.today = date(9)}).has_value());
  EXPECT_THAT(closes_of(rows), ElementsAre(10, 10, 10));
}

// Close before the first ex-date 100, amount 2: factor 0.98. Before the second 50, amount 1: 0.98.
TEST(AdjustTest, AllTakesDividendsOffTheCloseBefore) {
  auto rows = three_days(Adjustment::split, date(9), {100, 50, 51});
  ASSERT_TRUE(adjust_rows(rows, {dividend(1, 2, 9), dividend(2, 1, 9)},
                          {.today = date(9), .target = Adjustment::all})
                  .has_value());
  EXPECT_THAT(closes_of(rows), ElementsAre(DoubleEq(100 * 0.98 * 0.98), DoubleEq(50 * 0.98), 51));
  EXPECT_THAT(volumes_of(rows), ElementsAre(1000, 1000, 1000));
}

// The amount was 2 on the shares of day 3; a 2:1 split on day 5 makes it 1 on prices halved.
TEST(AdjustTest, AmountsAreBroughtToTodaysShares) {
  auto rows = three_days(Adjustment::split, date(3), {100, 98, 99});
  ASSERT_TRUE(adjust_rows(rows, {dividend(1, 2, 3), split(5, 2)},
                          {.today = date(9), .target = Adjustment::all})
                  .has_value());
  EXPECT_THAT(closes_of(rows), ElementsAre(DoubleEq(50 * 0.98), 49, 49.5));
}

TEST(AdjustTest, DividendsCannotBeTakenOut) {
  auto rows = three_days(Adjustment::all, date(9), {100, 98, 99});
  const auto refused = adjust_rows(rows, {}, {.today = date(9), .target = Adjustment::split});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
}

TEST(AdjustTest, AWeekBelongsToItsLastDay) {
  auto rows = three_days(Adjustment::none, date(9), {100});  // the week of Monday 2024-01-01
  ASSERT_TRUE(
      adjust_rows(rows, {split(2, 2)}, {.interval = Interval::wk1, .today = date(9)}).has_value());
  EXPECT_THAT(closes_of(rows), ElementsAre(100));  // its close is on the new shares already
  ASSERT_TRUE(
      adjust_rows(rows, {split(7, 2)}, {.interval = Interval::wk1, .today = date(9)}).has_value());
}

CoverageMark mark(int from, int to, CoverageState state, std::string reason = "") {
  return {.range = {store_test::day(from), store_test::day(to)},
          .state = state,
          .reason = std::move(reason)};
}

TEST(CoverageTest, KnowingMoreReplacesKnowingLess) {
  std::vector<CoverageMark> marks;
  add_mark(marks, mark(0, 10, CoverageState::failed, "VX-2101"));
  add_mark(marks, mark(2, 6, CoverageState::empty, "holiday"));
  add_mark(marks, mark(4, 8, CoverageState::have));
  add_mark(marks, mark(3, 9, CoverageState::empty, "no data"));
  EXPECT_THAT(marks, ElementsAre(mark(0, 2, CoverageState::failed, "VX-2101"),
                                 mark(2, 3, CoverageState::empty, "holiday"),
                                 mark(3, 4, CoverageState::empty, "no data"),
                                 mark(4, 8, CoverageState::have),
                                 mark(8, 9, CoverageState::empty, "no data"),
                                 mark(9, 10, CoverageState::failed, "VX-2101")));
  EXPECT_EQ(parse_marks(write_marks(marks)).value_or(std::vector<CoverageMark>{}), marks);
}

TEST(CoverageTest, TouchingRangesThatSayTheSameAreJoined) {
  std::vector<CoverageMark> marks;
  add_mark(marks, mark(0, 2, CoverageState::have));
  add_mark(marks, mark(2, 4, CoverageState::have));
  add_mark(marks, mark(4, 4, CoverageState::failed));
  EXPECT_THAT(marks, ElementsAre(mark(0, 4, CoverageState::have)));
}

TEST(CoverageTest, DamagedTextIsAnError) {
  for (const char* text : {"", "{}", "[[1,2]]", R"([[1,2,"gone",""]])", "[[1,2,\"have\""}) {
    EXPECT_FALSE(parse_marks(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace vortex
