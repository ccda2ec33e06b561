#include "vortex/codec/bar_file_read_arrow.hpp"

#include <exception>
#include <utility>
#include <vector>

#include <arrow/io/interfaces.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/memory_pool.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include "vortex/codec/arrow_error.hpp"

namespace vortex {
namespace {

// What a file may unpack to; a claim of more is damage or a bomb.
constexpr std::int64_t kUnpackedBytesMax = std::int64_t{32} << 30;

Error damaged(std::string_view what, std::string_view evidence) {
  Error error{.code = ErrorCode::bad_payload, .message = std::string(what)};
  return std::move(error).with_evidence(evidence);
}

// Claims are checked before anything is allocated for them.
Result<void> check_claims(const parquet::FileMetaData& metadata, std::int64_t file_bytes) {
  const std::int64_t rows = metadata.num_rows();
  if (rows < 0 || rows > kBarFileRowsMax) {
    return fail(ErrorCode::bad_payload,
                "the Parquet footer claims " + std::to_string(rows) + " rows");
  }
  std::int64_t unpacked = 0;
  std::int64_t group_rows = 0;
  for (int i = 0; i < metadata.num_row_groups(); ++i) {
    const auto group = metadata.RowGroup(i);
    if (group->num_rows() < 0 || group->total_byte_size() < 0 ||
        group->total_byte_size() > kUnpackedBytesMax - unpacked ||
        group->num_rows() > rows - group_rows) {
      return fail(ErrorCode::bad_payload, "row group " + std::to_string(i + 1) +
                                              " of the Parquet file (" +
                                              std::to_string(file_bytes) + " bytes) claims " +
                                              std::to_string(group->num_rows()) + " rows and " +
                                              std::to_string(group->total_byte_size()) + " bytes");
    }
    unpacked += group->total_byte_size();
    group_rows += group->num_rows();
  }
  if (group_rows != rows) {
    return fail(ErrorCode::bad_payload, "the Parquet footer claims " + std::to_string(rows) +
                                            " rows, its row groups " + std::to_string(group_rows));
  }
  return {};
}

Result<std::shared_ptr<arrow::Table>> parquet_table(
    const std::shared_ptr<arrow::io::RandomAccessFile>& input) {
  VORTEX_TRY(const std::int64_t bytes, to_result(input->GetSize(), ErrorCode::storage));
  parquet::ReaderProperties properties;
  properties.set_page_checksum_verification(true);
  auto file = parquet::ParquetFileReader::Open(input, properties);
  VORTEX_TRY_VOID(check_claims(*file->metadata(), bytes));
  parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
  VORTEX_TRY(auto reader,
             to_result(parquet::arrow::FileReader::Make(arrow::default_memory_pool(),
                                                        std::move(file), arrow_properties),
                       ErrorCode::bad_payload));
  VORTEX_TRY(auto table, to_result(reader->ReadTable(), ErrorCode::bad_payload));
  VORTEX_TRY_VOID(to_result(table->ValidateFull(), ErrorCode::bad_payload));
  return table;
}

Result<std::shared_ptr<arrow::Table>> ipc_file_table(
    const std::shared_ptr<arrow::io::RandomAccessFile>& input) {
  VORTEX_TRY(auto reader,
             to_result(arrow::ipc::RecordBatchFileReader::Open(input), ErrorCode::bad_payload));
  arrow::RecordBatchVector batches;
  for (int i = 0; i < reader->num_record_batches(); ++i) {
    VORTEX_TRY(auto batch, to_result(reader->ReadRecordBatch(i), ErrorCode::bad_payload));
    VORTEX_TRY_VOID(to_result(batch->ValidateFull(), ErrorCode::bad_payload));
    batches.push_back(std::move(batch));
  }
  return to_result(arrow::Table::FromRecordBatches(reader->schema(), batches),
                   ErrorCode::bad_payload);
}

Result<std::shared_ptr<arrow::Table>> ipc_stream_table(
    const std::shared_ptr<arrow::io::RandomAccessFile>& input) {
  VORTEX_TRY(auto reader,
             to_result(arrow::ipc::RecordBatchStreamReader::Open(input), ErrorCode::bad_payload));
  arrow::RecordBatchVector batches;
  while (true) {
    VORTEX_TRY(auto batch, to_result(reader->Next(), ErrorCode::bad_payload));
    if (batch == nullptr) break;
    VORTEX_TRY_VOID(to_result(batch->ValidateFull(), ErrorCode::bad_payload));
    batches.push_back(std::move(batch));
  }
  return to_result(arrow::Table::FromRecordBatches(reader->schema(), batches),
                   ErrorCode::bad_payload);
}

}  // namespace

// Parquet's own layer throws on damage: its border is here.
Result<BarFile> read_bar_parquet(const std::shared_ptr<arrow::io::RandomAccessFile>& input,
                                 const std::string& stem) {
  try {
    VORTEX_TRY(const auto table, parquet_table(input));
    return bars_of_table(*table, stem);
  } catch (const std::exception& problem) {
    return std::unexpected(damaged("the Parquet file is damaged", problem.what()));
  }
}

Result<BarFile> read_bar_ipc(const std::shared_ptr<arrow::io::RandomAccessFile>& input,
                             const std::string& stem) {
  constexpr std::int64_t kMagicBytes = 6;
  VORTEX_TRY(const auto magic, to_result(input->ReadAt(0, kMagicBytes), ErrorCode::storage));
  VORTEX_TRY_VOID(to_result(input->Seek(0), ErrorCode::storage));
  const std::string_view seen(*magic);
  auto read = seen == "ARROW1" ? ipc_file_table(input) : ipc_stream_table(input);
  if (!read) return std::unexpected(std::move(read).error().in("the Arrow file is damaged"));
  return bars_of_table(**read, stem);
}

}  // namespace vortex
