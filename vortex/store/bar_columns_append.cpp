// BarColumns::append: rows out of Arrow's memory.

#include <span>
#include <utility>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>
#include <fmt/core.h>

#include "vortex/store/bar_columns.hpp"

namespace vortex {
namespace {

std::size_t position(BarColumn column) {
  return static_cast<std::size_t>(column);
}

Error wrong_type(BarColumn column) {
  return Error{.code = ErrorCode::corrupt,
               .message = fmt::format("column {} has another type", bar_column_name(column))};
}

// The values of a fixed-width column from `offset` on; null where it is of another type.
template <class T>
const T* values_of(const arrow::ArrayData* data, arrow::Type::type type, std::int64_t offset) {
  if (data == nullptr || data->type->id() != type) return nullptr;
  return data->GetValues<T>(1, data->offset + offset);
}

bool bit_at(const arrow::Buffer& bits, std::int64_t place) {
  return arrow::bit_util::GetBit(bits.data(), static_cast<std::uint64_t>(place));
}

bool is_missing(const arrow::ArrayData& data, std::int64_t row) {
  return data.buffers[0] && !bit_at(*data.buffers[0], data.offset + row);
}

template <class T>
void append_plain(std::vector<T>& out, const T* values, std::int64_t count) {
  out.insert(out.end(), values, values + count);
}

Result<void> append_number(NumberColumn& out, BarColumn column, const arrow::ArrayData* source,
                           std::int64_t offset, std::int64_t count) {
  const auto size = static_cast<std::size_t>(count);
  if (source == nullptr || source->GetNullCount() == source->length) {
    out.append_missing(size);
    return {};
  }
  const auto* values = values_of<double>(source, arrow::Type::DOUBLE, offset);
  if (values == nullptr) return std::unexpected(wrong_type(column));
  const std::size_t before = out.size();
  out.append(values, size);
  if (source->GetNullCount() == 0) return {};
  for (std::size_t i = 0; i < size; ++i) {
    if (is_missing(*source, offset + static_cast<std::int64_t>(i))) {
      out.set(before + i, NumberColumn::missing());
    }
  }
  return {};
}

// The texts of a dictionary, read in place.
class DictionaryTexts {
 public:
  explicit DictionaryTexts(const arrow::ArrayData& data)
      : size_(data.length),
        offsets_(data.GetValues<std::int32_t>(1)),
        bytes_(data.buffers[2] ? reinterpret_cast<const char*>(data.buffers[2]->data()) : "") {}
  std::int64_t size() const { return size_; }
  std::string_view at(std::int32_t i) const {
    return {bytes_ + offsets_[i], static_cast<std::size_t>(offsets_[i + 1] - offsets_[i])};
  }

