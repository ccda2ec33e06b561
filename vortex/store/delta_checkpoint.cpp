#include "vortex/store/delta_checkpoint.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <iterator>
#include <utility>

#include <arrow/array/array_binary.h>
#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/core.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include "vortex/codec/arrow_error.hpp"
#include "vortex/store/delta_listing.hpp"
#include "vortex/store/delta_seal.hpp"

namespace vortex {
namespace {

Error bad_checkpoint(std::string_view what) {
  return Error{.code = ErrorCode::corrupt, .message = fmt::format("checkpoint: {}", what)};
}

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
  const auto path = column.text("path", row);
  const std::int64_t size = column.whole<arrow::Int64Array>("size", row, -1);
  if (!path || size < 0) return std::unexpected(bad_checkpoint("an add without path or size"));
  AddFile add;
  VORTEX_TRY(add.path, decode_log_path(*path));
  add.partition_values = column.map("partitionValues", row);
  add.size = size;
  add.modification_ms =
      log_time(column.whole<arrow::Int64Array>("modificationTime", row, 0)).value_or(0);
  add.data_change = false;
  add.stats_json = column.text("stats", row).value_or("");
  add.stats = parse_statistics(add.stats_json);
  add.tags = column.map("tags", row);
  out.adds.push_back(std::move(add));
  return {};
}

Result<void> read_remove(const ActionColumn& column, std::int64_t row, CommitActions& out) {
  const auto path = column.text("path", row);
  if (!path) return std::unexpected(bad_checkpoint("a remove without a path"));
  RemoveFile remove;
  VORTEX_TRY(remove.path, decode_log_path(*path));
  remove.partition_values = column.map("partitionValues", row);
  remove.size = column.whole<arrow::Int64Array>("size", row, 0);
  remove.deletion_ms =
      log_time(column.whole<arrow::Int64Array>("deletionTimestamp", row, 0)).value_or(0);
  remove.data_change = false;
  out.removes.push_back(std::move(remove));
  return {};
}

AppTransaction read_transaction(const ActionColumn& column, std::int64_t row) {
  const std::int64_t updated = column.whole<arrow::Int64Array>("lastUpdated", row, -1);
  return {.app_id = column.text("appId", row).value_or(""),
          .version = column.whole<arrow::Int64Array>("version", row, 0),
          .updated_ms = updated < 0 ? std::nullopt : std::optional(updated)};
}

TableProtocol read_protocol(const ActionColumn& column, std::int64_t row) {
  return {.reader =
              protocol_version(column.whole<arrow::Int32Array>("minReaderVersion", row, INT32_MAX)),
          .writer =
              protocol_version(column.whole<arrow::Int32Array>("minWriterVersion", row, INT32_MAX)),
          .reader_features = column.texts("readerFeatures", row),
          .writer_features = column.texts("writerFeatures", row)};
}

TableMetadata read_metadata(const ActionColumn& column, std::int64_t row) {
  TableMetadata metadata;
  metadata.id = column.text("id", row).value_or("");
  metadata.name = column.text("name", row).value_or("");
  metadata.description = column.text("description", row).value_or("");
  metadata.schema_string = column.text("schemaString", row).value_or("");
  metadata.partition_columns = column.texts("partitionColumns", row);
  metadata.created_ms = column.whole<arrow::Int64Array>("createdTime", row, 0);
  for (auto& [name, value] : column.map("configuration", row)) {
    if (value) metadata.configuration[name] = *value;
  }
  return metadata;
}

arrow::Result<std::shared_ptr<arrow::Table>> decode(std::string bytes) {
  auto source =
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(bytes)));
  ARROW_ASSIGN_OR_RAISE(auto reader, parquet::arrow::FileReader::Make(
                                         arrow::default_memory_pool(),
                                         parquet::ParquetFileReader::Open(std::move(source))));
  ARROW_ASSIGN_OR_RAISE(auto table, reader->ReadTable());
  ARROW_ASSIGN_OR_RAISE(table, table->CombineChunks());
  ARROW_RETURN_NOT_OK(table->ValidateFull());
  return table;
}

// Damaged bytes make parts of libparquet throw, and not its own exceptions alone.
Result<std::shared_ptr<arrow::Table>> read_table(std::string bytes) {
  try {
    return to_result(decode(std::move(bytes)), ErrorCode::corrupt);
  } catch (const std::exception& error) {
    return std::unexpected(bad_checkpoint("cannot be read").with_evidence(error.what()));
  }
}

ActionColumn column_of(const arrow::Table& table, const char* name) {
  const auto column = table.GetColumnByName(name);
  return ActionColumn(column && column->num_chunks() == 1 ? column->chunk(0) : nullptr);
}

Result<CommitActions> read_rows(const arrow::Table& table) {
  CommitActions out;
  const ActionColumn adds = column_of(table, "add");
  const ActionColumn removes = column_of(table, "remove");
  const ActionColumn protocols = column_of(table, "protocol");
  const ActionColumn metadata = column_of(table, "metaData");
  const ActionColumn transactions = column_of(table, "txn");
  const ActionColumn sidecars = column_of(table, "sidecar");
  for (std::int64_t row = 0; row < table.num_rows(); ++row) {
    if (adds.holds(row)) VORTEX_TRY_VOID(read_add(adds, row, out));
    if (removes.holds(row)) VORTEX_TRY_VOID(read_remove(removes, row, out));
    if (protocols.holds(row)) out.protocol = read_protocol(protocols, row);
    if (metadata.holds(row)) out.metadata = read_metadata(metadata, row);
    if (transactions.holds(row)) out.transactions.push_back(read_transaction(transactions, row));
    if (sidecars.holds(row)) {
      return fail(ErrorCode::newer_protocol, "the checkpoint's files stand in sidecars (V2)");
    }
  }
  return out;
}

void append(CommitActions& all, CommitActions part) {
  if (part.protocol) all.protocol = std::move(part.protocol);
  if (part.metadata) all.metadata = std::move(part.metadata);
  std::ranges::move(part.adds, std::back_inserter(all.adds));
  std::ranges::move(part.removes, std::back_inserter(all.removes));
  std::ranges::move(part.transactions, std::back_inserter(all.transactions));
}

}  // namespace

Result<CommitActions> parse_checkpoint(std::string bytes, std::string_view place) {
  if (check_seal(bytes, kCheckpointSeal, place) == SealState::broken) {
    return std::unexpected(
        bad_checkpoint("its checksum does not match: damaged, or of another version or table"));
  }
  VORTEX_TRY(const auto table, read_table(std::move(bytes)));
  return read_rows(*table);
}

Result<CommitActions> read_checkpoint(FileSystem& files, const std::vector<std::string>& parts,
                                      std::string_view place) {
  CommitActions all;
  for (const std::string& part : parts) {
    VORTEX_TRY(auto bytes, read_log_file(files, part));
    VORTEX_TRY(auto actions, parse_checkpoint(std::move(bytes), place));
    append(all, std::move(actions));
  }
  if (!all.protocol || !all.metadata) {
    return std::unexpected(bad_checkpoint("no protocol or metadata in it"));
  }
  return all;
}

}  // namespace vortex
