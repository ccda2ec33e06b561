#include "apps/cli/gap_question.hpp"

#include <utility>

namespace vortex::cli {

Result<GapCommand> gap_command(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  GapCommand command;
  GapQuestion& question = command.question;
  VORTEX_TRY(const auto symbols, arguments.symbols());
  for (const Symbol& symbol : symbols) question.symbols.push_back(symbol.text());
  VORTEX_TRY(question.providers, arguments.providers(context.registry().names()));
  VORTEX_TRY(question.interval, arguments.interval());
  VORTEX_TRY(question.since, arguments.since());
  VORTEX_TRY(question.until, arguments.until());
  VORTEX_TRY(LoadedSettings loaded, context.load());
  command.settings = std::move(loaded.settings);
  VORTEX_TRY(command.settings.store_uri, store_path(command.settings.store_uri));
  VORTEX_TRY(command.calendars, load_calendars(command.settings.calendar_file));
  return command;
}

Result<void> visit_gaps(CommandContext& context, const GapCommand& command,
                        const VisitGaps& visit) {
  const std::string& path = command.settings.store_uri;
  VORTEX_TRY_VOID(check_store_exists(path));
  VORTEX_TRY(Dataset dataset, Dataset::open(path, context.clock()));
  return for_each_gaps({.dataset = dataset,
                        .calendars = command.calendars,
                        .settings = command.settings,
                        .providers = context.registry(),
                        .now = context.clock().now()},
                       command.question, visit);
}

}  // namespace vortex::cli
