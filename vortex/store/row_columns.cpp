#include "vortex/store/row_columns.hpp"

#include <cmath>
#include <limits>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "vortex/codec/arrow_error.hpp"

namespace vortex {

RowWriter::RowWriter(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {
  for (const auto& field : schema_->fields()) {
    auto builder = arrow::MakeBuilder(field->type());
    sound_ = sound_ && builder.ok();
    if (!builder.ok()) continue;
    builders_.push_back(*std::move(builder));
    types_.push_back(field->type()->id());
  }
}
RowWriter::~RowWriter() = default;
RowWriter::RowWriter(RowWriter&&) noexcept = default;
RowWriter& RowWriter::operator=(RowWriter&&) noexcept = default;

template <class Builder, int type, class Append>
void RowWriter::add(const Append& append) {
  // The type tells the builder's class: a dynamic_cast a cell costs more than the cell.
  sound_ = sound_ && types_[next_] == type;
  sound_ = sound_ && append(static_cast<Builder&>(*builders_[next_])).ok();
  next_ = next_ + 1 == builders_.size() ? 0 : next_ + 1;
}

void RowWriter::reserve(std::int64_t rows) {
  for (const auto& builder : builders_) sound_ = sound_ && builder->Reserve(rows).ok();
}
void RowWriter::text(std::string_view value) {
  add<arrow::StringBuilder, arrow::Type::STRING>(
      [&](auto& builder) { return builder.Append(value); });
}
void RowWriter::text_or_null(std::string_view value) {
  add<arrow::StringBuilder, arrow::Type::STRING>(
      [&](auto& builder) { return value.empty() ? builder.AppendNull() : builder.Append(value); });
}
void RowWriter::number(double value) {
  add<arrow::DoubleBuilder, arrow::Type::DOUBLE>([&](auto& builder) {
    return std::isnan(value) ? builder.AppendNull() : builder.Append(value);
  });
}
void RowWriter::whole(std::int64_t value) {
  add<arrow::Int64Builder, arrow::Type::INT64>(
      [&](auto& builder) { return builder.Append(value); });
}
void RowWriter::date(Date value) {
  add<arrow::Date32Builder, arrow::Type::DATE32>([&](auto& builder) {
    return builder.Append(static_cast<std::int32_t>(value.time_since_epoch().count()));
  });
}
void RowWriter::moment(TimePoint value) {
  moment(std::optional(value));
}
void RowWriter::moment(const std::optional<TimePoint>& value) {
  add<arrow::TimestampBuilder, arrow::Type::TIMESTAMP>([&](auto& builder) {
    return value ? builder.Append(value->time_since_epoch().count()) : builder.AppendNull();
  });
}

std::int64_t RowWriter::rows() const {
  return builders_.empty() ? 0 : builders_.front()->length();
}

Result<std::shared_ptr<arrow::RecordBatch>> RowWriter::finish() {
  if (!sound_ || next_ != 0) return fail(ErrorCode::internal, "a row does not fit its table");
  const std::int64_t count = rows();
  arrow::ArrayVector columns;
  for (const auto& builder : builders_) {
    VORTEX_TRY(auto column, to_result(builder->Finish(), ErrorCode::internal));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema_, count, std::move(columns));
}

ColumnReader::ColumnReader(const arrow::RecordBatch& rows, const char* name) {
  const int index = rows.schema()->GetFieldIndex(name);
  if (index < 0) return;
  column_ = rows.column(index).get();  // the batch keeps the array
  coded_ = dynamic_cast<const arrow::DictionaryArray*>(column_);
  const arrow::Array* texts = coded_ == nullptr ? column_ : coded_->dictionary().get();
  texts_ = dynamic_cast<const arrow::StringArray*>(texts);
  const bool has_codes = coded_ != nullptr && coded_->indices()->type_id() == arrow::Type::INT32;
  if (has_codes) {
    codes_ = static_cast<const arrow::Int32Array&>(*coded_->indices()).raw_values();
  }
  numbers_ = dynamic_cast<const arrow::DoubleArray*>(column_);
  wholes_ = dynamic_cast<const arrow::Int64Array*>(column_);
  dates_ = dynamic_cast<const arrow::Date32Array*>(column_);
  moments_ = dynamic_cast<const arrow::TimestampArray*>(column_);
}

bool ColumnReader::is_null(std::int64_t row) const {
  return column_ == nullptr || column_->IsNull(row);
}

std::string_view ColumnReader::text(std::int64_t row) const {
  if (texts_ == nullptr || column_->IsNull(row)) return {};
  if (codes_ != nullptr) return texts_->GetView(codes_[row]);
  return texts_->GetView(coded_ == nullptr ? row : coded_->GetValueIndex(row));
}

double ColumnReader::number(std::int64_t row) const {
  const bool there = numbers_ != nullptr && numbers_->IsValid(row);
  return there ? numbers_->Value(row) : std::numeric_limits<double>::quiet_NaN();
}

std::int64_t ColumnReader::whole(std::int64_t row) const {
  return wholes_ != nullptr && wholes_->IsValid(row) ? wholes_->Value(row) : 0;
}

Date ColumnReader::date(std::int64_t row) const {
  return dates_ != nullptr && dates_->IsValid(row) ? Date{std::chrono::days{dates_->Value(row)}}
                                                   : Date{};
}

std::optional<TimePoint> ColumnReader::moment(std::int64_t row) const {
  if (moments_ == nullptr || moments_->IsNull(row)) return std::nullopt;
  return TimePoint{Duration{moments_->Value(row)}};
}

}  // namespace vortex
