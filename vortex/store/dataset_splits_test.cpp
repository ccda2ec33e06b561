// Corporate actions through the whole commit: what a split makes of rows that are stored, asked
// again and read.

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <gmock/gmock.h>

#include "vortex/base/random.hpp"
#include "vortex/store/memory_file_system.hpp"
#include "vortex/store/row_columns.hpp"
#include "vortex/store/side_table.hpp"
#include "vortex/store/store_test_support.hpp"
#include "vortex/store/table_schema.hpp"

namespace vortex {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Date split_day(int n) {
  return date_of(store_test::day(n));
}

BarRow traded(int n, double close, double volume = 1000) {
  return {.timestamp = store_test::day(n),
          .open = close * 0.99,
          .high = close * 1.02,
          .low = close * 0.97,
          .close = close,
          .volume = volume};
}

// As a provider shows a row after a split of `ratio`.
BarRow scaled(BarRow row, double ratio) {
  for (double* price : {&row.open, &row.high, &row.low, &row.close}) *price /= ratio;
  row.volume *= ratio;
  return row;
}

CorporateAction split_on(int n, double ratio) {
  return {.kind = ActionKind::split,
          .ex_date = split_day(n),
          .numerator = ratio,
          .denominator = 1,
          .currency = {}};
}

class SplitTest : public testing::Test {
 protected:
  SplitTest() : dataset_(open()) {}

  Dataset open() {
    return *Dataset::open_on(open_memory_file_system(disk_, clock_), "memory", clock_, Random(1));
  }

  // What a provider told on day `basis`.
  static SeriesBatch told(int basis, const std::vector<BarRow>& rows,
                          const std::vector<CorporateAction>& actions = {},
                          Adjustment adjusted = Adjustment::split,
                          Interval interval = Interval::d1) {
    SeriesBatch series;
    series.key = {.provider = "p", .symbol = "S", .interval = interval};
    BarBatchBuilder builder;
    for (const BarRow& row : rows) builder.append(row);
    series.bars.push_back(*builder.finish({.symbol = "S",
                                           .provider = "p",
                                           .interval = interval,
                                           .adjusted = adjusted,
                                           .basis = split_day(basis),
                                           .transform_timestamp = store_test::day(basis),
                                           .capture_id = "c" + std::to_string(basis)}));
    series.actions = actions;
    return series;
  }

  SeriesReceipt commit(SeriesBatch series) {
    clock_.advance(std::chrono::seconds{1});
    std::vector<SeriesBatch> batch;
    batch.push_back(std::move(series));
    const auto receipt = dataset_.commit(std::move(batch));
    EXPECT_TRUE(receipt.has_value()) << receipt.error().to_line();
    return receipt ? receipt->series.front() : SeriesReceipt{};
  }

  std::vector<double> closes(Adjustment adjust, Interval interval = Interval::d1) {
    const auto table = dataset_.read(
        {.key = {.provider = "p", .symbol = "S", .interval = interval}, .adjust = adjust});
    EXPECT_TRUE(table.has_value()) << table.error().to_line();
    std::vector<double> out;
    if (!table) return out;
    for (const auto& chunk : (*table)->GetColumnByName("close")->chunks()) {
      const auto& values = static_cast<const arrow::DoubleArray&>(*chunk);
      out.insert(out.end(), values.raw_values(), values.raw_values() + values.length());
    }
    return out;
  }

  struct Revision {
    std::string kind;
    Date day;
    double old_close = 0;
    double new_close = 0;
    double new_volume = 0;
  };
  std::vector<Revision> revisions() {
    const auto files = open_memory_file_system(disk_, clock_);
    DeltaLog bars(*files, "bars");
    SideTable table(*files, revisions_table());
    EXPECT_TRUE(bars.load().has_value());
    EXPECT_TRUE(table.refresh().has_value());
    std::vector<Revision> out;
    const auto visit = [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
      for (const std::int64_t row : kept) {
        out.push_back({.kind = std::string(ColumnReader(rows, "kind").text(row)),
                       .day = date_of(*ColumnReader(rows, "timestamp").moment(row)),
                       .old_close = ColumnReader(rows, "old_close").number(row),
                       .new_close = ColumnReader(rows, "new_close").number(row),
                       .new_volume = ColumnReader(rows, "new_volume").number(row)});
      }
    };
    const RowsThatCount all{.bars = bars, .version_max = bars.version()};
    EXPECT_TRUE(table.scan(all, "", visit).has_value());
    return out;
  }
  std::vector<std::string> kinds() {
    std::vector<std::string> out;
    for (const Revision& one : revisions()) out.push_back(one.kind);
    return out;
  }

  ManualClock clock_{store_test::day(400)};
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  Dataset dataset_;
};

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
  for (const BarRow& row : rows) later.push_back(scaled(row, 4));
  EXPECT_EQ(commit(told(5, later, {split_on(4, 4)})).rows_unchanged, 4);
  EXPECT_THAT(kinds(), ElementsAre("split"));
  EXPECT_THAT(closes(Adjustment::split), ElementsAre(100, 101, 102, 103));
}

TEST_F(SplitTest, AProviderThatIsEarlyWithASplitIsTakenAsItIs) {
  const std::vector<BarRow> rows = {traded(0, 400), traded(1, 404), traded(2, 408)};
  commit(told(2, {rows[0], rows[1]}));
  std::vector<BarRow> early;
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
    std::set<Date> crossed;
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
