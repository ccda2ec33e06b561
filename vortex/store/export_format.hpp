// The forms `vortex export` writes: their names, folders, intervals and conventions
// (docs/exports.md). Pure; safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/model/adjustment.hpp"
#include "vortex/model/interval.hpp"

namespace vortex {

enum class ExportFormat : std::uint8_t { csv, parquet, zipline, backtrader };

std::string_view to_string(ExportFormat format);
Result<ExportFormat> parse_export_format(std::string_view text);  // unknown_name with the nearest

// What the tool expects where the user does not say: zipline applies splits and dividends itself.
Adjustment default_adjustment(ExportFormat format);

// The folder inside the export's directory; empty: the directory itself. `unsupported` where the
// tool has no such bars.
Result<std::string> export_folder(ExportFormat format, Interval interval);

std::string_view export_extension(ExportFormat format);  // ".csv", ".parquet"

// File names without extension for symbols, in their order: safe on every file system, each other's
// equal on none, and readable back. Characters that a path or a shell could take for something else
// become %XX, as do the first letter of a name that Windows keeps for a device and, where two of
// the symbols differ in case alone, their small letters. zipline cuts names at the first dot: there
// dots are escaped too.
std::vector<std::string> export_names(ExportFormat format, const std::vector<std::string>& symbols);

}  // namespace vortex
