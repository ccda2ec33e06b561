// Writing a checkpoint: protocol, metadata, transactions, tombstones and files, in that order and
// each sorted by key, so that its bytes follow from the snapshot.

#include <utility>

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

#include "vortex/codec/arrow_error.hpp"
#include "vortex/store/delta_checkpoint.hpp"
#include "vortex/store/delta_seal.hpp"

namespace vortex {
namespace {

std::shared_ptr<arrow::Field> text(const char* name) {
  return arrow::field(name, arrow::utf8());
}
std::shared_ptr<arrow::Field> whole(const char* name) {
  return arrow::field(name, arrow::int64());
}
std::shared_ptr<arrow::Field> flag(const char* name) {
  return arrow::field(name, arrow::boolean());
}
std::shared_ptr<arrow::Field> small(const char* name) {
  return arrow::field(name, arrow::int32());
}
std::shared_ptr<arrow::Field> texts(const char* name) {
  return arrow::field(name, arrow::list(arrow::field("element", arrow::utf8())));
}
std::shared_ptr<arrow::Field> text_map(const char* name) {
  return arrow::field(name, arrow::map(arrow::utf8(), arrow::utf8()));
}

const std::shared_ptr<arrow::Schema>& checkpoint_schema() {
  static const auto kSchema = arrow::schema({
      arrow::field("txn", arrow::struct_({text("appId"), whole("version"), whole("lastUpdated")})),
      arrow::field("add", arrow::struct_({text("path"), text_map("partitionValues"), whole("size"),
                                          whole("modificationTime"), flag("dataChange"),
                                          text("stats"), text_map("tags")})),
      arrow::field("remove", arrow::struct_({text("path"), whole("deletionTimestamp"),
                                             flag("dataChange"), flag("extendedFileMetadata"),
                                             text_map("partitionValues"), whole("size")})),
      arrow::field("metaData",
                   arrow::struct_({text("id"), text("name"), text("description"),
                                   arrow::field("format", arrow::struct_({text("provider"),
                                                                          text_map("options")})),
                                   text("schemaString"), texts("partitionColumns"),
                                   whole("createdTime"), text_map("configuration")})),
      arrow::field("protocol", arrow::struct_({small("minReaderVersion"), small("minWriterVersion"),
                                               texts("readerFeatures"), texts("writerFeatures")})),
  });
  return kSchema;
}

// Writes one struct's fields, in their order. A failed append is kept and told at the end.
class FieldWriter {
 public:
  FieldWriter(arrow::StructBuilder& row, arrow::Status& status) : row_(row), status_(status) {
    note(row_.Append());
  }
  FieldWriter& text(std::string_view value) {
    return note(next<arrow::StringBuilder>().Append(value));
  }
  FieldWriter& text_or_null(std::string_view value) {
    return value.empty() ? null<arrow::StringBuilder>() : text(value);
  }
  FieldWriter& whole(std::optional<std::int64_t> value) {
    return value ? note(next<arrow::Int64Builder>().Append(*value)) : null<arrow::Int64Builder>();
  }
  FieldWriter& small(int value) { return note(next<arrow::Int32Builder>().Append(value)); }
  FieldWriter& flag(bool value) { return note(next<arrow::BooleanBuilder>().Append(value)); }
  FieldWriter& texts(const std::vector<std::string>& values) {
    auto& list = next<arrow::ListBuilder>();
    note(list.Append());
    return note(static_cast<arrow::StringBuilder*>(list.value_builder())->AppendValues(values));
  }
  FieldWriter& texts_or_null(const std::vector<std::string>& values) {
    return values.empty() ? null<arrow::ListBuilder>() : texts(values);
  }
  template <class Map>
  FieldWriter& map(const Map& values) {
    auto& builder = next<arrow::MapBuilder>();
    note(builder.Append());
    auto& keys = static_cast<arrow::StringBuilder&>(*builder.key_builder());
    auto& items = static_cast<arrow::StringBuilder&>(*builder.item_builder());
    for (const auto& [key, value] : values) {
      note(keys.Append(key));
      note(append_text(items, value));
    }
    return *this;
  }
  FieldWriter& map_or_null(const PartitionValues& values) {
    return values.empty() ? null<arrow::MapBuilder>() : map(values);
  }
  arrow::StructBuilder& nested() { return next<arrow::StructBuilder>(); }

 private:
  static arrow::Status append_text(arrow::StringBuilder& to, const std::string& value) {
    return to.Append(value);
  }
  static arrow::Status append_text(arrow::StringBuilder& to,
                                   const std::optional<std::string>& value) {
    return value ? to.Append(*value) : to.AppendNull();
  }
  template <class Builder>
  Builder& next() {
    return static_cast<Builder&>(*row_.field_builder(next_++));
  }
  template <class Builder>
  FieldWriter& null() {
    return note(next<Builder>().AppendNull());
  }
  FieldWriter& note(const arrow::Status& status) {
    if (status_.ok() && !status.ok()) status_ = status;
    return *this;
  }

