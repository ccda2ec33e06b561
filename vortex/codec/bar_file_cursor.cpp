#include "vortex/codec/bar_file_cursor.hpp"

#include <charconv>
#include <chrono>
#include <cmath>
#include <iterator>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include "vortex/base/time.hpp"
#include "vortex/codec/arrow_error.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kDayMicros = 86'400'000'000;
constexpr std::int64_t kSecondMicros = 1'000'000;

// The type as this column is read: dictionary-coded strings count as strings.
bool fits(BarColumn column, const arrow::DataType& type) {
  const auto& wanted = *bar_schema()->field(column)->type();
  if (type.Equals(wanted)) return true;
  return BarCursor::is_text(column) && type.id() == arrow::Type::STRING;
}

std::string_view text_of(const arrow::Array& column, std::int64_t row) {
  if (column.type_id() == arrow::Type::STRING) {
    return static_cast<const arrow::StringArray&>(column).GetView(row);
  }
  const auto& coded = static_cast<const arrow::DictionaryArray&>(column);
  const auto code = static_cast<const arrow::Int32Array&>(*coded.indices()).Value(row);
  return static_cast<const arrow::StringArray&>(*coded.dictionary()).GetView(code);
}

void append_two(std::string& out, std::int64_t value) {
  out += static_cast<char>('0' + value / 10);
  out += static_cast<char>('0' + value % 10);
}

// The fewest digits that read back as the same double; with an exponent only where people expect
// one.
void append_number(std::string& out, double number) {
  constexpr double kFixedMin = 1e-5, kFixedMax = 1e16;
  const double size = std::abs(number);
  const bool fixed = size == 0 || (size >= kFixedMin && size < kFixedMax);
  char digits[32];
  const auto end = fixed ? std::to_chars(digits, std::end(digits), number, std::chars_format::fixed)
                         : std::to_chars(digits, std::end(digits), number);
  out.append(digits, end.ptr);
}

}  // namespace

void StampText::append(std::string& out, std::int64_t micros) {
  const std::int64_t rest = micros % kDayMicros;
  const std::int64_t of_day = rest < 0 ? rest + kDayMicros : rest;
  const std::int64_t day = (micros - of_day) / kDayMicros;
  if (day_text_.empty() || day != day_) {
    day_ = day;
    day_text_ = format_date(Date(std::chrono::days(day)));
  }
  const std::int64_t seconds = of_day / kSecondMicros;
  out += day_text_;
  out += 'T';
  append_two(out, seconds / 3600);
  out += ':';
  append_two(out, seconds / 60 % 60);
  out += ':';
  append_two(out, seconds % 60);
  if (std::int64_t fraction = of_day % kSecondMicros; fraction != 0) {
    out += '.';
    for (std::int64_t unit = kSecondMicros / 10; fraction != 0; unit /= 10) {
      out += static_cast<char>('0' + fraction / unit);
      fraction %= unit;
    }
  }
  out += 'Z';
}

Result<BarCursor> BarCursor::of(const arrow::RecordBatch& batch) {
  BarCursor cursor(batch.num_rows());
  for (int i = 0; i < kBarColumns; ++i) {
    const auto column = static_cast<BarColumn>(i);
    const std::string name(bar_column_name(column));
    const int at = batch.schema()->GetFieldIndex(name);
    if (at < 0) {
      if (i > kProvider) continue;
      return fail(ErrorCode::schema, "no column '" + name + "' to write");
    }
    if (!fits(column, *batch.schema()->field(at)->type())) {
      return fail(ErrorCode::schema,
                  "column '" + name + "' is " + batch.schema()->field(at)->type()->ToString());
    }
    cursor.columns_[static_cast<std::size_t>(i)] = batch.column(at).get();
  }
  return cursor;
}

bool BarCursor::is_null(BarColumn column, std::int64_t row) const {
  const arrow::Array* array = columns_[static_cast<std::size_t>(column)];
  return array == nullptr || array->IsNull(row);
}

double BarCursor::number(BarColumn column, std::int64_t row) const {
  return static_cast<const arrow::DoubleArray&>(*columns_[static_cast<std::size_t>(column)])
      .Value(row);
}

std::int64_t BarCursor::micros(BarColumn column, std::int64_t row) const {
  const auto& array = *columns_[static_cast<std::size_t>(column)];
  return static_cast<const arrow::TimestampArray&>(array).Value(row);
}

std::string_view BarCursor::text(BarColumn column, std::int64_t row) const {
  return text_of(*columns_[static_cast<std::size_t>(column)], row);
}

bool BarCursor::flag(std::int64_t row) const {
  return static_cast<const arrow::BooleanArray&>(*columns_[kFinal]).Value(row);
}

void BarCursor::append_cell(std::string& out, BarColumn column, std::int64_t row,
                            StampText& stamps) const {
  if (is_number(column)) {
    append_number(out, number(column, row));
  } else if (is_time(column)) {
    stamps.append(out, micros(column, row));
  } else if (column == kBasis) {
    const auto& days = static_cast<const arrow::Date32Array&>(*columns_[kBasis]);
    out += format_date(Date(std::chrono::days(days.Value(row))));
  } else if (column == kFinal) {
    out += flag(row) ? "true" : "false";
  } else {
    out += text(column, row);
  }
}

Result<void> for_each_cursor(const arrow::Table& bars,
                             const std::function<Result<void>(const BarCursor&)>& each) {
  arrow::TableBatchReader reader(bars);
  reader.set_chunksize(kCursorRowsMax);
  while (true) {
    VORTEX_TRY(const auto batch, to_result(reader.Next(), ErrorCode::internal));
    if (batch == nullptr) return {};
    VORTEX_TRY(const BarCursor cursor, BarCursor::of(*batch));
    VORTEX_TRY_VOID(each(cursor));
  }
}

}  // namespace vortex
