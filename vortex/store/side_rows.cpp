#include "vortex/store/side_rows.hpp"

#include <bit>
#include <string_view>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "vortex/base/checksum.hpp"
#include "vortex/codec/arrow_error.hpp"

namespace vortex {
namespace {

constexpr std::string_view kCommitColumn = "commit_id";
constexpr std::uint64_t kNull = 0x9E37'79B9'7F4A'7C15;  // any that is no likely value

std::uint64_t hash_of(std::string_view text) {
  Checksum sum;
  sum.add(text);
  return sum.value();
}

// Takes value(row), or that it is null, into the hash of each row.
template <class Value>
void take(const arrow::Array& column, std::uint64_t salt, std::vector<std::uint64_t>& hashes,
          const Value& value) {
  const bool whole = column.null_count() == 0;
  for (std::int64_t row = 0; row < column.length(); ++row) {
    std::uint64_t& hash = hashes[static_cast<std::size_t>(row)];
    const std::uint64_t cell = whole || column.IsValid(row) ? value(row) : kNull;
    hash = mix_bits(hash ^ cell) + salt;
  }
}

template <class Array>
void take_numbers(const arrow::Array& column, std::uint64_t salt,
                  std::vector<std::uint64_t>& hashes) {
  const auto* values = static_cast<const Array&>(column).raw_values();
  take(column, salt, hashes,
       [values](std::int64_t row) { return static_cast<std::uint64_t>(values[row]); });
}

// Each text of the dictionary once.
void take_coded(const arrow::DictionaryArray& column, std::uint64_t salt,
                std::vector<std::uint64_t>& hashes) {
  const auto& texts = static_cast<const arrow::StringArray&>(*column.dictionary());
  std::vector<std::uint64_t> known(static_cast<std::size_t>(texts.length()));
  for (std::int64_t i = 0; i < texts.length(); ++i) {
    known[static_cast<std::size_t>(i)] = hash_of(texts.GetView(i));
  }
  take(column, salt, hashes, [&](std::int64_t row) {
    return known[static_cast<std::size_t>(column.GetValueIndex(row))];
  });
}

void take_column(const arrow::Array& column, std::uint64_t salt,
                 std::vector<std::uint64_t>& hashes) {
  switch (column.type_id()) {
    case arrow::Type::INT64: return take_numbers<arrow::Int64Array>(column, salt, hashes);
    case arrow::Type::DATE32: return take_numbers<arrow::Date32Array>(column, salt, hashes);
    case arrow::Type::TIMESTAMP: return take_numbers<arrow::TimestampArray>(column, salt, hashes);
    case arrow::Type::DOUBLE: {
      const auto* values = static_cast<const arrow::DoubleArray&>(column).raw_values();
      return take(column, salt, hashes,
                  [values](std::int64_t row) { return std::bit_cast<std::uint64_t>(values[row]); });
    }
    case arrow::Type::STRING: {
      const auto& texts = static_cast<const arrow::StringArray&>(column);
      return take(column, salt, hashes,
                  [&](std::int64_t row) { return hash_of(texts.GetView(row)); });
    }
    case arrow::Type::DICTIONARY:
      return take_coded(static_cast<const arrow::DictionaryArray&>(column), salt, hashes);
    default: return;  // no column of ours
  }
}

arrow::Result<std::shared_ptr<arrow::Array>> plain_texts(const arrow::DictionaryArray& coded) {
  const auto& texts = static_cast<const arrow::StringArray&>(*coded.dictionary());
  arrow::StringBuilder out;
  ARROW_RETURN_NOT_OK(out.Reserve(coded.length()));
  for (std::int64_t row = 0; row < coded.length(); ++row) {
    ARROW_RETURN_NOT_OK(coded.IsNull(row) ? out.AppendNull()
                                          : out.Append(texts.GetView(coded.GetValueIndex(row))));
  }
  return out.Finish();
}

arrow::Result<std::shared_ptr<arrow::Array>> empty_texts(std::int64_t count) {
  arrow::StringBuilder out;
  ARROW_RETURN_NOT_OK(out.AppendEmptyValues(count));
  return out.Finish();
}

arrow::Result<std::shared_ptr<arrow::Array>> column_of(const arrow::RecordBatch& rows,
                                                       const arrow::Field& field, bool settled) {
  if (settled && field.name() == kCommitColumn) return empty_texts(rows.num_rows());
  auto column = rows.GetColumnByName(field.name());
  if (!column) return arrow::MakeArrayOfNull(field.type(), rows.num_rows());
  if (column->type_id() != arrow::Type::DICTIONARY) return column;
  return plain_texts(static_cast<const arrow::DictionaryArray&>(*column));
}

}  // namespace

std::vector<std::uint64_t> hashes_of(const arrow::RecordBatch& rows, const arrow::Schema& schema) {
  std::vector<std::uint64_t> hashes(static_cast<std::size_t>(rows.num_rows()));
  for (int i = 0; i < schema.num_fields(); ++i) {
    const std::string& name = schema.field(i)->name();
    if (name == kCommitColumn) continue;
    const auto salt = static_cast<std::uint64_t>(i);
    const auto column = rows.GetColumnByName(name);
    if (column) {
      take_column(*column, salt, hashes);
    } else {
      for (std::uint64_t& hash : hashes) hash = mix_bits(hash ^ kNull) + salt;
    }
  }
  return hashes;
}

Result<std::shared_ptr<arrow::RecordBatch>> rows_in_schema(
    const arrow::RecordBatch& rows, const std::shared_ptr<arrow::Schema>& schema,
    std::int64_t begin, std::int64_t count, bool settled) {
  const auto slice = rows.Slice(begin, count);
  arrow::ArrayVector columns;
  columns.reserve(static_cast<std::size_t>(schema->num_fields()));
  for (const auto& field : schema->fields()) {
    VORTEX_TRY(auto column,
               to_result(column_of(*slice, *field, settled), ErrorCode::local_resource));
    if (!column->type()->Equals(field->type())) {
      return fail(ErrorCode::corrupt, "column " + field->name() + " has another type");
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema, count, std::move(columns));
}

}  // namespace vortex
