// The columns a judge reads, as raw pointers into a batch. Lives no longer than the batch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"
#include "vortex/model/time_range.hpp"

namespace vortex {

// A column's values, and its validity bits where it has nulls.
template <class Value>
struct ColumnView {
  const Value* values = nullptr;
  const std::uint8_t* valid_bits = nullptr;  // null: every row has a value
  std::int64_t bit_offset = 0;

  Value operator[](std::int64_t row) const { return values[row]; }
  bool has_nulls() const { return valid_bits != nullptr; }
  bool is_null(std::int64_t row) const {
    if (valid_bits == nullptr) return false;
    const auto at = static_cast<std::size_t>(row + bit_offset);
    return (valid_bits[at / 8] >> (at % 8) & 1U) == 0;
  }
};

struct SeriesColumns {
  ColumnView<std::int64_t> time;  // microseconds
  ColumnView<double> open, high, low, close, volume;
  std::array<const ColumnView<double>*, 4> prices() const { return {&open, &high, &low, &close}; }
  const std::uint8_t* final_bits = nullptr;  // null: every bar is final
  std::int64_t final_offset = 0;

  std::int64_t rows = 0;
  std::int64_t volume_nulls = 0;
  std::int64_t grid = 0;       // microseconds a stamp must be a multiple of; 0: not judged
  std::int64_t range_min = 0;  // first and last microsecond allowed
  std::int64_t range_max = 0;

  bool is_final(std::int64_t row) const {
    if (final_bits == nullptr) return true;
    const auto at = static_cast<std::size_t>(row + final_offset);
    return (final_bits[at / 8] >> (at % 8) & 1U) != 0;
  }
  bool price_is_null(std::int64_t row) const {
    return open.is_null(row) || high.is_null(row) || low.is_null(row) || close.is_null(row);
  }
};

// Schema error where the batch does not have the columns of bar_schema.
Result<SeriesColumns> series_columns(const arrow::RecordBatch& batch, const TimeRange& range);

}  // namespace vortex
