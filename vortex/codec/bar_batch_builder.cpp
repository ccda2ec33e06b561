#include "vortex/codec/bar_batch_builder.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/type.h>

namespace vortex {
namespace {

// Zero bytes that the system hands out untouched: a large buffer costs no memory until it is
// written, and nobody writes it.
class ZeroBuffer final : public arrow::Buffer {
 public:
  static std::shared_ptr<arrow::Buffer> make(std::size_t bytes) {
    // Owned at every step: making the object and sharing it can fail too.
    std::unique_ptr<void, decltype(&std::free)> memory(
        std::calloc(std::max<std::size_t>(bytes, kAlignment), 1), &std::free);
    if (memory == nullptr) throw std::bad_alloc();
    std::unique_ptr<ZeroBuffer> buffer(new ZeroBuffer(memory.get(), bytes));
    static_cast<void>(memory.release());
    return buffer;
  }
  ~ZeroBuffer() override { std::free(memory_); }
  ZeroBuffer(const ZeroBuffer&) = delete;
  ZeroBuffer& operator=(const ZeroBuffer&) = delete;

 private:
  static constexpr std::size_t kAlignment = 64;
  ZeroBuffer(void* memory, std::size_t bytes)
      : Buffer(static_cast<const std::uint8_t*>(memory), static_cast<std::int64_t>(bytes)),
        memory_(memory) {}
  void* memory_;
};

constexpr std::size_t bitmap_bytes(std::size_t rows) {
  return (rows + 7) / 8;
}

std::shared_ptr<arrow::Buffer> allocate(std::size_t bytes) {
  auto made = arrow::AllocateBuffer(static_cast<std::int64_t>(bytes));
  if (!made.ok()) throw std::bad_alloc();
  return std::move(made).ValueUnsafe();
}

template <class T>
std::shared_ptr<arrow::Buffer> filled(std::size_t rows, T value) {
  auto buffer = allocate(rows * sizeof(T));
  std::fill_n(reinterpret_cast<T*>(buffer->mutable_data()), rows, value);
  return buffer;
}

std::shared_ptr<arrow::Array> one_string(const std::string& text) {
  const auto size = static_cast<std::int32_t>(text.size());
  auto offsets = allocate(2 * sizeof(std::int32_t));
  const std::int32_t values[2] = {0, size};
  std::memcpy(offsets->mutable_data(), values, sizeof values);
  return std::make_shared<arrow::StringArray>(1, std::move(offsets),
                                              arrow::Buffer::FromString(text));
}

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
  Validity validity{.bitmap = allocate(bitmap_bytes(rows)), .null_count = 0};
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

// Makes the columns of a batch that hold one value, or none, in every row.
class ConstantColumns {
 public:
  explicit ConstantColumns(std::size_t rows)
      : rows_(rows),
        length_(static_cast<std::int64_t>(rows)),
        zeros_(ZeroBuffer::make(rows * sizeof(double))),
        indices_(std::make_shared<arrow::Int32Array>(length_, zeros_)) {}

  std::shared_ptr<arrow::Array> text(BarColumn column, const std::string& value) const {
    return std::make_shared<arrow::DictionaryArray>(bar_schema()->field(column)->type(), indices_,
                                                    one_string(value));
  }
  std::shared_ptr<arrow::Array> null_doubles() const {
    return std::make_shared<arrow::DoubleArray>(length_, zeros_, zeros_, length_);
  }
  std::shared_ptr<arrow::Array> date(Date value) const {
    const auto days = static_cast<std::int32_t>(value.time_since_epoch().count());
    return std::make_shared<arrow::Date32Array>(length_, filled(rows_, days));
  }
  std::shared_ptr<arrow::Array> time(TimePoint value) const {
    const auto us = std::int64_t{value.time_since_epoch().count()};
    return std::make_shared<arrow::TimestampArray>(bar_schema()->field(kTimestamp)->type(), length_,
                                                   filled(rows_, us));
  }
  std::shared_ptr<arrow::Array> true_except(const std::vector<std::size_t>& rows) const {
    auto bits = filled<std::uint8_t>(bitmap_bytes(rows_), 0xFF);
    for (const std::size_t row : rows) {
      bits->mutable_data()[row / 8] &= static_cast<std::uint8_t>(~(1U << (row % 8)));
    }
    return std::make_shared<arrow::BooleanArray>(length_, std::move(bits));
  }

 private:
  std::size_t rows_;
  std::int64_t length_;
  std::shared_ptr<arrow::Buffer> zeros_;  // serves as indices, validity bits and values alike
  std::shared_ptr<arrow::Array> indices_;
};

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
  const ConstantColumns constant(rows);
  std::vector<std::shared_ptr<arrow::Array>> arrays(kBarColumns);
  arrays[kTimestamp] = std::make_shared<arrow::TimestampArray>(
      bar_schema()->field(kTimestamp)->type(), length, timestamps_.take());
  for (const BarColumn name : kValueColumnNames) {
    ColumnBuffer<double>& values = column(name);
    if (values.empty()) {
      arrays[static_cast<std::size_t>(name)] = constant.null_doubles();
      continue;
    }
    Validity validity = split_missing(values.data(), rows);
    arrays[static_cast<std::size_t>(name)] = std::make_shared<arrow::DoubleArray>(
        length, values.take(), std::move(validity.bitmap), validity.null_count);
  }
  arrays[kSymbol] = constant.text(kSymbol, constants.symbol);
  arrays[kProvider] = constant.text(kProvider, constants.provider);
  arrays[kInterval] = constant.text(kInterval, std::string(to_string(constants.interval)));
  arrays[kAdjusted] = constant.text(kAdjusted, std::string(to_string(constants.adjusted)));
  arrays[kBasis] = constant.date(constants.basis);
  arrays[kFinal] = constant.true_except(unfinal_);
  arrays[kTransformTimestamp] = constant.time(constants.transform_timestamp);
  arrays[kCaptureId] = constant.text(kCaptureId, constants.capture_id);
  unfinal_.clear();
  return arrow::RecordBatch::Make(bar_schema(), length, std::move(arrays));
}

std::shared_ptr<arrow::RecordBatch> empty_bars() {
  return BarBatchBuilder().finish({}).value();
}

std::shared_ptr<arrow::RecordBatch> with_capture_id(
    const std::shared_ptr<arrow::RecordBatch>& batch, const std::string& capture_id) {
  const ConstantColumns constant(static_cast<std::size_t>(batch->num_rows()));
  auto columns = batch->columns();
  columns[kCaptureId] = constant.text(kCaptureId, capture_id);
  return arrow::RecordBatch::Make(batch->schema(), batch->num_rows(), std::move(columns));
}

}  // namespace vortex
