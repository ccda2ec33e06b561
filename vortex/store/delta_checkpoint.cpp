// Reads classic checkpoints (one or several Parquet parts): the state of a table in rows, one
// action a row. Other writers make them; what a checkpoint holds beyond our actions is skipped.

#include <arrow/array/array_binary.h>
#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/core.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include "vortex/codec/arrow_error.hpp"
#include "vortex/store/arrow_files.hpp"
#include "vortex/store/delta_log.hpp"

namespace vortex {
namespace {

// One action column ("add", "metaData", …) of a checkpoint, read field by field.
class ActionColumn {
 public:
  explicit ActionColumn(const std::shared_ptr<arrow::Array>& column)
      : rows_(std::dynamic_pointer_cast<arrow::StructArray>(column)) {}

  bool holds(std::int64_t row) const { return rows_ && rows_->IsValid(row); }

  std::optional<std::string> text(const char* name, std::int64_t row) const {
    const auto values = field<arrow::StringArray>(name);
    if (!values || values->IsNull(row)) return std::nullopt;
    return values->GetString(row);
  }
  template <class Array>
  std::int64_t whole(const char* name, std::int64_t row, std::int64_t otherwise) const {
    const auto values = field<Array>(name);
    if (!values || values->IsNull(row)) return otherwise;
    return static_cast<std::int64_t>(values->Value(row));
  }
  std::map<std::string, std::optional<std::string>> map(const char* name, std::int64_t row) const {
    std::map<std::string, std::optional<std::string>> out;
    const auto maps = field<arrow::MapArray>(name);
    if (!maps || maps->IsNull(row)) return out;
    const auto keys = std::dynamic_pointer_cast<arrow::StringArray>(maps->keys());
    const auto items = std::dynamic_pointer_cast<arrow::StringArray>(maps->items());
    if (!keys || !items) return out;
    for (std::int64_t i = maps->value_offset(row); i < maps->value_offset(row + 1); ++i) {
      out[keys->GetString(i)] =
          items->IsNull(i) ? std::nullopt : std::optional(items->GetString(i));
    }
    return out;
  }
  std::vector<std::string> texts(const char* name, std::int64_t row) const {
    std::vector<std::string> out;
    const auto lists = field<arrow::ListArray>(name);
    if (!lists || lists->IsNull(row)) return out;
    const auto values = std::dynamic_pointer_cast<arrow::StringArray>(lists->values());
    if (!values) return out;
    for (std::int64_t i = lists->value_offset(row); i < lists->value_offset(row + 1); ++i) {
      out.push_back(values->GetString(i));
    }
    return out;
  }
  bool has_struct(const char* name, std::int64_t row) const {
    const auto value = rows_->GetFieldByName(name);
    return value && value->IsValid(row);
  }

 private:
  template <class Array>
  std::shared_ptr<Array> field(const char* name) const {
    return std::dynamic_pointer_cast<Array>(rows_->GetFieldByName(name));
  }

  std::shared_ptr<arrow::StructArray> rows_;
};

Result<void> read_add(const ActionColumn& column, std::int64_t row, CommitActions& out) {
  if (column.has_struct("deletionVector", row)) {
    return fail(ErrorCode::newer_protocol, "the table uses deletion vectors");
  }
  AddFile add;
  VORTEX_TRY(add.path, decode_log_path(column.text("path", row).value_or("")));
  add.partition_values = column.map("partitionValues", row);
  add.size = column.whole<arrow::Int64Array>("size", row, 0);
  add.modification_ms = column.whole<arrow::Int64Array>("modificationTime", row, 0);
  add.data_change = false;
  add.stats_json = column.text("stats", row).value_or("");
  add.stats = parse_statistics(add.stats_json);
  out.adds.push_back(std::move(add));
  return {};
}

TableProtocol read_protocol(const ActionColumn& column, std::int64_t row) {
  return {.reader = static_cast<int>(column.whole<arrow::Int32Array>("minReaderVersion", row, 1)),
          .writer = static_cast<int>(column.whole<arrow::Int32Array>("minWriterVersion", row, 2)),
          .reader_features = column.texts("readerFeatures", row),
          .writer_features = column.texts("writerFeatures", row)};
}

TableMetadata read_metadata(const ActionColumn& column, std::int64_t row) {
  TableMetadata metadata;
  metadata.id = column.text("id", row).value_or("");
  metadata.name = column.text("name", row).value_or("");
  metadata.schema_string = column.text("schemaString", row).value_or("");
  metadata.partition_columns = column.texts("partitionColumns", row);
  metadata.created_ms = column.whole<arrow::Int64Array>("createdTime", row, 0);
  for (auto& [name, value] : column.map("configuration", row)) {
    if (value) metadata.configuration[name] = *value;
  }
  return metadata;
}

Result<std::shared_ptr<arrow::Table>> read_part(FileSystem& files, const std::string& path) {
  VORTEX_TRY(auto file, files.open(path));
  try {
    auto parquet_reader =
        parquet::ParquetFileReader::Open(std::make_shared<ArrowFileReader>(std::move(file)));
    VORTEX_TRY(auto reader, to_result(parquet::arrow::FileReader::Make(arrow::default_memory_pool(),
                                                                       std::move(parquet_reader)),
                                      ErrorCode::corrupt));
    VORTEX_TRY(auto table, to_result(reader->ReadTable(), ErrorCode::corrupt));
    return to_result(table->CombineChunks(), ErrorCode::corrupt);
  } catch (const parquet::ParquetException& error) {
    return std::unexpected(
        Error{.code = ErrorCode::corrupt, .message = "checkpoint " + path + " cannot be read"}
            .with_evidence(error.what()));
  }
}

ActionColumn column_of(const arrow::Table& table, const char* name) {
  const auto column = table.GetColumnByName(name);
  return ActionColumn(column && column->num_chunks() == 1 ? column->chunk(0) : nullptr);
}

}  // namespace

Result<CommitActions> read_checkpoint(FileSystem& files, const std::vector<std::string>& parts) {
  CommitActions out;
  for (const std::string& part : parts) {
    VORTEX_TRY(const auto table, read_part(files, part));
    const ActionColumn adds = column_of(*table, "add");
    const ActionColumn protocols = column_of(*table, "protocol");
    const ActionColumn metadata = column_of(*table, "metaData");
    for (std::int64_t row = 0; row < table->num_rows(); ++row) {
      if (adds.holds(row)) VORTEX_TRY_VOID(read_add(adds, row, out));
      if (protocols.holds(row)) out.protocol = read_protocol(protocols, row);
      if (metadata.holds(row)) out.metadata = read_metadata(metadata, row);
    }
  }
  return out;
}

}  // namespace vortex
