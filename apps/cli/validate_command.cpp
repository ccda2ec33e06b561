// `vortex validate FILE`: any bar file judged by the rules of the dataset.
#include "vortex/quality/file_check.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"

namespace vortex::cli {

// Bad rows alone are a warning, as in sync; with --strict they make the command fail.
CommandResult run_validate(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  VORTEX_TRY(const FileCheck check, check_file(arguments.positional[0]));
  const bool bad = check.report.rows_quarantined > 0;
  const int code = bad && arguments.has("--strict") ? exit_code(ErrorClass::quality) : 0;
  if (context.json()) {
    JsonWriter json = begin_answer("validate", code == 0 ? "ok" : "failed");
    json.key("check");
    write_json(json, check);
    json.end_object();
    VORTEX_TRY_VOID(context.output().data(json.take() + "\n"));
  } else {
    VORTEX_TRY_VOID(context.output().data(to_text(check)));
  }
  return code;
}

}  // namespace vortex::cli
