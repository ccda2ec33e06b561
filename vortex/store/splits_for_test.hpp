// What the tests of splits share: a dataset in memory, answers as a provider tells them, and what
// stands in revisions.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "vortex/base/random.hpp"
#include "vortex/store/memory_file_system.hpp"
#include "vortex/store/row_columns.hpp"
#include "vortex/store/side_table.hpp"
#include "vortex/store/store_test_support.hpp"
#include "vortex/store/table_schema.hpp"

namespace vortex::store_test {

inline Date split_day(int n) {
  return date_of(day(n));
}

inline BarRow traded(int n, double close, double volume = 1000) {
  return {.timestamp = day(n),
          .open = close * 0.99,
          .high = close * 1.02,
          .low = close * 0.97,
          .close = close,
          .volume = volume};
}

// As a provider shows a row after a split of `ratio`.
inline BarRow scaled(BarRow row, double ratio) {
  for (double* price : {&row.open, &row.high, &row.low, &row.close}) *price /= ratio;
  row.volume *= ratio;
  return row;
}

inline CorporateAction split_on(int n, double ratio) {
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
                                           .transform_timestamp = day(basis),
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

  ManualClock clock_{day(400)};
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  Dataset dataset_;
};

}  // namespace vortex::store_test
