// `vortex fetch`: bars now, to stdout or a file; stores nothing.
#include "arrow/table.h"

#include "vortex/engine/engine_parts.hpp"

#include "apps/cli/bar_output.hpp"
#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"
#include "apps/cli/event_log.hpp"
#include "apps/cli/progress.hpp"
#include "apps/cli/receipt.hpp"
#include "apps/cli/signal_stop.hpp"
#include "apps/cli/sync_request.hpp"

namespace vortex::cli {
namespace {

void write_item(JsonWriter& json, const ItemReport& item) {
  json.begin_object();
  json.member("symbol", item.symbol);
  json.member_or_null("provider", item.provider);
  json.member("interval", to_string(item.interval));
  json.member("status", to_string(item.status));
  json.key("error");
  if (item.error)
    write_error(json, *item.error);
  else
    json.null();
  json.member("rows", item.rows_new);
  json.key("skipped");
  json.begin_array();
  for (const SkippedProvider& skipped : item.skipped) write_json(json, skipped);
  json.end_array();
  json.end_object();
}

std::string_view status_of(const FetchReport& report) {
  std::size_t failed = 0;
  for (const ItemReport& item : report.items) failed += item.error ? 1U : 0U;
  if (failed == 0) return "ok";
  return failed == report.items.size() ? "failed" : "partial";
}

Result<std::string> answer_json(const FetchReport& report) {
  JsonWriter json = begin_answer("fetch", status_of(report));
  json.key("items");
  json.begin_array();
  for (const ItemReport& item : report.items) write_item(json, item);
  json.end_array();
  json.key("quality");
  report.quality.write_json(json);
  json.key("bars");
  if (report.bars) {
    VORTEX_TRY(const std::string bars, write_bars(*report.bars, BarFormat::json));
    json.raw(bars);
  } else {
    json.raw("[]");
  }
  json.end_object();
  return json.take() + "\n";
}

}  // namespace

CommandResult run_fetch(CommandContext& context) {
  const Arguments& arguments = context.arguments();
  VORTEX_TRY(const BarFormat format, bar_format_for(context));
  VORTEX_TRY(const LoadedSettings loaded, context.load());
  SyncRequest request{.overlap = false};
  VORTEX_TRY(request.items, sync_items(context, loaded.settings));

  const SignalStop signals;
  VORTEX_TRY(EventLog events, EventLog::start(context.clock()));
  VORTEX_TRY(const auto engine,
             Engine::create(loaded.settings, context.clock(), EngineParts{.events = events.bus()}));
  ProgressLine progress(context.output());
  const SyncHooks hooks{.progress = [&](const SyncProgress& now) { progress.show(now); },
                        .stop = signals.token()};
  auto fetched = engine->fetch(request, hooks);
  progress.clear();
  if (!fetched) return std::unexpected(std::move(fetched).error());
  FetchReport& report = *fetched;
  suggest_symbols(loaded.settings, report.items);
  if (context.json()) {
    VORTEX_TRY(const std::string answer, answer_json(report));
    VORTEX_TRY_VOID(context.deliver(answer));
  } else if (report.bars && report.bars->num_rows() > 0) {
    VORTEX_TRY_VOID(deliver_bars(context, *report.bars, format));
  }
  show_items(context.output(), report.items);
  if (report.quality.rows_quarantined > 0) show_quality(context.output(), report.quality);
  if (signals.stopped()) return signals.exit_code();
  return report.exit_code(arguments.has("--strict"));
}

}  // namespace vortex::cli
