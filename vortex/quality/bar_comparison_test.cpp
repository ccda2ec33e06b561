#include "vortex/quality/bar_comparison.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "vortex/codec/bar_batch_builder.hpp"

namespace vortex {
namespace {

TimePoint compared_day(std::int64_t n) {
  return TimePoint(std::chrono::sys_days(std::chrono::year(2024) / 1 / 1)) + std::chrono::days(n);
}

using Series = std::vector<BarRow>;

double cents(double price) {
  return std::round(price * 100) / 100;
}

// Bars with a range, on cents, none of whose neighbours or fields have a factor of the table.
Series plain_series(std::int64_t count) {
  Series bars;
  for (std::int64_t n = 0; n < count; ++n) {
    const double base = cents(100 + 3 * std::sin(static_cast<double>(n)));
    bars.push_back({.timestamp = compared_day(n),
                    .open = base,
                    .high = cents(base + 1.37),
                    .low = cents(base - 1.21),
                    .close = cents(base + 0.44),
                    .volume = 1'000'000 + static_cast<double>(n) * 777});
  }
  return bars;
}

std::shared_ptr<arrow::RecordBatch> compared_batch(const Series& bars) {
  BarBatchBuilder builder;
  for (const BarRow& bar : bars) builder.append(bar);
  auto batch = builder.finish({.symbol = "AAPL", .provider = "test"});
  EXPECT_TRUE(batch.has_value());
  return *batch;
}

BarComparison compared(const Series& first, const Series& second,
                       const CompareOptions& options = {.tick = 0.01}) {
  auto found = compare_bars(*compared_batch(first), *compared_batch(second), options);
  EXPECT_TRUE(found.has_value()) << found.error().to_line();
  return std::move(*found);
}

std::int64_t day_of(TimePoint time) {
  return (time - compared_day(0)) / std::chrono::days(1);
}

// "3:close 5:-second", the runs before: "4:1@0..9 volume 100:1@2..4 |"
std::string told(const BarComparison& found) {
  std::string text;
  for (const FactorRun& run : found.factors) {
    text += fmt::format("{}{}@{}..{} ", run.is_volume ? "volume " : "", to_string(run.factor),
                        day_of(run.first), day_of(run.last));
  }
  if (!text.empty()) text += "| ";
  for (const BarDifference& one : found.differences) {
    const std::string what = one.kind == DifferenceKind::value ? std::string(to_string(one.field))
                             : one.kind == DifferenceKind::missing_first ? "-first"
                                                                         : "-second";
    text += fmt::format("{}:{} ", day_of(one.time), what);
  }
  if (!text.empty()) text.pop_back();
  return text;
}

void scale_prices(BarRow& bar, double factor) {
  for (double* price : {&bar.open, &bar.high, &bar.low, &bar.close}) *price *= factor;
}

TEST(BarComparisonTest, EqualSeriesAgree) {
  const Series bars = plain_series(50);
  const BarComparison found = compared(bars, bars);
  EXPECT_TRUE(found.agree());
  EXPECT_EQ(found.bars_equal, 50);
  EXPECT_EQ(found.agreement(), 1.0);
  EXPECT_TRUE(compared({}, {}).agree());
}

TEST(BarComparisonTest, ATickIsADifferenceAndHalfOfItIsNot) {
  const Series bars = plain_series(10);
  Series other = bars;
  other[3].close += 0.004;
  other[4].close += 0.01;
  EXPECT_EQ(told(compared(bars, other)), "4:close");
  EXPECT_EQ(told(compared(bars, other, {.tick = 0.01, .ticks = 0})), "3:close 4:close");
  EXPECT_EQ(told(compared(bars, other, {.tick = 0.01, .ticks = 1})), "");
}

TEST(BarComparisonTest, WithoutATickAShareOfThePriceCounts) {
  const Series bars = plain_series(10);
  Series other = bars;
  other[3].low *= 1.00005;
  other[4].low *= 0.9998;
  EXPECT_EQ(told(compared(bars, other, {})), "4:low");
}

TEST(BarComparisonTest, ATickBeforeASplitIsSoMuchSmaller) {
  const Series bars = plain_series(10);
  Series other = bars;
  other[2].close += 0.004;  // more than half of a tick of 0.01 / 4
  other[7].close += 0.004;
  const CompareOptions options{.tick = 0.01,
                               .tick_steps = {{.before = compared_day(5), .shares = 4}}};
  EXPECT_EQ(told(compared(bars, other, options)), "2:close");
}

TEST(BarComparisonTest, FloatsOf32BitsAreTheSamePrice) {
  const Series bars = plain_series(20);
  Series other = bars;
  for (BarRow& bar : other) bar.close = static_cast<double>(static_cast<float>(bar.close));
  EXPECT_TRUE(compared(bars, other, {.tick = 0.01, .ticks = 0}).agree());
}

TEST(BarComparisonTest, VolumesHaveATolerance) {
  const Series bars = plain_series(10);
  Series other = bars;
  other[3].volume *= 1.0005;
  other[5].volume *= 1.01;
  EXPECT_EQ(told(compared(bars, other)), "5:volume");
  EXPECT_EQ(told(compared(bars, other, {.tick = 0.01, .volume_tolerance = 0.1})), "");
}

TEST(BarComparisonTest, OnlyWhatBothCoverCanBeMissing) {
  const Series bars = plain_series(20);
  Series first(bars.begin() + 2, bars.end());
  Series second(bars.begin(), bars.end() - 3);
  std::erase_if(first, [](const BarRow& bar) { return bar.timestamp == compared_day(7); });
  std::erase_if(second, [](const BarRow& bar) { return bar.timestamp == compared_day(9); });
  const BarComparison found = compared(first, second);
  EXPECT_EQ(told(found), "7:-first 9:-second");
  EXPECT_EQ(std::pair(found.missing_first, found.missing_second), std::pair(1L, 1L));

  RangeSet asked;
  asked.add({compared_day(1), compared_day(8)});
  asked.add({compared_day(18), compared_day(19)});
  EXPECT_EQ(told(compared(first, second, {.tick = 0.01, .covered = asked})),
            "1:-first 7:-first 18:-second");
}

TEST(BarComparisonTest, ANullIsADifferenceUnlessBothHaveIt) {
  Series bars = plain_series(5);
  bars[1].volume = BarBatchBuilder::kMissing;
  Series other = bars;
  other[2].volume = BarBatchBuilder::kMissing;
  other[3].open = BarBatchBuilder::kMissing;
  const BarComparison found = compared(bars, other);
  EXPECT_EQ(told(found), "2:volume 3:open");
  EXPECT_FALSE(found.differences[0].second.has_value());
}

TEST(BarComparisonTest, BarsThatCanStillChangeAreNotCompared) {
  const Series bars = plain_series(5);
  Series other = bars;
  other[4].close += 1;
  other[4].final = false;
  const BarComparison found = compared(bars, other);
  EXPECT_TRUE(found.agree());
  EXPECT_EQ(found.bars_unfinal, 1);
}

TEST(BarComparisonTest, PenceAreNamedOnce) {
  const Series bars = plain_series(30);
  Series other = bars;
  for (BarRow& bar : other) scale_prices(bar, 100);
  const BarComparison found = compared(bars, other);
  EXPECT_EQ(told(found), "100:1@0..29 |");
  EXPECT_EQ(found.factors[0].factor.kind(), FactorKind::units);
  EXPECT_EQ(found.bars_scaled, 30);
  EXPECT_EQ(told(compared(other, bars)), "1:100@0..29 |");
}

TEST(BarComparisonTest, OneDayInPenceIsARunOfItsOwn) {
  const Series bars = plain_series(10);
  Series other = bars;
  scale_prices(other[4], 0.01);
  EXPECT_EQ(told(compared(bars, other)), "1:100@4..4 |");
}

TEST(BarComparisonTest, ASplitIsNamedFromItsDayBack) {
  for (const Factor factor : {Factor{4, 1}, Factor{3, 2}, Factor{1, 10}, Factor{21, 20}}) {
    const Series bars = plain_series(40);
    Series other = bars;
    for (std::size_t i = 0; i < 25; ++i) {
      scale_prices(other[i], factor.value());
      other[i].volume /= factor.value();
    }
    const BarComparison found = compared(bars, other);
    EXPECT_EQ(told(found), fmt::format("{}@0..24 |", to_string(factor)));
    EXPECT_EQ(found.bars_equal, 15);
  }
}

TEST(BarComparisonTest, ASplitInThePricesAloneIsTheSameSplit) {
  const Series bars = plain_series(40);
  Series other = bars;
  for (std::size_t i = 0; i < 25; ++i) scale_prices(other[i], 2);
  EXPECT_EQ(told(compared(bars, other)), "2:1@0..24 |");
}

TEST(BarComparisonTest, AnErrorWithinASplitRunIsStillFound) {
  const Series bars = plain_series(40);
  Series other = bars;
  for (std::size_t i = 0; i < 25; ++i) scale_prices(other[i], 2);
  other[10].close += 0.5;
  other[24].high += 0.5;
  for (double* price : {&other[0].open, &other[0].low}) *price += 0.7;
  const BarComparison found = compared(bars, other);
  EXPECT_EQ(told(found), "2:1@0..24 | 0:open 0:low 10:close 24:high");
  EXPECT_EQ(found.differences[0].factor, (Factor{2, 1}));
}

TEST(BarComparisonTest, AnyOtherRatioIsToldBarByBar) {
  const Series bars = plain_series(4);
  Series other = bars;
  for (BarRow& bar : other) scale_prices(bar, 1.37);
  EXPECT_EQ(compared(bars, other).differences_total, 16);
}

TEST(BarComparisonTest, AFlatBarAloneIsNoSplit) {
  Series bars = plain_series(10);
  for (BarRow& bar : bars) bar.open = bar.high = bar.low = bar.close;
  Series other = bars;
  scale_prices(other[4], 2);
  EXPECT_EQ(told(compared(bars, other)), "4:open 4:high 4:low 4:close");
  for (const std::size_t i : {5U, 6U}) scale_prices(other[i], 2);
  EXPECT_EQ(told(compared(bars, other)), "2:1@4..6 |");
}

TEST(BarComparisonTest, PricesThatAreSmallBesideTheTickShowNoFactor) {
  Series bars = plain_series(3);
  for (BarRow& bar : bars) {
    bar.open = bar.low = 0.02;
    bar.high = bar.close = 0.03;
  }
  Series other = bars;
  for (BarRow& bar : other) scale_prices(bar, 2);
  const BarComparison found = compared(bars, other);
  EXPECT_TRUE(found.factors.empty());
  EXPECT_EQ(found.bars_differing, 3);
}

TEST(BarComparisonTest, VolumesInLotsAreNamedOnce) {
  const Series bars = plain_series(10);
  Series other = bars;
  for (std::size_t i = 2; i < 8; ++i) other[i].volume /= 100;
  EXPECT_EQ(told(compared(bars, other)), "volume 1:100@2..7 |");
  Series twice = bars;
  twice[3].volume *= 2;
  twice[4].volume *= 2;
  EXPECT_EQ(told(compared(bars, twice)), "3:volume 4:volume") << "too few to be a run";
}

TEST(BarComparisonTest, WhatIsListedIsBoundedAndAllIsCounted) {
  const Series bars = plain_series(100);
  Series other = bars;
  for (BarRow& bar : other) bar.close += 0.3;
  const BarComparison found = compared(bars, other, {.tick = 0.01, .listed_max = 7});
  EXPECT_EQ(found.differences.size(), 7U);
  EXPECT_EQ(found.differences_total, 100);
  EXPECT_EQ(found.fields[static_cast<std::size_t>(BarField::close)].differing, 100);
  EXPECT_NEAR(found.fields[static_cast<std::size_t>(BarField::close)].largest, 0.003, 1e-3);
}

// Everything that is planted is found, and nothing else; and the other way round.
TEST(BarComparisonTest, FindsWhatIsPlantedAndNothingElse) {
  for (unsigned seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937 random(seed);
    const auto below = [&](std::int64_t n) {
      return std::uniform_int_distribution<std::int64_t>(0, n - 1)(random);
    };
    const std::int64_t count = 60 + below(60);
    const Series bars = plain_series(count);
    Series other = bars;
    const std::int64_t split_until = below(3) == 0 ? 10 + below(40) : 0;
    constexpr Factor kSplits[] = {{2, 1}, {3, 2}, {1, 5}, {100, 1}};
    const Factor factor = kSplits[below(4)];
    for (std::int64_t n = 0; n < split_until; ++n) {
      scale_prices(other[static_cast<std::size_t>(n)], factor.value());
    }
    std::set<std::pair<std::int64_t, std::string>> planted;
    std::set<std::int64_t> gone;
    for (std::int64_t plants = below(20); plants > 0; --plants) {
      // The last of a run and the first bars after it belong to the run's own edge.
      const std::int64_t at = 1 + below(count - 2);
      if (at == split_until || at == split_until - 1 || gone.contains(at)) continue;
      BarRow& bar = other[static_cast<std::size_t>(at)];
      double* const fields[] = {&bar.open, &bar.high, &bar.low, &bar.close, &bar.volume};
      const std::int64_t field = below(6);
      if (field == 5) {
        if (std::ranges::any_of(planted, [&](const auto& one) { return one.first == at; }))
          continue;
        gone.insert(at);
        planted.insert({at, "-second"});
        continue;
      }
      const std::string name(to_string(static_cast<BarField>(field)));
      if (!planted.insert({at, name}).second) continue;
      *fields[field] *= field == 4 ? 1.0173 : 1.0007 + 0.01 * static_cast<double>(field);
    }
    std::erase_if(other, [&](const BarRow& bar) { return gone.contains(day_of(bar.timestamp)); });
    const BarComparison found = compared(bars, other);
    std::set<std::pair<std::int64_t, std::string>> listed;
    for (const BarDifference& one : found.differences) {
      listed.insert({day_of(one.time), one.kind == DifferenceKind::value
                                           ? std::string(to_string(one.field))
                                           : "-second"});
    }
    EXPECT_EQ(listed, planted);
    EXPECT_EQ(found.differences_total, std::ssize(planted));
    ASSERT_EQ(found.factors.size(), split_until > 0 ? 1U : 0U) << told(found);
    if (split_until > 0) EXPECT_EQ(found.factors[0].factor, factor);
    const BarComparison mirrored = compared(other, bars);
    EXPECT_EQ(mirrored.differences_total, found.differences_total);
    EXPECT_EQ(mirrored.missing_first, found.missing_second);
  }
}

TEST(PriceFactorTest, NoTwoFactorsAreNear) {
  EXPECT_EQ(nearest_factor(2.005), (Factor{2, 1}));
  EXPECT_EQ(nearest_factor(0.01), (Factor{1, 100}));
  for (const double ratio : {1.0, 1.02, 2.2, 37.0, 0.0, -2.0, 1e300, std::nan("")})
    EXPECT_FALSE(nearest_factor(ratio).has_value()) << ratio;
  EXPECT_EQ((Factor{100, 1}).kind(), FactorKind::units);
  EXPECT_EQ((Factor{1, 4}).kind(), FactorKind::split);
}

}  // namespace
}  // namespace vortex
