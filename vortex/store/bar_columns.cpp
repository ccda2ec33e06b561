#include "vortex/store/bar_columns.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>
#include <fmt/core.h>

#include "vortex/codec/arrow_error.hpp"
#include "vortex/codec/constant_columns.hpp"

namespace vortex {
namespace {

std::size_t position(BarColumn column) {
  return static_cast<std::size_t>(column);
}

// Keeps alive what the arrays made from these columns look into; null where the caller does.
using Keeper = std::shared_ptr<const BarColumns>;

class KeptBuffer final : public arrow::Buffer {
 public:
  KeptBuffer(const void* data, std::size_t bytes, Keeper keeper)
      : arrow::Buffer(static_cast<const std::uint8_t*>(data), static_cast<std::int64_t>(bytes)),
        keeper_(std::move(keeper)) {}

 private:
  Keeper keeper_;
};

template <class T>
std::shared_ptr<arrow::Buffer> buffer_over(const std::vector<T>& values, const Keeper& keeper) {
  return std::make_shared<KeptBuffer>(values.data(), values.size() * sizeof(T), keeper);
}

template <class T>
std::shared_ptr<arrow::Array> plain_array(std::shared_ptr<arrow::DataType> type,
                                          const std::vector<T>& values, const Keeper& keeper) {
  return arrow::MakeArray(arrow::ArrayData::Make(std::move(type),
                                                 static_cast<std::int64_t>(values.size()),
                                                 {nullptr, buffer_over(values, keeper)}, 0));
}

arrow::Result<std::shared_ptr<arrow::Array>> number_array(const NumberColumn& column,
                                                          const Keeper& keeper) {
  const auto length = static_cast<std::int64_t>(column.size());
  if (column.all_missing()) {
    return arrow::MakeArray(ConstantColumns(column.size()).null_doubles());
  }
  std::int64_t nulls = 0;
  for (const double value : column.values()) nulls += std::isnan(value) ? 1 : 0;
  std::shared_ptr<arrow::Buffer> validity;
  if (nulls > 0) {
    ARROW_ASSIGN_OR_RAISE(auto bits, arrow::AllocateEmptyBitmap(length));
    for (std::int64_t i = 0; i < length; ++i) {
      const bool there = !std::isnan(column.values()[static_cast<std::size_t>(i)]);
      if (there) arrow::bit_util::SetBit(bits->mutable_data(), i);
    }
    validity = std::move(bits);
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      arrow::float64(), length, {validity, buffer_over(column.values(), keeper)}, nulls));
}

arrow::Result<std::shared_ptr<arrow::Array>> flag_array(const std::vector<std::uint8_t>& flags) {
  const auto length = static_cast<std::int64_t>(flags.size());
  ARROW_ASSIGN_OR_RAISE(auto bits, arrow::AllocateEmptyBitmap(length));
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (flags[i] != 0) arrow::bit_util::SetBit(bits->mutable_data(), static_cast<std::int64_t>(i));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      arrow::boolean(), length, {nullptr, std::shared_ptr<arrow::Buffer>(std::move(bits))}, 0));
}

std::shared_ptr<arrow::Array> pool_array(const TextPool& pool, const Keeper& keeper) {
  return arrow::MakeArray(arrow::ArrayData::Make(
      arrow::utf8(), static_cast<std::int64_t>(pool.size()),
      {nullptr, buffer_over(pool.offsets(), keeper),
       std::make_shared<KeptBuffer>(pool.bytes().data(), pool.bytes().size(), keeper)},
      0));
}

arrow::Result<std::shared_ptr<arrow::Array>> text_array(const std::vector<std::int32_t>& numbers,
                                                        const TextPool& pool,
                                                        const Keeper& keeper) {
  return arrow::DictionaryArray::FromArrays(arrow::dictionary(arrow::int32(), arrow::utf8()),
                                            plain_array(arrow::int32(), numbers, keeper),
                                            pool_array(pool, keeper));
}

// All columns in the order of bar_schema; those with a partition's values stay null.
arrow::Result<arrow::ArrayVector> arrays_of(const BarColumns& columns, const Keeper& keeper) {
  arrow::ArrayVector out(kBarColumns);
  const auto moment = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  out[kTimestamp] = plain_array(moment, columns.timestamp, keeper);
  out[kTransformTimestamp] = plain_array(moment, columns.transform_timestamp, keeper);
  out[kBasis] = plain_array(arrow::date32(), columns.basis, keeper);
  for (std::size_t i = 0; i < kNumberColumns.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(out[position(kNumberColumns[i])],
                          number_array(columns.numbers[i], keeper));
  }
  ARROW_ASSIGN_OR_RAISE(out[kFinal], flag_array(columns.final));
  ARROW_ASSIGN_OR_RAISE(out[kSymbol], text_array(columns.symbol, columns.symbols, keeper));
  ARROW_ASSIGN_OR_RAISE(out[kAdjusted], text_array(columns.adjusted, columns.adjustments, keeper));
  ARROW_ASSIGN_OR_RAISE(out[kCaptureId], text_array(columns.capture, columns.captures, keeper));
  return out;
}

}  // namespace

