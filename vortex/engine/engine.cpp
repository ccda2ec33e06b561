#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include <arrow/table.h>

#include "vortex/base/log.hpp"
#include "vortex/codec/arrow_error.hpp"
#include "vortex/codec/bar_schema.hpp"
#include "vortex/config/calendar_file.hpp"
#include "vortex/engine/engine_parts.hpp"
#include "vortex/engine/provider_access.hpp"
#include "vortex/engine/run.hpp"
#include "vortex/engine/sqlite_ledger.hpp"
#include "vortex/engine/stop_group.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/net/curl_transport.hpp"
#include "vortex/store/provenance.hpp"

namespace vortex {
namespace {

constexpr Duration kFetchReach = std::chrono::days(365);
// A provider has nothing for some of what is asked; for most it has.
constexpr int kProbesMax = 3;

}  // namespace

struct Engine::Impl {
  Impl(const Settings& given_settings, const Clock& given_clock, EngineParts given,
       CalendarBook book)
      : settings(given_settings),
        clock(given_clock),
        parts(std::move(given)),
        calendars(std::move(book)) {}

  // The daily allowances of the providers that the items go to, or may turn to.
  Result<ProviderClients::Days> days_of(const std::vector<PlannedItem>& items) {
    std::vector<const Provider*> asked;
    const auto add = [&asked](const PlannedRoute& one) {
      const Provider* const provider = one.route.provider;
      if (provider != nullptr && std::ranges::find(asked, provider) == asked.end())
        asked.push_back(provider);
    };
    for (const PlannedItem& item : items) {
      add(item);
      std::ranges::for_each(item.others, add);
    }
    Result<ProviderClients::Days> days;
    parts.runtime->run(ask_days(std::move(asked), &days));
    return days;
  }

  // Where a provider tells what of its day is used, before a backlog is cut to what is left of it.
  void probe_days(const std::vector<PlannedItem>& items, const std::stop_token& stop,
                  SyncReport& report) {
    std::map<const Provider*, int> tries_left;
    for (const PlannedItem& item : items) {
      const Provider* const provider = item.route.provider;
      if (provider == nullptr || provider->before == nullptr || item.ranges.empty()) continue;
      int& left = tries_left.try_emplace(provider, kProbesMax).first->second;
      if (left == 0 || stop.stop_requested()) continue;
      BarsRequest wanted = item.route.request;
      wanted.range = item.ranges.front().range;
      const auto calls = provider->adapter->plan(wanted, clock.now());
      const auto client = clients->client_for(*provider);
      if (!calls || calls->empty() || !client) continue;
      bool is_settled = true;
      parts.runtime->run(probe(*client, calls->front(), stop, &report.calls, &is_settled));
      left = is_settled ? 0 : left - 1;
    }
  }

  boost::asio::awaitable<void> probe(ProviderClient* client, HttpCall wanted, std::stop_token stop,
                                     CallCounts* counts, bool* is_settled) {
    clients->begin_run();
    const auto group = std::make_shared<TaskGroup>(*parts.runtime);
    const auto on_stop = stop_group_on(std::move(stop), *parts.runtime, group);
    const auto ask = [](ProviderClient* asked, HttpCall call, CallCounts* into,
                        bool* settled) -> boost::asio::awaitable<void> {
      *settled = co_await asked->probe_day(std::move(call), into);
    };
    if (group->spawn(ask(client, std::move(wanted), counts, is_settled))) co_await group->join();
    co_await clients->end_run();
  }

  // Which of the providers named may not be asked now.
  Result<ProviderClients::Unready> unready(const SyncRequest& request) {
    std::vector<const Provider*> named;
    for (const SyncItem& item : request.items) {
      for (const std::string& name : item.providers) {
        const Provider* const provider = parts.providers.find(name);
        if (std::ranges::find(named, provider) == named.end()) named.push_back(provider);
      }
    }
    Result<ProviderClients::Unready> unready;
    parts.runtime->run(ask_unready(std::move(named), &unready));
    return unready;
  }

  boost::asio::awaitable<void> ask_unready(std::vector<const Provider*> named,
                                           Result<ProviderClients::Unready>* unready) {
    *unready = co_await clients->unready(std::move(named));
  }

  boost::asio::awaitable<void> ask_days(std::vector<const Provider*> asked,
                                        Result<ProviderClients::Days>* days) {
    *days = co_await clients->days_of(std::move(asked));
  }

  Run::Parts run_parts(const SyncHooks& hooks, std::string command, Monotonic started) {
    return {.runtime = parts.runtime.get(),
            .clients = clients.get(),
            .events = parts.events,
            .settings = &settings,
            .calendars = &calendars,
            .hooks = &hooks,
            .command = std::move(command),
            .started = started};
  }

