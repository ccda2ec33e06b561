// `vortex repair [SYMBOL…]`: asks exactly what `vortex gaps` calls missing or failed, and reports
// as sync does.
#include <utility>

#include "vortex/engine/account_report.hpp"
#include "vortex/engine/engine_parts.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/event_log.hpp"
#include "apps/cli/gap_question.hpp"
#include "apps/cli/progress.hpp"
#include "apps/cli/receipt.hpp"
#include "apps/cli/signal_stop.hpp"

namespace vortex::cli {
namespace {

// One item for each series that lacks something.
Result<std::vector<SyncItem>> items_to_repair(CommandContext& context, const GapCommand& command) {
  std::vector<SyncItem> items;
  Result<void> outcome;
  VORTEX_TRY_VOID(
      visit_gaps(context, command, [&](const SeriesFacts& facts, const SeriesGaps& gaps) {
        std::vector<TimeRange> ranges = ranges_to_repair(facts, gaps);
        auto symbol = Symbol::parse(facts.state.key.symbol);
        if (!symbol) {
          outcome = std::unexpected(std::move(symbol).error());
          return;
        }
        if (ranges.empty()) return;
        const TimeRange all{ranges.front().start, ranges.back().end};
        items.push_back({.symbol = std::move(*symbol),
                         .providers = {facts.state.key.provider},
                         .interval = facts.state.key.interval,
                         .since = all.start,
                         .until = all.end,
                         .only = std::move(ranges)});
      }));
  VORTEX_TRY_VOID(outcome);
  return items;
}

}  // namespace

CommandResult run_repair(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  VORTEX_TRY(const GapCommand command, gap_command(context));
  SyncRequest request{.overlap = false, .dry_run = arguments.has("--dry-run")};
  VORTEX_TRY(request.items, items_to_repair(context, command));

  const SignalStop signals;
  VORTEX_TRY(EventLog events, EventLog::start(context.clock()));
  EngineParts parts{.events = events.bus()};
  if (request.dry_run) {  // a plan makes no file
    VORTEX_TRY(parts.ledger, ledger_to_look_at(command.settings.state_dir, context.clock()));
  }
  VORTEX_TRY(const auto engine,
             Engine::create(command.settings, context.clock(), std::move(parts)));
  ProgressLine progress(context.output());
  const SyncHooks hooks{.progress = [&](const SyncProgress& now) { progress.show(now); },
                        .stop = signals.token()};
  auto repaired = engine->sync(request, hooks);
  progress.clear();
  if (!repaired) return std::unexpected(std::move(repaired).error());
  const SyncReport& report = *repaired;
  if (request.items.empty()) {
    context.output().note("nothing is missing and nothing has failed");
  } else if (request.dry_run) {
    show_plan(context.output(), report);
  } else {
    show_receipt(context.output(), report);
  }
  if (context.json()) VORTEX_TRY_VOID(context.output().data(report.to_json("repair") + "\n"));
  if (signals.stopped()) return signals.exit_code();
  if (request.dry_run && report.status() == "deferred") return 0;  // the plan itself is done
  return report.exit_code(arguments.has("--strict"));
}

}  // namespace vortex::cli