double NumberColumn::missing() {
  return std::numeric_limits<double>::quiet_NaN();
}

void NumberColumn::fill_up() {
  if (values_.size() == size_ && size_ > 0) return;
  if (values_.empty()) values_.reserve(reserved_);
  values_.resize(size_, missing());
}

void NumberColumn::set(std::size_t row, double value) {
  if (values_.empty() && std::isnan(value)) return;
  fill_up();
  values_[row] = value;
}

void NumberColumn::append(const double* values, std::size_t count) {
  fill_up();
  values_.insert(values_.end(), values, values + count);
  size_ += count;
}

void NumberColumn::append_missing(std::size_t count) {
  size_ += count;
  if (!values_.empty()) fill_up();
}

void NumberColumn::append(const NumberColumn& other, std::size_t begin, std::size_t end) {
  if (other.all_missing()) {
    append_missing(end - begin);
  } else {
    append(other.values_.data() + begin, end - begin);
  }
}

void BarColumns::reserve(std::size_t count) {
  timestamp.reserve(count);
  transform_timestamp.reserve(count);
  for (NumberColumn& column : numbers) column.reserve(count);
  basis.reserve(count);
  final.reserve(count);
  symbol.reserve(count);
  adjusted.reserve(count);
  capture.reserve(count);
}

void BarColumns::append_rows(const BarColumns& other, std::size_t begin, std::size_t end) {
  const auto plain = [&](auto& out, const auto& in) {
    out.insert(out.end(), in.begin() + static_cast<std::ptrdiff_t>(begin),
               in.begin() + static_cast<std::ptrdiff_t>(end));
  };
  const auto texts = [&](auto& out, TextPool& pool, const auto& in, const TextPool& in_pool) {
    for (std::size_t row = begin; row < end;) {  // mostly one text for all
      std::size_t next = row + 1;
      while (next < end && in[next] == in[row]) ++next;
      out.insert(out.end(), next - row, pool.number_of(in_pool.text(in[row])));
      row = next;
    }
  };
  plain(timestamp, other.timestamp);
  plain(transform_timestamp, other.transform_timestamp);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i].append(other.numbers[i], begin, end);
  plain(basis, other.basis);
  plain(final, other.final);
  texts(symbol, symbols, other.symbol, other.symbols);
  texts(adjusted, adjustments, other.adjusted, other.adjustments);
  texts(capture, captures, other.capture, other.captures);
}

void BarColumns::replace(std::size_t row, const BarColumns& other, std::size_t other_row) {
  transform_timestamp[row] = other.transform_timestamp[other_row];
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i].set(row, other.numbers[i].at(other_row));
  }
  basis[row] = other.basis[other_row];
  final[row] = other.final[other_row];
  adjusted[row] = adjustments.number_of(other.adjustments.text(other.adjusted[other_row]));
  capture[row] = captures.number_of(other.captures.text(other.capture[other_row]));
}

Result<std::shared_ptr<arrow::RecordBatch>> BarColumns::to_file_batch() const {
  auto arrays = arrays_of(*this, nullptr);
  if (!arrays.ok()) return std::unexpected(from_arrow(arrays.status(), ErrorCode::internal));
  arrow::FieldVector fields;
  arrow::ArrayVector kept;
  for (int i = 0; i < kBarColumns; ++i) {
    if (i == kProvider || i == kInterval) continue;
    fields.push_back(bar_schema()->field(i));
    kept.push_back((*arrays)[static_cast<std::size_t>(i)]);
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)),
                                  static_cast<std::int64_t>(rows()), std::move(kept));
}

Result<std::shared_ptr<arrow::RecordBatch>> BarColumns::to_bar_batch(
    const std::string& provider, const std::string& interval) && {
  const auto kept = std::make_shared<const BarColumns>(std::move(*this));
  auto arrays = arrays_of(*kept, kept);
  if (!arrays.ok()) return std::unexpected(from_arrow(arrays.status(), ErrorCode::internal));
  const ConstantColumns constant(kept->rows());
  (*arrays)[kProvider] = arrow::MakeArray(constant.text(kProvider, provider));
  (*arrays)[kInterval] = arrow::MakeArray(constant.text(kInterval, interval));
  return arrow::RecordBatch::Make(bar_schema(), static_cast<std::int64_t>(kept->rows()),
                                  *std::move(arrays));
}

}  // namespace vortex