  const Settings& settings;
  const Clock& clock;
  EngineParts parts;
  CalendarBook calendars;
  std::unique_ptr<ProviderClients> clients;
};

namespace {

Result<void> check_providers(const SyncRequest& request, const ProviderRegistry& providers,
                             const RouteContext& context) {
  for (const SyncItem& item : request.items) {
    for (const std::string& name : item.providers) {
      if (providers.find(name) != nullptr) continue;
      return std::unexpected(*route_item(item, context).error);
    }
  }
  return {};
}

Result<std::shared_ptr<arrow::Table>> join_items(const Journey& journey, std::size_t items) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (std::size_t i = 0; i < items; ++i)
    std::ranges::move(journey.collected(i), std::back_inserter(batches));
  return to_result(arrow::Table::FromRecordBatches(bar_schema(), batches), ErrorCode::internal);
}

Result<Dataset> open_dataset(const std::string& path, const Clock& clock) {
  return Dataset::open_or_create(path, clock);
}

// At most once a day. Trouble here is no trouble of the sync, whose rows are safe.
void retain_raw(Dataset& dataset, const Settings& settings, const Clock& clock) {
  const auto done = dataset.apply_raw_retention_daily(
      {.keep = settings.raw.keep, .bytes_max = settings.raw.bytes_max}, clock.now());
  if (!done) log::warning("{}: {}", dataset.path(), done.error().message);
}

// What was not given is made as a user's machine needs it.
Result<void> complete(EngineParts& parts, const Settings& settings, const Clock& clock) {
  if (parts.providers.names().empty()) {
    VORTEX_TRY(parts.providers, providers_by_access(settings));
  }
  if (parts.runtime == nullptr) {
    parts.runtime = std::make_unique<Runtime>(clock, static_cast<unsigned>(settings.cpu_threads));
  }
  if (parts.transport == nullptr) {
    VORTEX_TRY(parts.transport, CurlTransport::create(*parts.runtime));
  }
  if (parts.ledger == nullptr) {
    VORTEX_TRY(parts.ledger, SqliteLedger::open(settings.state_dir, clock));
  }
  if (!parts.environment) parts.environment = process_environment();
  if (!parts.open_dataset) parts.open_dataset = open_dataset;
  return {};
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::create(const Settings& settings, const Clock& clock) {
  return create(settings, clock, EngineParts{});
}

Result<std::unique_ptr<Engine>> Engine::create(const Settings& settings, const Clock& clock,
                                               EngineParts parts) {
  VORTEX_TRY(CalendarBook calendars, load_calendars(settings.calendar_file));
  VORTEX_TRY_VOID(complete(parts, settings, clock));
  auto impl = std::make_unique<Impl>(settings, clock, std::move(parts), std::move(calendars));
  EngineParts& own = impl->parts;
  impl->clients = std::make_unique<ProviderClients>(
      ProviderClients::Parts{.runtime = own.runtime.get(),
                             .transport = own.transport.get(),
                             .ledger = own.ledger.get(),
                             .events = own.events,
                             .settings = &settings,
                             .environment = &own.environment,
                             .random = own.seed ? Random(*own.seed) : Random::from_system()});
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<SyncReport> Engine::sync(const SyncRequest& request, const SyncHooks& hooks) {
  const Monotonic started = impl_->clock.monotonic();
  RouteContext context{.providers = &impl_->parts.providers,
                       .settings = &impl_->settings,
                       .now = impl_->clock.now()};
  VORTEX_TRY_VOID(check_providers(request, impl_->parts.providers, context));
  VORTEX_TRY(context.unready, impl_->unready(request));
  SyncReport report{.store = impl_->settings.store_uri};
  std::vector<PlannedItem> items = plan_items(request, context, report);

  // Planning makes no dataset.
  std::optional<Dataset> dataset;
  if (!request.dry_run || std::filesystem::exists(impl_->settings.store_uri)) {
    VORTEX_TRY(dataset, impl_->parts.open_dataset(impl_->settings.store_uri, impl_->clock));
    report.dataset_id = dataset->id();
    report.table_version = dataset->version();
    VORTEX_TRY_VOID(
        subtract_stored(items, *dataset, request.overlap ? impl_->settings.overlap_bars : 0));
    VORTEX_TRY_VOID(drop_closed_ranges(items, *dataset, impl_->calendars, context.now));
  }
  note_plan(items, context.now, report);
  if (!request.dry_run && report.calls.planned > 1) impl_->probe_days(items, hooks.stop, report);
  VORTEX_TRY(const auto days, impl_->days_of(items));
  apply_allowances(items, days, impl_->settings.reserve, report);
  if (request.dry_run) {
    defer_cut_items(items, report);
  } else {
    Committer committer(
        *impl_->parts.runtime, *dataset,
        {.bytes_max = impl_->settings.batch_bytes_max, .age_max = impl_->settings.batch_age_max},
        report, impl_->parts.events);
    Run::Parts run_parts = impl_->run_parts(hooks, "sync", started);
    run_parts.days = &days;
    Run run(run_parts, std::move(items), report, &committer);
    impl_->parts.runtime->run(run.run());
    retain_raw(*dataset, impl_->settings, impl_->clock);
  }
  report.elapsed = std::chrono::duration_cast<Duration>(impl_->clock.monotonic() - started);
  return report;
}

Result<FetchReport> Engine::fetch(const SyncRequest& request, const SyncHooks& hooks) {
  const Monotonic started = impl_->clock.monotonic();
  RouteContext context{.providers = &impl_->parts.providers,
                       .settings = &impl_->settings,
                       .now = impl_->clock.now(),
                       .default_reach = kFetchReach,
                       .reach_is_depth = false};
  VORTEX_TRY_VOID(check_providers(request, impl_->parts.providers, context));
  VORTEX_TRY(context.unready, impl_->unready(request));
  SyncReport report;
  std::vector<PlannedItem> items = plan_items(request, context, report);
  note_plan(items, context.now, report);
  const std::size_t count = items.size();
  Run run(impl_->run_parts(hooks, "fetch", started), std::move(items), report, nullptr);
  if (!request.dry_run) impl_->parts.runtime->run(run.run());
  VORTEX_TRY(std::shared_ptr<arrow::Table> bars, join_items(run.journey(), count));
  return FetchReport{.bars = std::move(bars),
                     .items = std::move(report.items),
                     .calls = report.calls,
                     .quality = report.quality};
}

}  // namespace vortex
