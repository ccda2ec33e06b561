// `vortex init`: a commented vortex.toml.
#include <fmt/core.h>
#include <sys/stat.h>

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"

namespace vortex::cli {

CommandResult run_init(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  const std::string path = arguments.value_or("--output", "vortex.toml");
  const std::string text = commented_config(context.known_providers());
  if (path == "-") {
    VORTEX_TRY_VOID(context.output().data(text));
    return 0;
  }
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0 && !arguments.has("--force")) {
    Error error{.code = ErrorCode::usage,
                .message = fmt::format("{} is there already", untrusted(path, 200)),
                .hint = "--force replaces it; -o FILE writes elsewhere"};
    return std::unexpected(std::move(error));
  }
  // References to secrets may be added later: not for others' eyes.
  VORTEX_TRY_VOID(write_file(path, text, 0600));
  if (context.json()) {
    JsonWriter json = begin_answer("init", "ok");
    json.member("file", path);
    json.end_object();
    VORTEX_TRY_VOID(context.output().data(json.take() + "\n"));
  }
  context.output().note(fmt::format("wrote {}; next: vortex sync AAPL --since 2024-01-01", path));
  return 0;
}

}  // namespace vortex::cli
