// Builds one standard batch (bar_schema) of one symbol and interval. A decoder appends values
// straight from the wire into the six varying columns; the constant ones cost nothing a row.
//
// While building, a missing price or volume is a NaN (kMissing; infinities count as missing too);
// `finish` turns each into a null, so that no batch ever holds a NaN. One thread at a time; the
// finished batch is immutable and owns its memory.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"
#include "vortex/codec/bar_schema.hpp"
#include "vortex/codec/column_buffer.hpp"
#include "vortex/model/adjustment.hpp"
#include "vortex/model/interval.hpp"

namespace vortex {

// What holds for every row of a batch.
struct BarConstants {
  std::string symbol;
  std::string provider;
  Interval interval = Interval::d1;
  Adjustment adjusted = Adjustment::none;
  Date basis;
  TimePoint transform_timestamp;
  std::string capture_id;  // may be set later by with_capture_id
};

// One row, for callers that have rows rather than columns (tests, generators, live bars).
struct BarRow {
  TimePoint timestamp;
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  double volume = 0;
  bool final = true;
};

class BarBatchBuilder {
 public:
  static constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

  void reserve(std::size_t rows);

  // Microseconds since the epoch. Sets the number of rows.
  ColumnBuffer<std::int64_t>& timestamps() { return timestamps_; }
  // kOpen … kVolume, kVwap, kTradeCount, kOpenInterest. An untouched column is null throughout;
  // otherwise it must have a value for each row.
  ColumnBuffer<double>& column(BarColumn column);
  // The row can still change (final = false); rows are final unless marked.
  void mark_unfinal(std::size_t row) { unfinal_.push_back(row); }

  void append(const BarRow& row);
  std::size_t rows() const { return timestamps_.size(); }

  // The batch; the builder is empty afterwards. `internal` when the columns differ in length.
  Result<std::shared_ptr<arrow::RecordBatch>> finish(const BarConstants& constants);

 private:
  static constexpr std::size_t kValueColumns = 8;
  using ColumnList = std::vector<std::shared_ptr<arrow::ArrayData>>;

  void put_values(ColumnList& columns);
  void put_compact_values(ColumnList& columns);

  ColumnBuffer<std::int64_t> timestamps_;
  std::array<ColumnBuffer<double>, kValueColumns> values_;
  std::vector<std::size_t> unfinal_;
};

// No rows, canonical schema.
std::shared_ptr<arrow::RecordBatch> empty_bars();

// The batch with its capture_id column replaced; shares all other columns.
std::shared_ptr<arrow::RecordBatch> with_capture_id(
    const std::shared_ptr<arrow::RecordBatch>& batch, const std::string& capture_id);

}  // namespace vortex
