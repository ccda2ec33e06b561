#include "vortex/codec/bar_batch_builder.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <utility>

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "vortex/codec/constant_columns.hpp"

namespace vortex {
namespace {

// True for every finite number; NaN and infinities have all exponent bits set.
inline bool is_finite_bits(double value) {
  constexpr std::uint64_t kExponent = 0x7FF0'0000'0000'0000ULL;
  return (std::bit_cast<std::uint64_t>(value) & kExponent) != kExponent;
}

struct Validity {
  std::shared_ptr<arrow::Buffer> bitmap;  // null: every value is there
  std::int64_t null_count = 0;
};

// Builds the bits and zeroes the values under nulls, so that equal batches have equal bytes.
Validity split_missing(double* values, std::size_t rows) {
  Validity validity{.bitmap = allocate_buffer(bitmap_bytes(rows)), .null_count = 0};
  std::uint8_t* bits = validity.bitmap->mutable_data();
  for (std::size_t begin = 0; begin < rows; begin += 8) {
    const std::size_t count = std::min<std::size_t>(8, rows - begin);
    unsigned mask = 0;
    for (std::size_t i = 0; i < count; ++i) {
      mask |= static_cast<unsigned>(is_finite_bits(values[begin + i])) << i;
    }
    bits[begin / 8] = static_cast<std::uint8_t>(mask);
    if (mask == (1U << count) - 1) continue;
    validity.null_count += static_cast<std::int64_t>(count) - std::popcount(mask);
    for (std::size_t i = 0; i < count; ++i) {
      if ((mask >> i & 1U) == 0) values[begin + i] = 0.0;
    }
  }
  if (validity.null_count == 0) validity.bitmap.reset();
  return validity;
}

// Up to here copying all values together costs less than a buffer for each column.
constexpr std::size_t kCompactRowsMax = 64;

constexpr std::array kValueColumnNames = {kOpen,   kHigh, kLow,        kClose,
                                          kVolume, kVwap, kTradeCount, kOpenInterest};

std::size_t value_index(BarColumn column) {
  const auto* found = std::ranges::find(kValueColumnNames, column);
  assert(found != kValueColumnNames.end());
  return static_cast<std::size_t>(found - kValueColumnNames.begin());
}

}  // namespace

void BarBatchBuilder::reserve(std::size_t rows) {
  timestamps_.reserve(rows);
  for (const BarColumn column : {kOpen, kHigh, kLow, kClose, kVolume}) {
    values_[value_index(column)].reserve(rows);
  }
}

ColumnBuffer<double>& BarBatchBuilder::column(BarColumn column) {
  return values_[value_index(column)];
}

void BarBatchBuilder::append(const BarRow& row) {
  if (!row.final) mark_unfinal(rows());
  timestamps_.append(row.timestamp.time_since_epoch().count());
  column(kOpen).append(row.open);
  column(kHigh).append(row.high);
  column(kLow).append(row.low);
  column(kClose).append(row.close);
  column(kVolume).append(row.volume);
}

Result<std::shared_ptr<arrow::RecordBatch>> BarBatchBuilder::finish(const BarConstants& constants) {
  const std::size_t rows = timestamps_.size();
  const auto length = static_cast<std::int64_t>(rows);
  for (const BarColumn name : kValueColumnNames) {
    const std::size_t size = column(name).size();
    if (size != 0 && size != rows) {
      return fail(ErrorCode::internal, "bar batch: column " + std::string(bar_column_name(name)) +
                                           " has " + std::to_string(size) + " values for " +
                                           std::to_string(rows) + " rows");
    }
  }
  if (std::ranges::any_of(unfinal_, [rows](std::size_t row) { return row >= rows; })) {
    return fail(ErrorCode::internal, "bar batch: a row marked unfinal is not there");
  }
  std::vector<std::shared_ptr<arrow::ArrayData>> columns(kBarColumns);
  if (rows <= kCompactRowsMax) {
    put_compact_values(columns);
  } else {
    put_values(columns);
  }
  ConstantColumns constant(rows);
  for (const BarColumn name : kValueColumnNames) {
    auto& values = columns[static_cast<std::size_t>(name)];
    if (values == nullptr) values = constant.null_doubles();
  }
  columns[kSymbol] = constant.text(kSymbol, constants.symbol);
  columns[kProvider] = constant.shared_text(kProvider, constants.provider);
  columns[kInterval] = constant.shared_text(kInterval, to_string(constants.interval));
  columns[kAdjusted] = constant.shared_text(kAdjusted, to_string(constants.adjusted));
  columns[kBasis] = constant.date(constants.basis);
  columns[kFinal] = constant.true_except(unfinal_);
  columns[kTransformTimestamp] = constant.time(constants.transform_timestamp);
  columns[kCaptureId] = constant.shared_text(kCaptureId, constants.capture_id);
  unfinal_.clear();
  return arrow::RecordBatch::Make(bar_schema(), length, std::move(columns));
}

// A column each, handed over without a copy.
void BarBatchBuilder::put_values(ColumnList& columns) {
  const std::size_t rows = timestamps_.size();
  const auto length = static_cast<std::int64_t>(rows);
  columns[kTimestamp] = arrow::ArrayData::Make(bar_schema()->field(kTimestamp)->type(), length,
                                               {nullptr, timestamps_.take()}, 0);
  for (const BarColumn name : kValueColumnNames) {
    ColumnBuffer<double>& values = column(name);
    if (values.empty()) continue;
    Validity validity = split_missing(values.data(), rows);
    columns[static_cast<std::size_t>(name)] = arrow::ArrayData::Make(
        arrow::float64(), length, {std::move(validity.bitmap), values.take()}, validity.null_count);
  }
}

// All columns in one buffer, at their places in it: of ten thousand batches of one row each, what
// every column takes besides its value is what costs. A column with nulls has its own, because its
// bits begin at the place of its values.
void BarBatchBuilder::put_compact_values(ColumnList& columns) {
  const std::size_t rows = timestamps_.size();
  const auto length = static_cast<std::int64_t>(rows);
  const std::shared_ptr<arrow::Buffer> values =
      allocate_buffer((1 + kValueColumns) * rows * sizeof(double));
  std::size_t place = 0;
  const auto put = [&](const void* source) {
    if (rows > 0) {
      std::memcpy(values->mutable_data() + place * sizeof(double), source, rows * sizeof(double));
    }
    place += rows;
    return static_cast<std::int64_t>(place - rows);
  };
  columns[kTimestamp] = arrow::ArrayData::Make(bar_schema()->field(kTimestamp)->type(), length,
                                               {nullptr, values}, 0, put(timestamps_.data()));
  timestamps_.clear();
  for (const BarColumn name : kValueColumnNames) {
    ColumnBuffer<double>& source = column(name);
    if (source.empty()) continue;
    Validity validity = split_missing(source.data(), rows);
    auto& out = columns[static_cast<std::size_t>(name)];
    if (validity.null_count > 0) {
      out =
          arrow::ArrayData::Make(arrow::float64(), length,
                                 {std::move(validity.bitmap), source.take()}, validity.null_count);
      continue;
    }
    out =
        arrow::ArrayData::Make(arrow::float64(), length, {nullptr, values}, 0, put(source.data()));
    source.clear();
  }
}

std::shared_ptr<arrow::RecordBatch> empty_bars() {
  return BarBatchBuilder().finish({}).value();
}

std::shared_ptr<arrow::RecordBatch> with_capture_id(
    const std::shared_ptr<arrow::RecordBatch>& batch, const std::string& capture_id) {
  ConstantColumns constant(static_cast<std::size_t>(batch->num_rows()));
  auto columns = batch->column_data();
  columns[kCaptureId] = constant.text(kCaptureId, capture_id);
  return arrow::RecordBatch::Make(batch->schema(), batch->num_rows(), std::move(columns));
}

}  // namespace vortex
