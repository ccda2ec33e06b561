// `vortex sync`: brings the dataset up to date, with progress and a receipt.
#include "vortex/engine/account_report.hpp"
#include "vortex/engine/engine_parts.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/event_log.hpp"
#include "apps/cli/progress.hpp"
#include "apps/cli/receipt.hpp"
#include "apps/cli/signal_stop.hpp"
#include "apps/cli/sync_request.hpp"

namespace vortex::cli {

CommandResult run_sync(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  VORTEX_TRY(LoadedSettings loaded, context.load());
  Settings& settings = loaded.settings;
  VORTEX_TRY(settings.store_uri, store_path(settings.store_uri));
  SyncRequest request{.overlap = !arguments.has("--no-overlap"),
                      .dry_run = arguments.has("--dry-run")};
  VORTEX_TRY(request.items, sync_items(context, settings));

  const SignalStop signals;
  VORTEX_TRY(EventLog events, EventLog::start(context.clock()));
  EngineParts parts{.events = events.bus()};
  if (request.dry_run) {  // a plan makes no file
    VORTEX_TRY(parts.ledger, ledger_to_look_at(settings.state_dir, context.clock()));
  }
  VORTEX_TRY(const auto engine, Engine::create(settings, context.clock(), std::move(parts)));
  ProgressLine progress(context.output());
  const SyncHooks hooks{.progress = [&](const SyncProgress& now) { progress.show(now); },
                        .stop = signals.token()};
  auto synced = engine->sync(request, hooks);
  progress.clear();
  if (!synced) return std::unexpected(std::move(synced).error());
  SyncReport& report = *synced;
  suggest_symbols(settings, report.items);
  if (request.dry_run)
    show_plan(context.output(), report);
  else
    show_receipt(context.output(), report);
  if (context.json()) VORTEX_TRY_VOID(context.output().data(report.to_json("sync") + "\n"));
  if (signals.stopped()) return signals.exit_code();
  if (request.dry_run && report.status() == "deferred") return 0;  // the plan itself is done
  return report.exit_code(arguments.has("--strict"));
}

}  // namespace vortex::cli
