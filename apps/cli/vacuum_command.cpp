// `vortex vacuum`: removes what no version within the retention needs.
#include <fmt/core.h>

#include "vortex/store/dataset.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"

namespace vortex::cli {
namespace {

Result<VacuumOptions> options_of(const Arguments& arguments) {
  VacuumOptions options;
  options.dry_run = arguments.has("--dry-run");
  const auto keep = arguments.value("--keep");
  if (!keep) return options;
  const auto parsed = parse_duration(*keep);
  if (!parsed || *parsed < Duration::zero()) {
    return std::unexpected(
        Error{.code = ErrorCode::usage,
              .message = fmt::format("--keep '{}' is no length of time", untrusted(*keep, 60)),
              .hint = "such as 30d or 12h"});
  }
  options.keep = *parsed;
  return options;
}

std::string vacuum_json(const Dataset& dataset, const VacuumOptions& options,
                        const VacuumReceipt& receipt) {
  JsonWriter json = begin_answer("vacuum", "ok");
  json.member("dataset_id", dataset.id());
  json.member("store", dataset.path());
  json.member("table_version", dataset.version());
  json.member("version_min", receipt.version_min);
  json.member("dry_run", options.dry_run);
  json.member("bytes", receipt.bytes);
  json.key("files");
  json.begin_array();
  for (const VacuumedFile& file : receipt.files) {
    json.begin_object();
    json.member("path", file.path);
    json.member("bytes", file.bytes);
    json.member("reason", file.reason);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

std::string vacuum_text(const VacuumReceipt& receipt) {
  std::string text;
  for (const VacuumedFile& file : receipt.files) {
    text += fmt::format("{:<9} {:>12}  {}\n", file.reason, file.bytes, untrusted(file.path));
  }
  return text;
}

}  // namespace

CommandResult run_vacuum(CommandContext& context) {
  VORTEX_TRY(const VacuumOptions options, options_of(context.arguments()));
  VORTEX_TRY(const LoadedSettings loaded, context.load());
  VORTEX_TRY(const std::string path, store_path(loaded.settings.store_uri));
  VORTEX_TRY_VOID(check_store_exists(path));
  VORTEX_TRY(Dataset dataset, Dataset::open(path, context.clock()));
  VORTEX_TRY(const VacuumReceipt receipt, dataset.vacuum(options));
  if (context.json()) {
    VORTEX_TRY_VOID(context.output().data(vacuum_json(dataset, options, receipt)));
    return 0;
  }
  if (options.dry_run) VORTEX_TRY_VOID(context.output().data(vacuum_text(receipt)));
  context.output().note(fmt::format("{} {} files, {} bytes; versions from {} on {} readable",
                                    options.dry_run ? "would remove" : "removed",
                                    receipt.files.size(), receipt.bytes, receipt.version_min,
                                    options.dry_run ? "would stay" : "stay"));
  return 0;
}

}  // namespace vortex::cli
