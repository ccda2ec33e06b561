// Bars in files of other tools: reading anybody's CSV, Parquet or Arrow file, writing CSV, JSON,
// Arrow and Parquet. Pure but for the file that is read; safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"

namespace vortex {

inline constexpr std::int64_t kBarFileBytesMax = std::int64_t{4}
                                                 << 30;  // read into memory as a whole
inline constexpr std::int64_t kBarFileRowsMax = std::int64_t{1}
                                                << 28;  // 17 columns of it are 30 GiB

// A bar file as it was found. Columns are recognised by name, in any case (bar_file_columns.hpp): a
// time, open, high, low, close (or last) and volume are required; a symbol that is missing is the
// file's stem.
struct BarFile {
  std::shared_ptr<arrow::RecordBatch>
      bars;                          // bar_schema; constants that are missing are empty strings
  std::vector<std::string> notes;    // what was assumed: "times carry no zone: read as UTC"
  std::vector<std::int64_t> places;  // of each row: its line in a CSV file, else its row from 1
  bool places_are_lines = false;
};

// By the file's first bytes; its extension does not matter. Usage error for a path that is no file;
// schema error naming a required column that is missing, and the nearest one that is there;
// bad_payload with line (or row) and column for a cell that cannot be read; truncated for a file
// that was cut.
Result<BarFile> read_bar_file(const std::string& path);

// The same for CSV text at hand. `stem` is the symbol where no column says it.
Result<BarFile> read_bar_csv(std::string_view text, const std::string& stem);

// One series of a file: rows of one symbol, provider and interval, oldest first.
struct BarSeries {
  std::string symbol;
  std::string provider;
  std::string interval;  // inferred from the spacing where the file does not say it
  std::shared_ptr<arrow::RecordBatch> bars;  // bar_schema
  std::vector<std::int64_t> rows;            // of each row: its row in BarFile::bars
  std::vector<std::string> notes;            // "rows ran newest first: turned round"
};

// In the order in which the series first appear. Rows that run strictly backwards are turned round;
// any other order is left for the judge.
Result<std::vector<BarSeries>> split_by_series(const BarFile& file);

enum class BarFormat : unsigned char { table, csv, json, arrow, parquet };
std::string_view to_string(BarFormat format);
Result<BarFormat> parse_bar_format(std::string_view text);  // unknown_name with the nearest one
// From a file name's extension; usage error that lists the known ones.
Result<BarFormat> bar_format_of(const std::string& path);

// The table as bytes. csv: the columns of bar_schema in its order, so the header begins
// `timestamp,open,high,low,close,volume,symbol,provider` and ends
// `…,transform_timestamp,capture_id`; stamps `2024-01-02T14:30:00Z`, numbers shortest round-trip,
// null empty. json: one array of objects with the same names. arrow: an IPC stream; parquet: zstd;
// both with plain strings. table: aligned columns for people, without the constants.
Result<std::string> write_bars(const arrow::Table& bars, BarFormat format);

// The same in pieces of about a MiB (a row group for parquet), so that memory stays bounded. An
// error of the sink ends the writing and is returned.
using ByteSink = std::function<Result<void>(std::string_view)>;
Result<void> write_bars(const arrow::Table& bars, BarFormat format, const ByteSink& sink);

}  // namespace vortex
