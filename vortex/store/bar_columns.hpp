// Bars as plain arrays, on their way into a file or out of one. Text columns are numbers into
// pools, so that ten thousand one-row batches become one batch without work a row. A missing price
// or volume is a NaN here and a null in Arrow. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"
#include "vortex/codec/bar_schema.hpp"
#include "vortex/store/text_pool.hpp"

namespace vortex {

// The columns in which two bars of one key can differ.
inline constexpr std::array kNumberColumns = {kOpen,   kHigh, kLow,        kClose,
                                              kVolume, kVwap, kTradeCount, kOpenInterest};

// A float64 column that takes no memory while all of it is missing.
class NumberColumn {
 public:
  static double missing();

  std::size_t size() const { return size_; }
  bool all_missing() const { return values_.empty(); }
  const std::vector<double>& values() const { return values_; }  // empty while all are missing
  double at(std::size_t row) const { return values_.empty() ? missing() : values_[row]; }

  void set(std::size_t row, double value);
  void append(const double* values, std::size_t count);
  void append_missing(std::size_t count);
  void append(const NumberColumn& other, std::size_t begin, std::size_t end);
  void reserve(std::size_t rows) { reserved_ = rows; }

 private:
  void fill_up();  // gives the missing values so far their places

  std::vector<double> values_;
  std::size_t size_ = 0;
  std::size_t reserved_ = 0;
};

class BarColumns {
 public:
  std::vector<std::int64_t> timestamp;
  std::vector<std::int64_t> transform_timestamp;
  std::array<NumberColumn, kNumberColumns.size()> numbers;  // as kNumberColumns
  std::vector<std::int32_t> basis;
  std::vector<std::uint8_t> final;
  std::vector<std::int32_t> symbol;
  std::vector<std::int32_t> adjusted;
  std::vector<std::int32_t> capture;
  TextPool symbols;
  TextPool adjustments;
  TextPool captures;

  std::size_t rows() const { return timestamp.size(); }
  void reserve(std::size_t count);

  // The columns of a batch or of a file's chunk, by BarColumn; null where the source lacks one.
  // Bare data: making ten thousand one-row batches into arrays costs more than copying their rows.
  using Source = std::array<const arrow::ArrayData*, kBarColumns>;
  // Fails with `corrupt` when a column has another type than bar_schema says.
  Result<void> append(const Source& source, std::int64_t offset, std::int64_t count);
  static Source source_of(const arrow::RecordBatch& batch);  // bar_schema, by position
  // All rows of many batches of bar_schema, column by column: so the memory of ten thousand small
  // ones is fetched side by side. Their symbols are the caller's to append.
  Result<void> append_but_symbols(std::span<const arrow::RecordBatch* const> batches);
  static Source source_of(const arrow::Schema& schema,
                          const arrow::ArrayVector& chunks);  // by name

  void append_rows(const BarColumns& other, std::size_t begin, std::size_t end);
  // Row `row` takes every value of another's row; the key must be the same.
  void replace(std::size_t row, const BarColumns& other, std::size_t other_row);

  // As a data file has them: without provider and interval. Borrows these columns.
  Result<std::shared_ptr<arrow::RecordBatch>> to_file_batch() const;
  // As readers see them, in bar_schema. Takes these columns over.
  Result<std::shared_ptr<arrow::RecordBatch>> to_bar_batch(const std::string& provider,
                                                           const std::string& interval) &&;
};

}  // namespace vortex
