// What the store's tests share: a temporary directory, bars by the handful, batches around them.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <arrow/array.h>
#include <arrow/table.h>

#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex::store_test {

class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "vortex-store-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory() { std::filesystem::remove_all(path_); }
  std::string path(const std::string& name = "data") const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline TimePoint day(int n) {
  return midnight(*parse_date("2024-01-01")) + std::chrono::days{n};
}

inline BarRow bar(int n, double close) {
  return {.timestamp = day(n),
          .open = close,
          .high = close + 1,
          .low = close - 1,
          .close = close,
          .volume = 1000};
}

inline SeriesKey key(const std::string& symbol, const std::string& provider = "yahoo") {
  return {.provider = provider, .symbol = symbol, .interval = Interval::d1};
}

inline std::shared_ptr<arrow::RecordBatch> bars(const SeriesKey& series,
                                                const std::vector<BarRow>& rows) {
  BarBatchBuilder builder;
  for (const BarRow& row : rows) builder.append(row);
  auto batch = builder.finish({.symbol = series.symbol,
                               .provider = series.provider,
                               .interval = series.interval,
                               .adjusted = Adjustment::split,
                               .basis = date_of(day(100)),
                               .transform_timestamp = day(100),
                               .capture_id = "capture-" + series.symbol});
  return batch.value();
}

inline SeriesBatch series(const SeriesKey& of, const std::vector<BarRow>& rows) {
  SeriesBatch batch;
  batch.key = of;
  batch.bars.push_back(bars(of, rows));
  return batch;
}

inline std::vector<SeriesBatch> batch_of(const std::string& symbol,
                                         const std::vector<BarRow>& rows) {
  std::vector<SeriesBatch> batch;
  batch.push_back(series(key(symbol), rows));
  return batch;
}

// The closes of a series; empty when it is not there.
inline std::vector<double> closes(Dataset& dataset, const std::string& symbol, AsOf as_of = {}) {
  const auto table = dataset.read({.key = key(symbol), .as_of = as_of});
  std::vector<double> out;
  if (!table) return out;
  const auto column = (*table)->GetColumnByName("close");
  for (const auto& chunk : column->chunks()) {
    const auto& values = static_cast<const arrow::DoubleArray&>(*chunk);
    for (std::int64_t i = 0; i < values.length(); ++i) out.push_back(values.Value(i));
  }
  return out;
}

}  // namespace vortex::store_test
