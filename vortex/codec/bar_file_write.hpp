// The writers behind write_bars, one a format. Each hands pieces to the sink and stops at its first
// error.
#pragma once

#include <arrow/type_fwd.h>

#include "vortex/codec/bar_file.hpp"

namespace vortex {

inline constexpr std::size_t kWritePieceBytes = std::size_t{1} << 20;
inline constexpr std::int64_t kRowGroupRows = std::int64_t{128} * 1024;  // as in the dataset

Result<void> write_csv(const arrow::Table& bars, const ByteSink& sink);
Result<void> write_json(const arrow::Table& bars, const ByteSink& sink);
Result<void> write_table(const arrow::Table& bars, const ByteSink& sink);  // text for people
Result<void> write_ipc(const arrow::Table& bars, const ByteSink& sink);
Result<void> write_parquet(const arrow::Table& bars, const ByteSink& sink);

}  // namespace vortex
