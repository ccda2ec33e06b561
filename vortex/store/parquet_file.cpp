#include "vortex/store/parquet_file.hpp"

#include <limits>
#include <utility>

#include <arrow/io/file.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/core.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/statistics.h>
#include <parquet/types.h>

#include "vortex/codec/arrow_error.hpp"
#include "vortex/store/arrow_files.hpp"

namespace vortex {
namespace {

// A read of one symbol decodes a group of each file; smaller ones make writing slower.
constexpr std::int64_t kRowGroupRowsMax = std::int64_t{32} * 1024;
constexpr int kZstdLevel = 1;  // levels 2 and 3 gain 1 % on prices and cost half as much time again

std::shared_ptr<parquet::WriterProperties> writer_properties(const arrow::Schema& schema,
                                                             const ParquetLayout& layout) {
  parquet::WriterProperties::Builder builder;
  builder.compression(parquet::Compression::ZSTD)
      ->compression_level(kZstdLevel)
      ->max_row_group_length(kRowGroupRowsMax)
      ->disable_dictionary()
      ->disable_statistics()
      ->enable_page_checksum()
      ->created_by("Vortex " VORTEX_VERSION);
  for (const auto& name : layout.dictionary) builder.enable_dictionary(name);
  for (const auto& name : layout.statistics) builder.enable_statistics(name);
  std::vector<parquet::SortingColumn> sorting;
  sorting.reserve(layout.sorted_by.size());
  for (const auto& name : layout.sorted_by) {
    sorting.push_back(
        {.column_idx = schema.GetFieldIndex(name), .descending = false, .nulls_first = false});
  }
  builder.set_sorting_columns(std::move(sorting));
  return builder.build();
}

// Do the group's statistics allow a value of [lowest, highest] in this column?
template <class Stats, class Value>
bool may_hold(const parquet::RowGroupMetaData& group, int column,
              const std::optional<Value>& lowest, const std::optional<Value>& highest) {
  if (column < 0 || (!lowest && !highest)) return true;
  const auto chunk = group.ColumnChunk(column);
  const auto stats = std::dynamic_pointer_cast<Stats>(chunk->statistics());
  if (!stats || !stats->HasMinMax()) return true;
  if constexpr (std::is_same_v<Value, std::string>) {
    if (highest && std::string_view(stats->min()) > *highest) return false;
    return !lowest || std::string_view(stats->max()) >= *lowest;
  } else {
    const auto ticks = [](TimePoint time) {
      return time.time_since_epoch().count();
    };
    if (highest && stats->min() > ticks(*highest)) return false;
    return !lowest || stats->max() >= ticks(*lowest);
  }
}

int leaf_of(const parquet::FileMetaData& metadata, std::string_view name) {
  return metadata.schema()->ColumnIndex(std::string(name));
}

// A timestamp column whose raw numbers are microseconds; -1 where they are something else, so that
// nothing is pruned by them.
int leaf_in_micros(const parquet::FileMetaData& metadata, std::string_view name) {
  const int leaf = leaf_of(metadata, name);
  if (leaf < 0) return -1;
  const auto type = metadata.schema()->Column(leaf)->logical_type();
  const auto* timestamp = dynamic_cast<const parquet::TimestampLogicalType*>(type.get());
  const bool micros =
      timestamp != nullptr && timestamp->time_unit() == parquet::LogicalType::TimeUnit::MICROS;
  return micros ? leaf : -1;
}

bool comes_as_dictionary(const parquet::FileMetaData& metadata, int leaf, TextsAs texts) {
  if (metadata.schema()->Column(leaf)->physical_type() != parquet::Type::BYTE_ARRAY) return false;
  if (texts == TextsAs::dictionaries) return true;
  for (int group = 0; group < metadata.num_row_groups(); ++group) {
    if (!metadata.RowGroup(group)->ColumnChunk(leaf)->has_dictionary_page()) return false;
  }
  return true;
}

// What the disk said, where it did; else the file itself is damaged.
Error unreadable(const ArrowFileReader& source, const std::string& path, Error otherwise) {
  auto told = source.error();
  return (told ? *std::move(told) : std::move(otherwise)).in(path);
}

Error damaged(const std::string& path, const std::exception& cause) {
  return Error{.code = ErrorCode::corrupt, .message = fmt::format("{} cannot be read", path)}
      .with_evidence(cause.what());
}

}  // namespace

struct ParquetTableWriter::Impl {
  std::string path;
  std::unique_ptr<FileWriter> file;
  std::shared_ptr<ArrowFileWriter> sink;
  std::unique_ptr<parquet::arrow::FileWriter> writer;

