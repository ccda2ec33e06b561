// Rows of the small tables (captures, revisions, …) to and from Arrow, column by column in the
// order of the table's schema. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"

namespace vortex {

// A row is written by one call a column, in schema order:
//   rows.text("yahoo"); rows.whole(3); rows.moment(now); …
class RowWriter {
 public:
  explicit RowWriter(std::shared_ptr<arrow::Schema> schema);
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;
  RowWriter(RowWriter&&) noexcept;
  RowWriter& operator=(RowWriter&&) noexcept;
  ~RowWriter();

  void reserve(std::int64_t rows);  // that many more will come
  void text(std::string_view value);
  void text_or_null(std::string_view value);  // empty: null
  void number(double value);                  // NaN: null
  void whole(std::int64_t value);
  void date(Date value);
  void moment(TimePoint value);
  void moment(const std::optional<TimePoint>& value);

  std::int64_t rows() const;
  // `internal` when a row is unfinished or a call did not fit its column.
  Result<std::shared_ptr<arrow::RecordBatch>> finish();

 private:
  template <class Builder, int type, class Append>
  void add(const Append& append);

  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders_;
  std::vector<int> types_;  // of builders_: arrow::Type::type
  std::size_t next_ = 0;
  bool sound_ = true;
};

// One column of a table that was read, by name; the table must outlive it. A column that is absent
// or of another type reads as null throughout.
class ColumnReader {
 public:
  ColumnReader(const arrow::RecordBatch& rows, const char* name);

  bool is_null(std::int64_t row) const;
  std::string_view text(std::int64_t row) const;  // empty where null
  double number(std::int64_t row) const;          // NaN where null
  std::int64_t whole(std::int64_t row) const;     // 0 where null
  Date date(std::int64_t row) const;
  std::optional<TimePoint> moment(std::int64_t row) const;

 private:
  const arrow::Array* column_ = nullptr;
  // The one that its type says, once and not for each cell.
  const arrow::StringArray* texts_ = nullptr;  // of a coded column its dictionary
  const arrow::DictionaryArray* coded_ = nullptr;
  const std::int32_t* codes_ = nullptr;  // of a coded column, where they are of this width
  const arrow::DoubleArray* numbers_ = nullptr;
  const arrow::Int64Array* wholes_ = nullptr;
  const arrow::Date32Array* dates_ = nullptr;
  const arrow::TimestampArray* moments_ = nullptr;
};

}  // namespace vortex
