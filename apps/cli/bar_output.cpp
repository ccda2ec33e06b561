#include "apps/cli/bar_output.hpp"

namespace vortex::cli {

Result<BarFormat> bar_format_for(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  if (const auto format = arguments.value("--format")) return parse_bar_format(*format);
  const auto file = arguments.value("--output");
  if (file && *file != "-") return bar_format_of(*file);
  if (context.json()) return BarFormat::json;
  return context.output().data_is_terminal() ? BarFormat::table : BarFormat::csv;
}

Result<void> deliver_bars(CommandContext& context, const arrow::Table& bars, BarFormat format) {
  const bool binary = format == BarFormat::arrow || format == BarFormat::parquet;
  const std::string file = context.arguments().value_or("--output", "-");
  if (binary && file == "-" && context.output().data_is_terminal()) {
    return fail(ErrorCode::usage, "this format is not for a terminal: use -o FILE or a pipe");
  }
  VORTEX_TRY(const std::string bytes, write_bars(bars, format));
  return context.deliver(bytes);
}

}  // namespace vortex::cli
