// The sub-commands, one source each.
#pragma once

#include "apps/cli/command_context.hpp"

namespace vortex::cli {

CommandResult run_demo(CommandContext& context);
CommandResult run_init(CommandContext& context);
CommandResult run_fetch(CommandContext& context);
CommandResult run_sync(CommandContext& context);
CommandResult run_read(CommandContext& context);
CommandResult run_export(CommandContext& context);
CommandResult run_diff(CommandContext& context);
CommandResult run_status(CommandContext& context);
CommandResult run_verify(CommandContext& context);
CommandResult run_compact(CommandContext& context);
CommandResult run_vacuum(CommandContext& context);
CommandResult run_why(CommandContext& context);
CommandResult run_revisions(CommandContext& context);
CommandResult run_import(CommandContext& context);
CommandResult run_replay(CommandContext& context);
CommandResult run_validate(CommandContext& context);
CommandResult run_gaps(CommandContext& context);
CommandResult run_repair(CommandContext& context);
CommandResult run_calendar(CommandContext& context);
CommandResult run_sim(CommandContext& context);
CommandResult run_providers(CommandContext& context);
CommandResult run_doctor(CommandContext& context);
CommandResult run_explain(CommandContext& context);
CommandResult run_config(CommandContext& context);
CommandResult run_completions(CommandContext& context);
CommandResult run_help(CommandContext& context);

}  // namespace vortex::cli
