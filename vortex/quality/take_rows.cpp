#include "vortex/quality/take_rows.hpp"

#include <cstring>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>

#include "vortex/codec/arrow_error.hpp"

namespace vortex {
namespace {

// Rows [begin, end) that stay.
struct Stretch {
  std::int64_t begin;
  std::int64_t end;
  std::int64_t rows() const { return end - begin; }
};

std::vector<Stretch> kept_stretches(std::int64_t rows, std::span<const QuarantinedRow> dropped) {
  std::vector<Stretch> kept;
  std::int64_t begin = 0;
  for (const QuarantinedRow& drop : dropped) {
    if (drop.row > begin) kept.push_back({begin, drop.row});
    begin = drop.row + 1;
  }
  if (begin < rows) kept.push_back({begin, rows});
  return kept;
}

Result<std::shared_ptr<arrow::Buffer>> copy_bits(const std::uint8_t* bits, std::int64_t offset,
                                                 std::span<const Stretch> kept, std::int64_t rows) {
  VORTEX_TRY(std::shared_ptr<arrow::Buffer> out,
             to_result(arrow::AllocateBitmap(rows), ErrorCode::local_resource));
  std::memset(out->mutable_data(), 0, static_cast<std::size_t>(out->size()));
  std::int64_t at = 0;
  for (const Stretch& stretch : kept) {
    arrow::internal::CopyBitmap(bits, offset + stretch.begin, stretch.rows(), out->mutable_data(),
                                at);
    at += stretch.rows();
  }
  return out;
}

Result<std::shared_ptr<arrow::Buffer>> copy_bytes(const arrow::ArrayData& data, int width,
                                                  std::span<const Stretch> kept,
                                                  std::int64_t rows) {
  VORTEX_TRY(std::shared_ptr<arrow::Buffer> out,
             to_result(arrow::AllocateBuffer(rows * width), ErrorCode::local_resource));
  const std::uint8_t* source = data.buffers[1]->data() + data.offset * width;
  std::uint8_t* target = out->mutable_data();
  for (const Stretch& stretch : kept) {
    const auto size = static_cast<std::size_t>(stretch.rows() * width);
    std::memcpy(target, source + stretch.begin * width, size);
    target += size;
  }
  return out;
}

// Values of a fixed width, dictionary indices among them.
Result<std::shared_ptr<arrow::ArrayData>> take_fixed(const arrow::ArrayData& data, int bit_width,
                                                     std::span<const Stretch> kept,
                                                     std::int64_t rows) {
  auto out = arrow::ArrayData::Make(data.type, rows, {nullptr, nullptr}, 0);
  out->dictionary = data.dictionary;
  if (data.GetNullCount() != 0) {
    VORTEX_TRY(out->buffers[0], copy_bits(data.buffers[0]->data(), data.offset, kept, rows));
    out->null_count = arrow::kUnknownNullCount;
  }
  if (bit_width == 1) {
    VORTEX_TRY(out->buffers[1], copy_bits(data.buffers[1]->data(), data.offset, kept, rows));
  } else {
    VORTEX_TRY(out->buffers[1], copy_bytes(data, bit_width / 8, kept, rows));
  }
  return out;
}

Result<std::shared_ptr<arrow::Array>> take_slices(const arrow::Array& column,
                                                  std::span<const Stretch> kept) {
  arrow::ArrayVector slices;
  for (const Stretch& stretch : kept) slices.push_back(column.Slice(stretch.begin, stretch.rows()));
  if (slices.empty()) return column.Slice(0, 0);
  return to_result(arrow::Concatenate(slices), ErrorCode::local_resource);
}

Result<std::shared_ptr<arrow::Array>> take_column(const arrow::Array& column,
                                                  std::span<const Stretch> kept,
                                                  std::int64_t rows) {
  const auto& data = *column.data();
  const auto* dictionary_type = data.type->id() == arrow::Type::DICTIONARY
                                    ? static_cast<const arrow::DictionaryType*>(data.type.get())
                                    : nullptr;
  if (dictionary_type != nullptr && data.dictionary->length == 1 && data.GetNullCount() == 0) {
    return column.Slice(0, rows);  // every row holds the one value
  }
  const int bit_width = data.type->bit_width();  // of the indices, for a dictionary
  if (bit_width <= 0 || (bit_width != 1 && bit_width % 8 != 0)) return take_slices(column, kept);
  VORTEX_TRY(auto out, take_fixed(data, bit_width, kept, rows));
  return arrow::MakeArray(out);
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> without_rows(
    const std::shared_ptr<arrow::RecordBatch>& batch, std::span<const QuarantinedRow> dropped) {
  if (dropped.empty()) return batch;
  const auto kept = kept_stretches(batch->num_rows(), dropped);
  const std::int64_t rows = batch->num_rows() - static_cast<std::int64_t>(dropped.size());
  arrow::ArrayVector columns;
  for (const auto& column : batch->columns()) {
    VORTEX_TRY(auto taken, take_column(*column, kept, rows));
    columns.push_back(std::move(taken));
  }
  return arrow::RecordBatch::Make(batch->schema(), rows, std::move(columns));
}

}  // namespace vortex
