// Parquet through the store's file interface: writing one whole file, and reading chosen row groups
// and columns of one. Not thread-safe; columns are encoded and decoded on Arrow's own pool.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"
#include "vortex/model/time_range.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {

struct ParquetLayout {
  // Columns whose order the rows keep, told to readers.
  std::vector<std::string> sorted_by;
  // Columns worth a dictionary; the others are written plain.
  std::vector<std::string> dictionary;
  // Columns with row-group statistics.
  std::vector<std::string> statistics;
};

struct WrittenFile {
  std::int64_t size = 0;
  std::string checksum;  // Checksum::hex of its bytes
};

// Writes a new file batch by batch (zstd, page checksums, row groups of at most 32 Ki rows). Gone
// when dropped before `finish` succeeded.
class ParquetTableWriter {
 public:
  static Result<ParquetTableWriter> create(FileSystem& files, const std::string& path,
                                           const arrow::Schema& schema,
                                           const ParquetLayout& layout);
  ParquetTableWriter(const ParquetTableWriter&) = delete;
  ParquetTableWriter& operator=(const ParquetTableWriter&) = delete;
  ParquetTableWriter(ParquetTableWriter&&) noexcept;
  ParquetTableWriter& operator=(ParquetTableWriter&&) noexcept;
  ~ParquetTableWriter();

  // The rows become row groups of their own.
  Result<void> write(const arrow::RecordBatch& batch);
  Result<WrittenFile> finish();  // the file is durable

 private:
  struct Impl;
  explicit ParquetTableWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// All of a file at once.
Result<WrittenFile> write_parquet(FileSystem& files, const std::string& path,
                                  const arrow::RecordBatch& batch, const ParquetLayout& layout);

// What rows a reader is after; empty members exclude nothing.
struct RowFilter {
  std::optional<std::string> symbol_min;
  std::optional<std::string> symbol_max;
  std::optional<TimePoint> timestamp_min;
  std::optional<TimePoint> timestamp_max;  // inclusive
};

// How texts come: all as dictionaries, or only those that the file keeps as such.
enum class TextsAs : std::uint8_t { dictionaries, written };

class ParquetTableFile {
 public:
  static Result<ParquetTableFile> open(FileSystem& files, const std::string& path,
                                       TextsAs texts = TextsAs::dictionaries);
  ParquetTableFile(const ParquetTableFile&) = delete;
  ParquetTableFile& operator=(const ParquetTableFile&) = delete;
  ParquetTableFile(ParquetTableFile&&) noexcept;
  ParquetTableFile& operator=(ParquetTableFile&&) noexcept;
  ~ParquetTableFile();

  std::int64_t rows() const;
  struct RowGroup {
    int index = 0;
    std::int64_t first_row = 0;
    std::int64_t rows = 0;
  };
  // The row groups that can hold such rows, by their statistics.
  std::vector<RowGroup> row_groups(const RowFilter& filter) const;
  // `columns` empty: all. Columns the file lacks are left out.
  Result<std::shared_ptr<arrow::Table>> read(const std::vector<RowGroup>& groups,
                                             const std::vector<std::string>& columns) const;
  // The same, some rows at a time, one column after the other: little memory. The file must outlive
  // the reader.
  Result<std::unique_ptr<arrow::RecordBatchReader>> batches(const std::vector<std::string>& columns,
                                                            std::int64_t rows_max) const;
  // The next of such a reader's batches; none: the end.
  Result<std::shared_ptr<arrow::RecordBatch>> next(arrow::RecordBatchReader& reader) const;
  const std::string& written_by() const;  // "Vortex 0.1.0"

 private:
  struct Impl;
  explicit ParquetTableFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vortex
