// Reads Parquet and Arrow IPC files of bars. Parquet's types are taken as they come: any timestamp
// unit, integers, floats, decimals, dates, plain or dictionary strings.
#pragma once

#include <memory>
#include <string>

#include <arrow/io/type_fwd.h>
#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"
#include "vortex/codec/bar_file.hpp"

namespace vortex {

Result<BarFile> read_bar_parquet(const std::shared_ptr<arrow::io::RandomAccessFile>& input,
                                 const std::string& stem);

// The file format ("ARROW1") and the stream format.
Result<BarFile> read_bar_ipc(const std::shared_ptr<arrow::io::RandomAccessFile>& input,
                             const std::string& stem);

// A table of any types whose columns have names that recognise_columns knows.
Result<BarFile> bars_of_table(const arrow::Table& table, const std::string& stem);

}  // namespace vortex
