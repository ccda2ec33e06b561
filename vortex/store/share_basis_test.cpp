#include "vortex/store/share_basis.hpp"

#include <gmock/gmock.h>

#include "vortex/store/store_test_support.hpp"

namespace vortex {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

Date share_day(int n) {
  return date_of(store_test::day(n));
}

BarNumbers numbers(double price, double volume) {
  return {price, price, price, price, volume, kNone, kNone, kNone};
}

RowPair four_for_one(double stored, double incoming, double volume, double volume_now) {
  return {.stored = numbers(stored, volume),
          .incoming = numbers(incoming, volume_now),
          .ratio = 4,
          .incoming_scaled = true};
}

TEST(ShareBasisTest, ARowAsTradedStandsOnItsOwnDaysShares) {
  const BarDays week{.first = share_day(0), .last = share_day(6)};
  EXPECT_EQ(shares_day(week, {.adjusted = Adjustment::none, .basis = share_day(90)}), share_day(6));
  EXPECT_EQ(shares_day(week, {.adjusted = Adjustment::split, .basis = share_day(90)}),
            share_day(90));
  EXPECT_EQ(shares_day(week, {.adjusted = Adjustment::split, .basis = share_day(2)}), share_day(2));
}

TEST(ShareBasisTest, ThereAndBackIsOne) {
  const std::vector<Split> splits = {{share_day(3), 4}, {share_day(5), 0.1}};
  EXPECT_EQ(shares_between(splits, share_day(2), share_day(3)), 4);
  EXPECT_EQ(shares_between(splits, share_day(3), share_day(9)), 0.1);
  EXPECT_DOUBLE_EQ(shares_between(splits, share_day(0), share_day(9)) *
                       shares_between(splits, share_day(9), share_day(0)),
                   1);
}

TEST(ShareBasisTest, RoundingToCentsExplainsACentsHalfAndNotMore) {
  EXPECT_TRUE(same_but_for_rounding(four_for_one(203.05, 50.76, 1000, 4000)));  // 50.7625
  EXPECT_FALSE(same_but_for_rounding(four_for_one(203.05, 50.77, 1000, 4000)));
  EXPECT_FALSE(same_but_for_rounding(four_for_one(203.05, 50.7631, 1000, 4000)));
}

TEST(ShareBasisTest, ThirtyTwoBitNumbersMayDifferInTheirLastBit) {
  const auto as_float = [](double value) {
    return static_cast<double>(static_cast<float>(value));
  };
  RowPair pair = four_for_one(as_float(203.05), as_float(203.05 / 3), 1000, 3000);
  pair.ratio = 3;
  EXPECT_TRUE(same_but_for_rounding(pair));
  pair.incoming = numbers(as_float(203.05 / 3 * (1 + 1e-6)), 3000);
  EXPECT_FALSE(same_but_for_rounding(pair));
}

TEST(ShareBasisTest, WhatWasNotScaledWasNotRounded) {
  RowPair pair = four_for_one(203.04, 50.764, 1000, 4000);  // 50.76
  pair.incoming_scaled = false;
  EXPECT_FALSE(same_but_for_rounding(pair));
  pair.incoming = numbers(50.76, 4000);
  EXPECT_TRUE(same_but_for_rounding(pair));
}

TEST(ShareBasisTest, AVolumeMayLoseAPartOfAShareForEachScaling) {
  RowPair pair = four_for_one(10, 100, 1005, 100);  // 1 for 10
  pair.ratio = 0.1;
  EXPECT_TRUE(same_but_for_rounding(pair));
  pair.incoming = numbers(100, 102);
  EXPECT_FALSE(same_but_for_rounding(pair));
  pair.incoming = numbers(100, 100.4);  // fractions are told in full
  EXPECT_FALSE(same_but_for_rounding(pair));
}

TEST(ShareBasisTest, CountsAreNotSharesAndMissingIsNotNothing) {
  RowPair pair = four_for_one(400, 100, 1000, 4000);
  pair.stored[6] = pair.incoming[6] = 17;  // trade_count
  EXPECT_TRUE(same_but_for_rounding(pair));
  pair.incoming[6] = 68;
  EXPECT_FALSE(same_but_for_rounding(pair));
  pair.incoming[6] = kNone;
  EXPECT_FALSE(same_but_for_rounding(pair));
}

TEST(ShareBasisTest, DividendsInAPriceStayThere) {
  EXPECT_TRUE(check_convertible(Adjustment::none, Adjustment::split).has_value());
  EXPECT_TRUE(check_convertible(Adjustment::split, Adjustment::all).has_value());
  EXPECT_FALSE(check_convertible(Adjustment::all, Adjustment::split).has_value());
}

}  // namespace
}  // namespace vortex