 private:
  std::int64_t size_;
  const std::int32_t* offsets_;
  const char* bytes_;
};

// The indices of a column of dictionary<int32, utf8>; null where it is another.
const std::int32_t* indices_of(const arrow::ArrayData& source, std::int64_t offset) {
  if (source.type->id() != arrow::Type::DICTIONARY || !source.dictionary) return nullptr;
  const auto& type = static_cast<const arrow::DictionaryType&>(*source.type);
  const bool ours = type.index_type()->id() == arrow::Type::INT32 &&
                    type.value_type()->id() == arrow::Type::STRING;
  return ours ? source.GetValues<std::int32_t>(1, source.offset + offset) : nullptr;
}

Result<void> append_texts(std::vector<std::int32_t>& out, TextPool& pool, BarColumn column,
                          const arrow::ArrayData* source, std::int64_t offset, std::int64_t count) {
  const auto size = static_cast<std::size_t>(count);
  if (source == nullptr) {
    out.insert(out.end(), size, pool.number_of(""));
    return {};
  }
  const std::int32_t* indices = indices_of(*source, offset);
  if (indices == nullptr) return std::unexpected(wrong_type(column));
  const DictionaryTexts texts(*source->dictionary);
  if (source->GetNullCount() == 0 && texts.size() == 1) {  // one value for the whole batch
    out.insert(out.end(), size, pool.number_of(texts.at(0)));
    return {};
  }
  constexpr std::int32_t kUnknown = -1;
  std::vector<std::int32_t> numbers(static_cast<std::size_t>(texts.size()), kUnknown);
  for (std::size_t i = 0; i < size; ++i) {
    if (is_missing(*source, offset + static_cast<std::int64_t>(i))) {
      out.push_back(pool.number_of(""));
      continue;
    }
    std::int32_t& number = numbers[static_cast<std::size_t>(indices[i])];
    if (number == kUnknown) number = pool.number_of(texts.at(indices[i]));
    out.push_back(number);
  }
  return {};
}

}  // namespace

BarColumns::Source BarColumns::source_of(const arrow::RecordBatch& batch) {
  Source source{};
  const arrow::ArrayDataVector& columns = batch.column_data();
  for (std::size_t i = 0; i < source.size(); ++i) source[i] = columns[i].get();
  return source;
}

BarColumns::Source BarColumns::source_of(const arrow::Schema& schema,
                                         const arrow::ArrayVector& chunks) {
  Source source{};
  for (int i = 0; i < kBarColumns; ++i) {
    const int found = schema.GetFieldIndex(std::string(bar_column_name(static_cast<BarColumn>(i))));
    if (found >= 0) {
      source[static_cast<std::size_t>(i)] = chunks[static_cast<std::size_t>(found)]->data().get();
    }
  }
  return source;
}

namespace {

Result<void> append_times(std::vector<std::int64_t>& out, BarColumn column,
                          const arrow::ArrayData* data, std::int64_t offset, std::int64_t count) {
  const auto* times = values_of<std::int64_t>(data, arrow::Type::TIMESTAMP, offset);
  const bool micros =
      times != nullptr &&
      static_cast<const arrow::TimestampType&>(*data->type).unit() == arrow::TimeUnit::MICRO;
  if (!micros) return std::unexpected(wrong_type(column));
  append_plain(out, times, count);
  return {};
}

Result<void> append_days(std::vector<std::int32_t>& out, const arrow::ArrayData* data,
                         std::int64_t offset, std::int64_t count) {
  const auto* days = values_of<std::int32_t>(data, arrow::Type::DATE32, offset);
  if (days == nullptr) return std::unexpected(wrong_type(kBasis));
  append_plain(out, days, count);
  return {};
}

Result<void> append_flags(std::vector<std::uint8_t>& out, const arrow::ArrayData* data,
                          std::int64_t offset, std::int64_t count) {
  if (data == nullptr || data->type->id() != arrow::Type::BOOL) {
    return std::unexpected(wrong_type(kFinal));
  }
  const arrow::Buffer& bits = *data->buffers[1];
  for (std::int64_t i = 0; i < count; ++i) {
    out.push_back(bit_at(bits, data->offset + offset + i) ? 1 : 0);
  }
  return {};
}

using Batches = std::span<const arrow::RecordBatch* const>;

// Calls append(data, rows) for one column of each batch.
template <class Append>
Result<void> each_batch(Batches batches, BarColumn column, const Append& append) {
  for (const arrow::RecordBatch* batch : batches) {
    VORTEX_TRY_VOID(append(batch->column_data()[position(column)].get(), batch->num_rows()));
  }
  return {};
}

// Batches mostly share these: one that comes again right away is known by its address.
Result<void> append_shared_texts(std::vector<std::int32_t>& out, TextPool& pool, BarColumn column,
                                 Batches batches) {
  const arrow::ArrayData* last = nullptr;
  return each_batch(batches, column,
                    [&](const arrow::ArrayData* data, std::int64_t rows) -> Result<void> {
                      if (data == last && rows == 1) {
                        out.push_back(out.back());
                        return {};
                      }
                      VORTEX_TRY_VOID(append_texts(out, pool, column, data, 0, rows));
                      last = rows == 1 ? data : nullptr;
                      return {};
                    });
}

}  // namespace

Result<void> BarColumns::append(const Source& source, std::int64_t offset, std::int64_t count) {
  VORTEX_TRY_VOID(append_times(timestamp, kTimestamp, source[kTimestamp], offset, count));
  VORTEX_TRY_VOID(append_times(transform_timestamp, kTransformTimestamp,
                               source[kTransformTimestamp], offset, count));
  for (std::size_t i = 0; i < kNumberColumns.size(); ++i) {
    VORTEX_TRY_VOID(append_number(numbers[i], kNumberColumns[i],
                                  source[position(kNumberColumns[i])], offset, count));
  }
  VORTEX_TRY_VOID(append_days(basis, source[kBasis], offset, count));
  VORTEX_TRY_VOID(append_flags(final, source[kFinal], offset, count));
  VORTEX_TRY_VOID(append_texts(symbol, symbols, kSymbol, source[kSymbol], offset, count));
  VORTEX_TRY_VOID(append_texts(adjusted, adjustments, kAdjusted, source[kAdjusted], offset, count));
  return append_texts(capture, captures, kCaptureId, source[kCaptureId], offset, count);
}

Result<void> BarColumns::append_but_symbols(Batches batches) {
  const auto times = [&](std::vector<std::int64_t>& out, BarColumn column) {
    return each_batch(batches, column, [&](const arrow::ArrayData* data, std::int64_t rows) {
      return append_times(out, column, data, 0, rows);
    });
  };
  VORTEX_TRY_VOID(times(timestamp, kTimestamp));
  VORTEX_TRY_VOID(times(transform_timestamp, kTransformTimestamp));
  for (std::size_t i = 0; i < kNumberColumns.size(); ++i) {
    VORTEX_TRY_VOID(each_batch(batches, kNumberColumns[i],
                               [&](const arrow::ArrayData* data, std::int64_t rows) {
                                 return append_number(numbers[i], kNumberColumns[i], data, 0, rows);
                               }));
  }
  VORTEX_TRY_VOID(each_batch(batches, kBasis, [&](const arrow::ArrayData* data, std::int64_t rows) {
    return append_days(basis, data, 0, rows);
  }));
  VORTEX_TRY_VOID(each_batch(batches, kFinal, [&](const arrow::ArrayData* data, std::int64_t rows) {
    return append_flags(final, data, 0, rows);
  }));
  VORTEX_TRY_VOID(append_shared_texts(adjusted, adjustments, kAdjusted, batches));
  return append_shared_texts(capture, captures, kCaptureId, batches);
}

}  // namespace vortex
