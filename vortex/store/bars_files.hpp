// Data files of the bars table: writing one with its add action, and reading rows out of one.
#pragma once

#include <string>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"
#include "vortex/base/random.hpp"
#include "vortex/store/bar_columns.hpp"
#include "vortex/store/delta_actions.hpp"
#include "vortex/store/file_system.hpp"
#include "vortex/store/parquet_file.hpp"

namespace vortex {

// How bars files are laid out.
const ParquetLayout& bars_layout();

// All rows of a table as a data file has them, appended chunk by chunk.
Result<void> append_table(const arrow::Table& table, BarColumns& out);

// Writes rows (sorted by symbol, timestamp) as a new file of the partition.
Result<AddFile> write_bars_file(FileSystem& files, Random& random, const PartitionValues& values,
                                const BarColumns& rows);

RemoveFile remove_of(const AddFile& file);

}  // namespace vortex