  Result<void> write_group(const arrow::RecordBatch& rows);

  // What a step of libparquet came to, parts of which throw.
  template <class Step>
  Result<void> run(const Step& step) {
    arrow::Status status;
    try {
      status = step();
    } catch (const parquet::ParquetException& error) {
      status = arrow::Status::IOError(error.what());
    }
    if (status.ok()) return {};
    if (sink->error()) return std::unexpected(*sink->error());
    return std::unexpected(from_arrow(status, ErrorCode::storage).in(path));
  }
};

Result<void> ParquetTableWriter::Impl::write_group(const arrow::RecordBatch& rows) {
  return run([&] {
    arrow::Status status = writer->NewBufferedRowGroup();
    return status.ok() ? writer->WriteRecordBatch(rows) : status;
  });
}

ParquetTableWriter::ParquetTableWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ParquetTableWriter::ParquetTableWriter(ParquetTableWriter&&) noexcept = default;
ParquetTableWriter& ParquetTableWriter::operator=(ParquetTableWriter&&) noexcept = default;
ParquetTableWriter::~ParquetTableWriter() = default;

Result<ParquetTableWriter> ParquetTableWriter::create(FileSystem& files, const std::string& path,
                                                      const arrow::Schema& schema,
                                                      const ParquetLayout& layout) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  VORTEX_TRY(impl->file, files.open_new(path));
  impl->sink = std::make_shared<ArrowFileWriter>(*impl->file);
  const auto open = [&]() -> arrow::Status {
    const auto arrow_properties =
        parquet::ArrowWriterProperties::Builder().set_use_threads(true)->build();
    ARROW_ASSIGN_OR_RAISE(impl->writer, parquet::arrow::FileWriter::Open(
                                            schema, arrow::default_memory_pool(), impl->sink,
                                            writer_properties(schema, layout), arrow_properties));
    return arrow::Status::OK();
  };
  VORTEX_TRY_VOID(impl->run(open));
  return ParquetTableWriter(std::move(impl));
}

Result<void> ParquetTableWriter::write(const arrow::RecordBatch& batch) {
  // Group by group, so that one group's pages are all that is buffered.
  for (std::int64_t row = 0; row < batch.num_rows(); row += kRowGroupRowsMax) {
    VORTEX_TRY_VOID(impl_->write_group(*batch.Slice(row, kRowGroupRowsMax)));
  }
  return {};
}

Result<WrittenFile> ParquetTableWriter::finish() {
  VORTEX_TRY_VOID(impl_->run([&]() -> arrow::Status {
    ARROW_RETURN_NOT_OK(impl_->writer->Close());
    return impl_->sink->Close();
  }));
  WrittenFile written{.size = static_cast<std::int64_t>(impl_->file->position()),
                      .checksum = impl_->sink->checksum()};
  VORTEX_TRY_VOID(impl_->file->finish());
  return written;
}

Result<WrittenFile> write_parquet(FileSystem& files, const std::string& path,
                                  const arrow::RecordBatch& batch, const ParquetLayout& layout) {
  VORTEX_TRY(auto writer, ParquetTableWriter::create(files, path, *batch.schema(), layout));
  VORTEX_TRY_VOID(writer.write(batch));
  return writer.finish();
}

struct ParquetTableFile::Impl {
  std::string path;
  std::shared_ptr<ArrowFileReader> source;
  std::unique_ptr<parquet::arrow::FileReader> reader;
  std::shared_ptr<parquet::FileMetaData> metadata;

  std::vector<int> leaves_of(const std::vector<std::string>& columns) const {
    std::vector<int> leaves;
    if (columns.empty()) {
      for (int i = 0; i < metadata->num_columns(); ++i) leaves.push_back(i);
    }
    for (const auto& name : columns) {
      if (const int leaf = leaf_of(*metadata, name); leaf >= 0) leaves.push_back(leaf);
    }
    return leaves;
  }
};

ParquetTableFile::ParquetTableFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ParquetTableFile::ParquetTableFile(ParquetTableFile&&) noexcept = default;
ParquetTableFile& ParquetTableFile::operator=(ParquetTableFile&&) noexcept = default;
ParquetTableFile::~ParquetTableFile() = default;

