// `vortex demo`: the whole tour offline. Starts the simulator in this process, syncs a dozen
// symbols from it into a fresh dataset, and shows the receipt, the quality report and a few bars.
#include <filesystem>

#include <arrow/table.h>
#include <fmt/core.h>

#include "vortex/codec/bar_file.hpp"
#include "vortex/engine/engine_parts.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/resilience/memory_ledger.hpp"
#include "vortex/store/dataset.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"
#include "apps/cli/progress.hpp"
#include "apps/cli/receipt.hpp"
#include "apps/cli/signal_stop.hpp"
#include "apps/cli/sim_host.hpp"

namespace vortex::cli {
namespace {

constexpr std::array<std::string_view, 12> kSymbols = {"AAPL",  "MSFT",    "GOOG",   "AMZN",
                                                       "NVDA",  "JPM",     "SPY",    "BRK-B",
                                                       "^GSPC", "0005.HK", "SAP.DE", "ES=F"};
constexpr int kYears = 3;
constexpr std::int64_t kBarsShown = 5;

// --store, else the first of ./demo-data, ./demo-data-2, … that is not there yet.
Result<std::string> fresh_directory(CommandContext& context) {
  if (const auto store = context.arguments().value("--store")) return store_path(*store);
  std::error_code failure;
  for (int i = 1; i < 1000; ++i) {
    std::string path = i == 1 ? "./demo-data" : fmt::format("./demo-data-{}", i);
    if (!std::filesystem::exists(path, failure) && !failure) return path;
  }
  return fail(ErrorCode::usage,
              "a thousand demo datasets are here already: remove some, or use --store");
}

Result<Settings> demo_settings(CommandContext& context, const std::string& path,
                               const std::string& address) {
  VORTEX_TRY(LoadedSettings loaded, context.load());
  Settings settings = std::move(loaded.settings);
  settings.store_uri = path;
  settings.state_dir.clear();  // a simulator's allowances are nobody's: they end with the tour
  settings.jobs.clear();
  ProviderSettings& yahoo = settings.providers["yahoo"];
  yahoo.base_url = address;
  yahoo.base_url_is_default = false;
  yahoo.limits.emplace();  // the simulator sets none, and a tour should not wait
  return settings;
}

Result<SyncRequest> demo_request(TimePoint now) {
  SyncRequest request;
  const TimePoint since = midnight(date_of(now) - std::chrono::days(365 * kYears));
  for (const std::string_view text : kSymbols) {
    VORTEX_TRY(Symbol symbol, Symbol::parse(text));
    request.items.push_back({.symbol = std::move(symbol),
                             .providers = {"yahoo"},
                             .interval = Interval::d1,
                             .since = since});
  }
  return request;
}

Result<std::string> last_bars(const std::string& path, const Clock& clock) {
  VORTEX_TRY(Dataset dataset, Dataset::open(path, clock));
  VORTEX_TRY(
      const auto bars,
      dataset.read({.key = {.provider = "yahoo", .symbol = "AAPL", .interval = Interval::d1}}));
  const std::int64_t first = std::max<std::int64_t>(0, bars->num_rows() - kBarsShown);
  return write_bars(*bars->Slice(first), BarFormat::table);
}

Result<void> show_tour(CommandContext& context, const SyncReport& report, const std::string& path) {
  Output& output = context.output();
  show_receipt(output, report);
  output.note("\nthe last bars of AAPL:");
  VORTEX_TRY(const std::string bars, last_bars(path, context.clock()));
  if (!context.json()) VORTEX_TRY_VOID(output.data(bars));
  output.note("\nnext:");
  output.note(fmt::format("  vortex read MSFT --store {} --since 2026-01-01", path));
  output.note(fmt::format("  vortex status --store {}", path));
  output.note(fmt::format(
      "  python3 -c \"import polars; print(polars.read_delta('{}/bars').tail())\"", path));
  return {};
}

}  // namespace

CommandResult run_demo(CommandContext& context) {
  VORTEX_TRY(const std::string path, fresh_directory(context));
  const SignalStop signals;
  VORTEX_TRY(const auto host, SimHost::start(context.clock(), {}));
  VORTEX_TRY(const Settings settings, demo_settings(context, path, host->yahoo_address()));
  VORTEX_TRY(const SyncRequest request, demo_request(context.clock().now()));
  context.output().note(fmt::format("simulator at {}, dataset in {}", host->yahoo_address(), path));

  EngineParts parts;
  parts.ledger = std::make_unique<MemoryLedger>();
  VORTEX_TRY(const auto engine, Engine::create(settings, context.clock(), std::move(parts)));
  ProgressLine progress(context.output());
  const SyncHooks hooks{.progress = [&](const SyncProgress& now) { progress.show(now); },
                        .stop = signals.token()};
  auto synced = engine->sync(request, hooks);
  progress.clear();
  if (!synced) return std::unexpected(std::move(synced).error());
  if (context.json()) VORTEX_TRY_VOID(context.output().data(synced->to_json("demo") + "\n"));
  if (signals.stopped()) return signals.exit_code();
  VORTEX_TRY_VOID(show_tour(context, *synced, path));
  return synced->exit_code();
}

}  // namespace vortex::cli