  arrow::StructBuilder& row_;
  arrow::Status& status_;
  int next_ = 0;
};

// The columns of a checkpoint; each row fills one of them.
class RowsWriter {
 public:
  arrow::Status open() {
    for (const auto& field : checkpoint_schema()->fields()) {
      ARROW_ASSIGN_OR_RAISE(auto builder, arrow::MakeBuilder(field->type()));
      columns_.push_back(std::move(builder));
    }
    return {};
  }
  FieldWriter row(const char* column) {
    const int wanted = checkpoint_schema()->GetFieldIndex(column);
    for (int i = 0; i < static_cast<int>(columns_.size()); ++i) {
      const auto status =
          i == wanted ? arrow::Status{} : columns_[static_cast<std::size_t>(i)]->AppendNull();
      if (status_.ok() && !status.ok()) status_ = status;
    }
    ++rows_;
    auto& builder = *columns_[static_cast<std::size_t>(wanted)];
    return {static_cast<arrow::StructBuilder&>(builder), status_};
  }
  arrow::Status& status() { return status_; }
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> finish() {
    ARROW_RETURN_NOT_OK(status_);
    arrow::ArrayVector arrays;
    for (const auto& column : columns_) {
      ARROW_ASSIGN_OR_RAISE(auto array, column->Finish());
      arrays.push_back(std::move(array));
    }
    return arrow::RecordBatch::Make(checkpoint_schema(), rows_, std::move(arrays));
  }

 private:
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> columns_;
  arrow::Status status_;
  std::int64_t rows_ = 0;
};

void add_table(RowsWriter& rows, const Snapshot& snapshot) {
  const TableProtocol& protocol = snapshot.protocol;
  rows.row("protocol")
      .small(protocol.reader)
      .small(protocol.writer)
      .texts_or_null(protocol.reader_features)
      .texts_or_null(protocol.writer_features);
  const TableMetadata& metadata = snapshot.metadata;
  auto row = rows.row("metaData");
  row.text(metadata.id).text_or_null(metadata.name).text_or_null(metadata.description);
  FieldWriter(row.nested(), rows.status()).text("parquet").map(PartitionValues{});
  row.text(metadata.schema_string)
      .texts(metadata.partition_columns)
      .whole(metadata.created_ms)
      .map(metadata.configuration);
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> rows_of(const Snapshot& snapshot,
                                                           std::int64_t tombstones_from_ms) {
  RowsWriter rows;
  ARROW_RETURN_NOT_OK(rows.open());
  add_table(rows, snapshot);
  for (const auto& [app, transaction] : snapshot.transactions) {
    rows.row("txn").text(app).whole(transaction.version).whole(transaction.updated_ms);
  }
  for (const auto& [path, remove] : snapshot.tombstones) {
    if (remove->deletion_ms < tombstones_from_ms) continue;
    rows.row("remove")
        .text(encode_log_path(path))
        .whole(remove->deletion_ms)
        .flag(false)
        .flag(true)
        .map(remove->partition_values)
        .whole(remove->size);
  }
  for (const auto& [path, add] : snapshot.files) {
    rows.row("add")
        .text(encode_log_path(path))
        .map(add->partition_values)
        .whole(add->size)
        .whole(add->modification_ms)
        .flag(false)
        .text_or_null(add->stats_json)
        .map_or_null(add->tags);
  }
  return rows.finish();
}

arrow::Result<std::string> encode(const arrow::RecordBatch& rows) {
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create());
  const auto properties = parquet::WriterProperties::Builder()
                              .compression(parquet::Compression::ZSTD)
                              ->compression_level(1)
                              ->disable_statistics()
                              ->created_by("Vortex " VORTEX_VERSION)
                              ->build();
  ARROW_ASSIGN_OR_RAISE(
      auto writer, parquet::arrow::FileWriter::Open(*rows.schema(), arrow::default_memory_pool(),
                                                    sink, properties));
  ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(rows));
  const auto sealed = arrow::key_value_metadata(
      {"vortex"}, {std::string(kCheckpointSeal) + std::string(kUnsealed)});
  ARROW_RETURN_NOT_OK(writer->AddKeyValueMetadata(sealed));
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(const auto buffer, sink->Finish());
  return buffer->ToString();
}

}  // namespace

Result<CheckpointBytes> write_checkpoint(const Snapshot& snapshot, std::int64_t tombstones_from_ms,
                                         std::string_view place) {
  CheckpointBytes out;
  try {
    VORTEX_TRY(const auto rows,
               to_result(rows_of(snapshot, tombstones_from_ms), ErrorCode::internal));
    out.rows = rows->num_rows();
    VORTEX_TRY(out.bytes, to_result(encode(*rows), ErrorCode::internal));
  } catch (const parquet::ParquetException& error) {
    return std::unexpected(
        Error{.code = ErrorCode::internal, .message = "checkpoint not encoded"}.with_evidence(
            error.what()));
  }
  seal(out.bytes, kCheckpointSeal, place);
  return out;
}

}  // namespace vortex
