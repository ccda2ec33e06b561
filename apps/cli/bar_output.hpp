// Bars on their way out of `read` and `fetch`: which format, and the bytes.
#pragma once

#include <arrow/type_fwd.h>

#include "vortex/codec/bar_file.hpp"

#include "apps/cli/command_context.hpp"

namespace vortex::cli {

// --format, else by the extension of -o, else a table on a terminal and csv in a pipe. With --json:
// json.
Result<BarFormat> bar_format_for(CommandContext& context);

// Writes the bars to stdout or -o. Binary formats are refused on a terminal.
Result<void> deliver_bars(CommandContext& context, const arrow::Table& bars, BarFormat format);

}  // namespace vortex::cli
