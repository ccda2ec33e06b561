// Bars in files of other tools: reading anybody's CSV or Parquet, writing CSV, JSON, Arrow and Parquet.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"

namespace vortex {

// A bar file as it was found: columns recognised by name (timestamp|date|datetime|time, open, high, low,
// close|last|adj close apart, volume|vol, symbol|ticker; any case), times with zone or bare (read as UTC and said).
struct BarFile {
  std::shared_ptr<arrow::RecordBatch> bars;   // bar_schema; missing constants are empty strings
  std::vector<std::string> notes;             // what was assumed: "times carry no zone: read as UTC"
};

// By its extension (.csv, .parquet, .arrow), else by its first bytes. Schema error naming a missing
// required column; bad_payload with line number for a cell that cannot be read.
Result<BarFile> read_bar_file(const std::string& path);

enum class BarFormat : unsigned char { table, csv, json, arrow, parquet };
Result<BarFormat> parse_bar_format(std::string_view text);
// From a file name's extension; usage error that lists the known ones.
Result<BarFormat> bar_format_of(const std::string& path);

// The table as bytes. csv begins `timestamp,open,high,low,close,volume,symbol,provider`; stamps
// `2024-01-02T14:30:00Z`, numbers shortest round-trip, null empty. json: one array of objects.
// table: aligned columns for people.
Result<std::string> write_bars(const arrow::Table& bars, BarFormat format);

}  // namespace vortex
