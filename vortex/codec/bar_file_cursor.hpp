// Reads the columns of a batch of bars, by name and as text cells, for the writers of text formats.
// Strings may be plain or dictionary-coded; columns that are missing read as null. Borrows the
// batch.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"
#include "vortex/codec/bar_schema.hpp"

namespace vortex {

// `2024-01-02T14:30:00Z`; the text of a day is made once.
class StampText {
 public:
  void append(std::string& out, std::int64_t micros);

 private:
  std::int64_t day_ = 0;
  std::string day_text_;  // empty: none yet
};

class BarCursor {
 public:
  // Schema error where a column of the key or the prices is missing, or one has another type.
  static Result<BarCursor> of(const arrow::RecordBatch& batch);

  std::int64_t rows() const { return rows_; }
  bool is_null(BarColumn column, std::int64_t row) const;
  double number(BarColumn column, std::int64_t row) const;
  std::int64_t micros(BarColumn column, std::int64_t row) const;
  std::string_view text(BarColumn column, std::int64_t row) const;
  bool flag(std::int64_t row) const;  // kFinal

  static bool is_text(BarColumn column) {
    return (column >= kSymbol && column <= kInterval) || column == kAdjusted ||
           column == kCaptureId;
  }
  static bool is_time(BarColumn column) {
    return column == kTimestamp || column == kTransformTimestamp;
  }
  static bool is_number(BarColumn column) {
    return (column >= kOpen && column <= kVolume) || (column >= kVwap && column <= kOpenInterest);
  }

  // The cell of a number, time, date or flag, appended; a text cell is for the format to quote.
  void append_cell(std::string& out, BarColumn column, std::int64_t row, StampText& stamps) const;

 private:
  explicit BarCursor(std::int64_t rows) : rows_(rows) {}

  std::int64_t rows_;
  std::array<const arrow::Array*, kBarColumns> columns_{};
};

// `each` for the table's rows in order, kCursorRowsMax at a time, until one fails.
inline constexpr std::int64_t kCursorRowsMax = std::int64_t{64} * 1024;
Result<void> for_each_cursor(const arrow::Table& bars,
                             const std::function<Result<void>(const BarCursor&)>& each);

}  // namespace vortex
