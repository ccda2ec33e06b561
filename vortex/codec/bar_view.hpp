// Reads a canonical batch (bar_schema) through plain pointers: no virtual call and no shared_ptr a
// row. Borrows the batch, which must outlive the view. Immutable, so thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"
#include "vortex/codec/bar_schema.hpp"

namespace vortex {

class BarView {
 public:
  // Precondition: the batch has bar_schema (any slice of one). `of` checks it, this asserts it.
  explicit BarView(const arrow::RecordBatch& batch);
  // `schema` error naming the first column that differs.
  static Result<BarView> of(const arrow::RecordBatch& batch);

  std::int64_t rows() const { return rows_; }
  bool empty() const { return rows_ == 0; }

  // Microseconds since the epoch. rows() of them.
  const std::int64_t* timestamps() const { return timestamps_; }
  const std::int64_t* transform_timestamps() const { return transform_timestamps_; }
  TimePoint time(std::int64_t row) const { return TimePoint{Duration{timestamps_[row]}}; }
  TimePoint transform_time(std::int64_t row) const {
    return TimePoint{Duration{transform_timestamps_[row]}};
  }

  // A float64 column; the value under a null is unspecified.
  const double* values(BarColumn column) const { return values_[index(column)]; }
  double value(BarColumn column, std::int64_t row) const { return values_[index(column)][row]; }

  // Null counts and bits of any column. `null_bits` is null when nothing is missing; bit i of row r
  // is bit (offset + r).
  std::int64_t null_count(BarColumn column) const { return null_counts_[index(column)]; }
  const std::uint8_t* validity(BarColumn column) const { return validity_[index(column)]; }
  std::int64_t offset(BarColumn column) const { return offsets_[index(column)]; }
  bool is_null(BarColumn column, std::int64_t row) const {
    const std::uint8_t* bits = validity_[index(column)];
    return bits != nullptr && !bit(bits, offsets_[index(column)] + row);
  }

  bool is_final(std::int64_t row) const { return bit(final_, offsets_[kFinal] + row); }
  Date basis(std::int64_t row) const { return Date{std::chrono::days{basis_[row]}}; }

  // kSymbol, kProvider, kInterval, kAdjusted, kCaptureId: empty where null.
  std::string_view text(BarColumn column, std::int64_t row) const;

 private:
  static std::size_t index(BarColumn column) { return static_cast<std::size_t>(column); }
  static bool bit(const std::uint8_t* bits, std::int64_t i) {
    return (bits[i >> 3] >> (i & 7)) & 1;
  }

  struct Texts {
    const std::int32_t* indices = nullptr;
    const arrow::StringArray* dictionary = nullptr;
  };

  std::int64_t rows_;
  const std::int64_t* timestamps_;
  const std::int64_t* transform_timestamps_;
  const std::int32_t* basis_;
  const std::uint8_t* final_;
  std::array<const double*, kBarColumns> values_{};
  std::array<const std::uint8_t*, kBarColumns> validity_{};
  std::array<std::int64_t, kBarColumns> offsets_{};
  std::array<std::int64_t, kBarColumns> null_counts_{};
  std::array<Texts, kBarColumns> texts_{};
};

}  // namespace vortex
