// A series fetched whole, and in parts across its splits, reads the same.

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <gmock/gmock.h>

#include "vortex/base/time_zone.hpp"
#include "vortex/store/share_basis.hpp"
#include "vortex/store/splits_for_test.hpp"

namespace vortex {
namespace {

using store_test::scaled;
using store_test::split_day;
using store_test::SplitTest;
using store_test::traded;
using testing::DoubleNear;

// A made-up company: what was traded, split and paid; and a provider that shows it on any day.
struct Company {
  enum class Numbers : std::uint8_t { exact, floats, cents };

  explicit Company(std::uint64_t seed) : random(seed) {
    numbers = static_cast<Numbers>(random.below(3));
    zone = *TimeZone::find("America/New_York");
    interval =
        std::array{Interval::d1, Interval::wk1, Interval::mo1, Interval::h4}[random.below(4)];
    double price = 300 + 200 * random.uniform();  // traded in cents, where numbers are decimals
    for (int n = 0; n < kDays; ++n) {
      if (random.below(30) == 0) {
        const double ratio = std::array{4.0, 2.0, 1.5, 3.0, 0.1, 0.2}[random.below(6)];
        splits.push_back({.ex_date = split_day(n), .ratio = ratio});
        price /= ratio;
      }
      if (random.below(25) == 0) payments[split_day(n)] = price * 0.01;
      price *= 1 + 0.01 * random.normal();
      BarRow day = traded(n, price, 1e7 + std::round(1e6 * random.uniform()));
      for (double* one : {&day.open, &day.high, &day.low, &day.close}) {
        *one = numbers == Numbers::cents ? std::round(*one * 1e2) / 1e2 : shown(*one);
      }
      days.push_back(day);
    }
  }

  double shown(double value) const {
    if (numbers == Numbers::floats) return static_cast<double>(static_cast<float>(value));
    return numbers == Numbers::cents ? std::round(value * 1e4) / 1e4 : value;
  }

  BarRow on_basis(int n, int basis) const {
    const double ratio =
        shares_between(splits, split_day(n), std::max(split_day(n), split_day(basis)));
    BarRow row = days[static_cast<std::size_t>(n)];
    row = scaled(row, ratio);
    for (double* price : {&row.open, &row.high, &row.low, &row.close}) *price = shown(*price);
    return row;
  }

  // The bars of days [from, to) that are whole, with their prices on the basis.
  std::vector<BarRow> bars(int from, int to, int basis) const {
    std::vector<BarRow> out;
    for (int n = 0; n < to; ++n) {
      BarRow row = on_basis(n, basis);
      if (interval == Interval::h4) {  // the second begins after midnight UTC, on the same session
        if (n < from) continue;
        for (const int hour : {15, 26}) {
          row.timestamp = store_test::day(n) + std::chrono::hours{hour};
          out.push_back(row);
          row.close = row.high;
        }
        continue;
      }
      const Date bar = bar_date(interval, split_day(n));
      row.timestamp = midnight(bar);
      const bool whole = next_bar_date(interval, bar) <= split_day(to);
      if (bar < split_day(from) || !whole) continue;
      if (!out.empty() && out.back().timestamp == row.timestamp) {
        out.back().high = std::max(out.back().high, row.high);
        out.back().low = std::min(out.back().low, row.low);
        out.back().close = row.close;
        out.back().volume += row.volume;
      } else {
        out.push_back(row);
      }
    }
    for (BarRow& row : out) row.volume = std::round(row.volume);
    return out;
  }

  std::vector<CorporateAction> actions(int from, int basis) const {
    std::vector<CorporateAction> out;
    for (const Split& split : splits) {
      if (split.ex_date < split_day(from) || split.ex_date > split_day(basis)) continue;
      out.push_back({.kind = ActionKind::split,
                     .ex_date = split.ex_date,
                     .numerator = split.ratio,
                     .denominator = 1,
                     .currency = {}});
    }
    for (const auto& [ex_date, amount] : payments) {
      if (ex_date < split_day(from) || ex_date > split_day(basis)) continue;
      out.push_back({.kind = ActionKind::dividend,
                     .ex_date = ex_date,
                     .amount = amount / shares_between(splits, ex_date, split_day(basis)),
                     .currency = {}});
    }
    return out;
  }

  static constexpr int kDays = 150;
  Random random;
  Numbers numbers = Numbers::exact;
  Interval interval = Interval::d1;
  TimeZone zone = TimeZone::utc();
  std::vector<Split> splits;
  std::map<Date, double> payments;
  std::vector<BarRow> days;
};

class SplitPropertyTest : public SplitTest {
 protected:
  SeriesBatch answer(const Company& company, int from, int to, int shares) {
    SeriesBatch series = told(to, company.bars(from, to, shares), company.actions(from, to),
                              Adjustment::split, company.interval);
    series.instrument =
        Instrument{.provider = "p", .symbol = "S", .zone = std::string(company.zone.name())};
    return series;
  }

  // The first day of the fifth bar from the end.
  static int overlap_day(const Company& company, int to) {
    const auto bars = company.bars(0, to, to);
    if (bars.size() < 5) return 0;
    const Date first = company.interval == Interval::h4
                           ? company.zone.local_date(bars[bars.size() - 5].timestamp)
                           : date_of(bars[bars.size() - 5].timestamp);
    return static_cast<int>((first - split_day(0)).count());
  }

  void fresh() {
    disk_ = std::make_shared<MemoryDisk>();
    dataset_ = open();
  }
};

TEST_F(SplitPropertyTest, WholeOrInPartsTheSameIsRead) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Company company(seed);
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", " << to_string(company.interval)
                                    << ", numbers " << static_cast<int>(company.numbers));
    const double room = company.numbers == Company::Numbers::exact    ? 1e-9
                        : company.numbers == Company::Numbers::floats ? 1e-6
                                                                      : 1e-3;
    fresh();
    commit(answer(company, 0, Company::kDays, Company::kDays));
    std::map<Adjustment, std::vector<double>> whole;
    for (const auto adjust : {Adjustment::none, Adjustment::split, Adjustment::all}) {
      whole[adjust] = closes(adjust, company.interval);
    }
    fresh();
    int last = 0;
    for (int to = 20 + static_cast<int>(company.random.below(20));;) {
      // On a split's own day the provider may not have divided yet.
      const bool ex_day =
          std::ranges::find(company.splits, split_day(to), &Split::ex_date) != company.splits.end();
      const bool late = last > 0 && to < Company::kDays && ex_day && company.random.below(2) == 0;
      const auto receipt = commit(
          answer(company, last == 0 ? 0 : overlap_day(company, last), to, late ? to - 1 : to));
      EXPECT_EQ(receipt.rows_restated, 0);
      EXPECT_FALSE(receipt.refused.has_value()) << receipt.refused->to_line();
      if (to == Company::kDays) break;
      last = to;
      to = std::min(Company::kDays, to + 1 + static_cast<int>(company.random.below(25)));
    }
    for (const auto& [adjust, wanted] : whole) {
      const auto found = closes(adjust, company.interval);
      ASSERT_EQ(found.size(), wanted.size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        ASSERT_THAT(found[i], DoubleNear(wanted[i], room * wanted[i]))
            << to_string(adjust) << " row " << i;
      }
    }
    std::map<Date, int> noted;
    for (const Revision& one : revisions()) {
      EXPECT_EQ(one.kind, "split");
      EXPECT_LE(++noted[one.day], 1);
    }
  }
}

}  // namespace
}  // namespace vortex
