// What `gaps` and `repair` are asked, and the dataset they look into.
#pragma once

#include "vortex/config/calendar_file.hpp"
#include "vortex/engine/gap_report.hpp"
#include "vortex/store/dataset.hpp"

#include "apps/cli/command_context.hpp"

namespace vortex::cli {

struct GapCommand {
  Settings settings;  // with the store's local path
  CalendarBook calendars = CalendarBook::built_in();
  GapQuestion question;
};

Result<GapCommand> gap_command(CommandContext& context);

// Calls `visit` for each series asked for.
Result<void> visit_gaps(CommandContext& context, const GapCommand& command, const VisitGaps& visit);

}  // namespace vortex::cli