Result<ParquetTableFile> ParquetTableFile::open(FileSystem& files, const std::string& path,
                                                TextsAs texts) {
  auto file = files.open(path);
  if (!file && file.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::corrupt, fmt::format("{} is missing, which the table names", path));
  }
  if (!file) return std::unexpected(std::move(file).error());
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->source = std::make_shared<ArrowFileReader>(*std::move(file));
  try {
    parquet::ReaderProperties checked;
    checked.set_page_checksum_verification(true);
    auto parquet_reader = parquet::ParquetFileReader::Open(impl->source, checked);
    impl->metadata = parquet_reader->metadata();
    parquet::ArrowReaderProperties properties(/*use_threads=*/true);
    for (int i = 0; i < impl->metadata->num_columns(); ++i) {
      properties.set_read_dictionary(i, comes_as_dictionary(*impl->metadata, i, texts));
    }
    properties.set_pre_buffer(false);
    properties.set_batch_size(kRowGroupRowsMax);
    VORTEX_TRY(impl->reader,
               to_result(parquet::arrow::FileReader::Make(arrow::default_memory_pool(),
                                                          std::move(parquet_reader), properties),
                         ErrorCode::corrupt));
  } catch (const parquet::ParquetException& error) {
    return std::unexpected(unreadable(*impl->source, path, damaged(path, error)));
  }
  return ParquetTableFile(std::move(impl));
}

std::int64_t ParquetTableFile::rows() const {
  return impl_->metadata->num_rows();
}

std::vector<ParquetTableFile::RowGroup> ParquetTableFile::row_groups(
    const RowFilter& filter) const {
  const int symbol = leaf_of(*impl_->metadata, "symbol");
  const int timestamp = leaf_in_micros(*impl_->metadata, "timestamp");
  std::vector<RowGroup> groups;
  std::int64_t first_row = 0;
  for (int i = 0; i < impl_->metadata->num_row_groups(); ++i) {
    const auto group = impl_->metadata->RowGroup(i);
    if (may_hold<parquet::ByteArrayStatistics>(*group, symbol, filter.symbol_min,
                                               filter.symbol_max) &&
        may_hold<parquet::Int64Statistics>(*group, timestamp, filter.timestamp_min,
                                           filter.timestamp_max)) {
      groups.push_back({.index = i, .first_row = first_row, .rows = group->num_rows()});
    }
    first_row += group->num_rows();
  }
  return groups;
}

Result<std::shared_ptr<arrow::Table>> ParquetTableFile::read(
    const std::vector<RowGroup>& groups, const std::vector<std::string>& columns) const {
  std::vector<int> indices;
  indices.reserve(groups.size());
  for (const RowGroup& group : groups) indices.push_back(group.index);
  try {
    auto table = to_result(impl_->reader->ReadRowGroups(indices, impl_->leaves_of(columns)),
                           ErrorCode::corrupt);
    if (table) return table;
    return std::unexpected(unreadable(*impl_->source, impl_->path, std::move(table).error()));
  } catch (const parquet::ParquetException& error) {
    return std::unexpected(unreadable(*impl_->source, impl_->path, damaged(impl_->path, error)));
  }
}

Result<std::unique_ptr<arrow::RecordBatchReader>> ParquetTableFile::batches(
    const std::vector<std::string>& columns, std::int64_t rows_max) const {
  impl_->reader->set_use_threads(false);
  impl_->reader->set_batch_size(rows_max);
  std::vector<int> groups(static_cast<std::size_t>(impl_->metadata->num_row_groups()));
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = static_cast<int>(i);
  try {
    auto reader = to_result(impl_->reader->GetRecordBatchReader(groups, impl_->leaves_of(columns)),
                            ErrorCode::corrupt);
    if (reader) return reader;
    return std::unexpected(unreadable(*impl_->source, impl_->path, std::move(reader).error()));
  } catch (const parquet::ParquetException& error) {
    return std::unexpected(unreadable(*impl_->source, impl_->path, damaged(impl_->path, error)));
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetTableFile::next(
    arrow::RecordBatchReader& reader) const {
  try {
    std::shared_ptr<arrow::RecordBatch> batch;
    auto done = to_result(reader.ReadNext(&batch), ErrorCode::corrupt);
    if (done) return batch;
    return std::unexpected(unreadable(*impl_->source, impl_->path, std::move(done).error()));
  } catch (const parquet::ParquetException& error) {
    return std::unexpected(unreadable(*impl_->source, impl_->path, damaged(impl_->path, error)));
  }
}

const std::string& ParquetTableFile::written_by() const {
  return impl_->metadata->created_by();
}

}  // namespace vortex
