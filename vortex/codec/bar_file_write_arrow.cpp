// Bars as Arrow IPC streams and Parquet files, in batches, with plain strings: readers of other
// tools meet no dictionaries.
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/io/interfaces.h>
#include <arrow/ipc/writer.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include "vortex/codec/arrow_error.hpp"
#include "vortex/codec/bar_file_write.hpp"

namespace vortex {
namespace {

// Arrow writes into the sink. The sink's own error is kept beside the Status that Arrow passes on.
class SinkStream final : public arrow::io::OutputStream {
 public:
  explicit SinkStream(const ByteSink& sink) : sink_(sink) {}

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  arrow::Status Write(const void* data, std::int64_t bytes) override {
    if (problem_) return arrow::Status::IOError("the sink has failed");
    const auto size = static_cast<std::size_t>(bytes);
    auto taken = sink_(std::string_view(static_cast<const char*>(data), size));
    if (!taken) {
      problem_ = std::make_unique<Error>(std::move(taken).error());
      return arrow::Status::IOError("the sink has failed");
    }
    position_ += bytes;
    return arrow::Status::OK();
  }
  using arrow::io::OutputStream::Write;

  // The outcome of a step: the sink's error where it has one.
  Result<void> outcome(const arrow::Status& status) {
    if (problem_) return std::unexpected(std::move(*problem_));
    return to_result(status, ErrorCode::internal);
  }

 private:
  const ByteSink& sink_;
  std::unique_ptr<Error> problem_;
  std::int64_t position_ = 0;
  bool closed_ = false;
};

std::shared_ptr<arrow::Schema> plain_schema(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    const bool coded = field->type()->id() == arrow::Type::DICTIONARY;
    fields.push_back(coded ? field->WithType(arrow::utf8()) : field);
  }
  return arrow::schema(std::move(fields), schema.metadata());
}

Result<std::shared_ptr<arrow::Array>> plain_column(const std::shared_ptr<arrow::Array>& column) {
  if (column->type_id() != arrow::Type::DICTIONARY) return column;
  const auto& coded = static_cast<const arrow::DictionaryArray&>(*column);
  const auto& values = static_cast<const arrow::StringArray&>(*coded.dictionary());
  arrow::StringBuilder builder;
  VORTEX_TRY_VOID(to_result(builder.Reserve(coded.length()), ErrorCode::local_resource));
  for (std::int64_t i = 0; i < coded.length(); ++i) {
    const auto status = coded.IsNull(i) ? builder.AppendNull()
                                        : builder.Append(values.GetView(coded.GetValueIndex(i)));
    VORTEX_TRY_VOID(to_result(status, ErrorCode::local_resource));
  }
  std::shared_ptr<arrow::Array> plain;
  VORTEX_TRY_VOID(to_result(builder.Finish(&plain), ErrorCode::local_resource));
  return plain;
}

// `write(batch)` for batches of at most `rows_max` rows with plain strings.
template <class Write>
Result<void> for_each_plain_batch(const arrow::Table& bars, std::int64_t rows_max,
                                  const std::shared_ptr<arrow::Schema>& schema, Write write) {
  arrow::TableBatchReader reader(bars);
  reader.set_chunksize(rows_max);
  while (true) {
    VORTEX_TRY(const auto batch, to_result(reader.Next(), ErrorCode::internal));
    if (batch == nullptr) return {};
    arrow::ArrayVector columns;
    for (const auto& column : batch->columns()) {
      VORTEX_TRY(auto plain, plain_column(column));
      columns.push_back(std::move(plain));
    }
    VORTEX_TRY_VOID(
        write(*arrow::RecordBatch::Make(schema, batch->num_rows(), std::move(columns))));
  }
}

Result<void> write_row_groups(const arrow::Table& bars, const std::shared_ptr<SinkStream>& stream) {
  const auto schema = plain_schema(*bars.schema());
  auto properties = parquet::WriterProperties::Builder()
                        .compression(parquet::Compression::ZSTD)
                        ->max_row_group_length(kRowGroupRows)
                        ->build();
  auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  auto opened = parquet::arrow::FileWriter::Open(*schema, arrow::default_memory_pool(), stream,
                                                 properties, arrow_properties);
  VORTEX_TRY_VOID(stream->outcome(opened.status()));
  auto& writer = **opened;
  VORTEX_TRY_VOID(
      for_each_plain_batch(bars, kRowGroupRows, schema, [&](const arrow::RecordBatch& batch) {
        return stream->outcome(writer.WriteRecordBatch(batch));
      }));
  return stream->outcome(writer.Close());
}

}  // namespace

Result<void> write_ipc(const arrow::Table& bars, const ByteSink& sink) {
  SinkStream stream(sink);
  const auto schema = plain_schema(*bars.schema());
  auto opened = arrow::ipc::MakeStreamWriter(&stream, schema);
  VORTEX_TRY_VOID(stream.outcome(opened.status()));
  auto& writer = **opened;
  constexpr std::int64_t kRowsMax = std::int64_t{64} * 1024;
  VORTEX_TRY_VOID(
      for_each_plain_batch(bars, kRowsMax, schema, [&](const arrow::RecordBatch& batch) {
        return stream.outcome(writer.WriteRecordBatch(batch));
      }));
  return stream.outcome(writer.Close());
}

// Parquet's own layer throws: its border is here.
Result<void> write_parquet(const arrow::Table& bars, const ByteSink& sink) {
  const auto stream = std::make_shared<SinkStream>(sink);
  try {
    return write_row_groups(bars, stream);
  } catch (const std::exception& problem) {
    VORTEX_TRY_VOID(stream->outcome(arrow::Status::OK()));
    return fail(ErrorCode::internal, "parquet: " + untrusted(problem.what()));
  }
}

}  // namespace vortex
