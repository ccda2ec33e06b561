#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include <arrow/table.h>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "vortex/codec/arrow_error.hpp"
#include "vortex/codec/bar_schema.hpp"
#include "vortex/engine/journey.hpp"
#include "vortex/engine/run_plan.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/net/curl_transport.hpp"
#include "vortex/runtime/task_group.hpp"

namespace vortex {
namespace {

constexpr Duration kFetchReach = std::chrono::days(365);

}  // namespace

struct Engine::Impl {
  Impl(const Settings& given_settings, const Clock& given_clock, ProviderRegistry registry)
      : settings(given_settings),
        clock(given_clock),
        providers(std::move(registry)),
        runtime(given_clock, static_cast<unsigned>(given_settings.cpu_threads)) {}

  const Settings& settings;
  const Clock& clock;
  ProviderRegistry providers;
  Runtime runtime;
  std::unique_ptr<HttpTransport> transport;
};

namespace {

// One run of sync or fetch: asks all planned items, some at a time. Belongs to the I/O thread.
class Run {
 public:
  struct Parts {
    Runtime* runtime = nullptr;
    HttpTransport* transport = nullptr;
    const Settings* settings = nullptr;
    const SyncHooks* hooks = nullptr;
    Monotonic started;
  };

  Run(const Parts& parts, std::vector<PlannedItem> items, SyncReport& report, Committer* committer)
      : parts_(parts),
        items_(std::move(items)),
        report_(report),
        committer_(committer),
        journey_(*parts.runtime, report, committer),
        all_calls_(parts.runtime->io_executor(),
                   static_cast<std::size_t>(parts.settings->concurrency)),
        legs_(std::make_shared<TaskGroup>(
            *parts.runtime,
            TaskGroupOptions{.tasks_max = static_cast<std::size_t>(parts.settings->concurrency)})) {
  }

  boost::asio::awaitable<void> run() {
    const std::stop_callback on_stop(parts_.hooks->stop, [this] {  // from whatever thread asks
      boost::asio::post(parts_.runtime->io_executor(), [legs = std::weak_ptr(legs_)] {
        if (const auto group = legs.lock()) group->stop();
      });
    });
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (parts_.hooks->stop.stop_requested()) {
        interrupt(i);
      } else {
        co_await start_leg(i);
      }
    }
    co_await legs_->join();
    report_.interrupted = parts_.hooks->stop.stop_requested();
    show_progress(true);
    if (committer_ != nullptr) co_await committer_->flush();
  }

  const Journey& journey() const { return journey_; }

 private:
  boost::asio::awaitable<void> start_leg(std::size_t i) {
    if (items_[i].route.provider == nullptr) {
      ++done_;
      co_return;
    }
    auto client = client_for(*items_[i].route.provider);
    if (!client) {
      report_.items[i].status = ItemStatus::failed;
      report_.items[i].error = std::move(client).error();
      ++done_;
      co_return;
    }
    // Refused only when stopping.
    if (auto room = co_await legs_->wait_for_room(); !room) co_return interrupt(i);
    if (!legs_->spawn(travel(i, *client))) co_return interrupt(i);
  }

  boost::asio::awaitable<void> travel(std::size_t i, ProviderClient* client) {
    co_await journey_.travel({.item = i,
                              .client = client,
                              .request = items_[i].route.request,
                              .ranges = items_[i].ranges});
    ++done_;
    show_progress(false);
  }

  void interrupt(std::size_t i) {
    if (report_.items[i].error) return;  // it failed before, for a reason of its own
    report_.items[i].status = ItemStatus::failed;
    report_.items[i].error =
        Error{.code = ErrorCode::cancelled, .message = "interrupted before it was asked"};
  }

  Result<ProviderClient*> client_for(const Provider& provider) {
    const std::string name(provider.name());
    auto& client = clients_[name];
    if (client != nullptr) return client.get();
    const auto own = parts_.settings->providers.find(name);
    if (own == parts_.settings->providers.end()) {
      return fail(ErrorCode::config, fmt::format("there are no settings for provider {}", name));
    }
    VORTEX_TRY(client, ProviderClient::create({.runtime = parts_.runtime,
                                               .transport = parts_.transport,
                                               .all_calls = &all_calls_,
                                               .counts = &report_.calls,
                                               .provider = &provider,
                                               .settings = &own->second,
                                               .seed = Random::from_system().next()}));
    return client.get();
  }

  void show_progress(bool committing) const {
    if (!parts_.hooks->progress) return;
    const Monotonic now = parts_.runtime->clock().monotonic();
    parts_.hooks->progress(
        {.items_done = done_,
         .items_total = static_cast<std::int64_t>(report_.items.size()),
         .items_failed = std::ranges::count(report_.items, ItemStatus::failed, &ItemReport::status),
         .rows = journey_.rows_decoded(),
         .calls = report_.calls,
         .elapsed = std::chrono::duration_cast<Duration>(now - parts_.started),
         .committing = committing});
  }

  Parts parts_;
  std::vector<PlannedItem> items_;
  SyncReport& report_;
  Committer* committer_;
  Journey journey_;
  Slots all_calls_;
  std::map<std::string, std::unique_ptr<ProviderClient>> clients_;
  std::int64_t done_ = 0;
  // Last: its tasks refer to all of the above. Shared, because a stop may be on its way when it
  // ends.
  std::shared_ptr<TaskGroup> legs_;
};

Result<void> check_providers(const SyncRequest& request, const ProviderRegistry& providers,
                             const RouteContext& context) {
  for (const SyncItem& item : request.items) {
    for (const std::string& name : item.providers) {
      if (providers.find(name) != nullptr) continue;
      return std::unexpected(route_item(item, context).error());
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

}  // namespace

Result<std::unique_ptr<Engine>> Engine::create(const Settings& settings, const Clock& clock) {
  return create(settings, clock, builtin_providers(), nullptr);
}

Result<std::unique_ptr<Engine>> Engine::create(const Settings& settings, const Clock& clock,
                                               ProviderRegistry providers,
                                               std::unique_ptr<HttpTransport> transport) {
  auto impl = std::make_unique<Impl>(settings, clock, std::move(providers));
  impl->transport = std::move(transport);
  if (impl->transport == nullptr) {
    VORTEX_TRY(impl->transport, CurlTransport::create(impl->runtime));
  }
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<SyncReport> Engine::sync(const SyncRequest& request, const SyncHooks& hooks) {
  const Monotonic started = impl_->clock.monotonic();
  const RouteContext context{
      .providers = &impl_->providers, .settings = &impl_->settings, .now = impl_->clock.now()};
  VORTEX_TRY_VOID(check_providers(request, impl_->providers, context));
  SyncReport report{.store = impl_->settings.store_uri};
  std::vector<PlannedItem> items = plan_items(request, context, report);

  if (request.dry_run && !std::filesystem::exists(impl_->settings.store_uri)) {
    note_plan(items, context.now, report);  // planning makes no dataset
    return report;
  }
  VORTEX_TRY(Dataset dataset, Dataset::open_or_create(impl_->settings.store_uri, impl_->clock));
  report.dataset_id = dataset.id();
  report.table_version = dataset.version();
  VORTEX_TRY_VOID(
      subtract_stored(items, dataset, request.overlap ? impl_->settings.overlap_bars : 0));
  note_plan(items, context.now, report);
  if (!request.dry_run) {
    Committer committer(
        impl_->runtime, dataset,
        {.bytes_max = impl_->settings.batch_bytes_max, .age_max = impl_->settings.batch_age_max},
        report);
    Run run({&impl_->runtime, impl_->transport.get(), &impl_->settings, &hooks, started},
            std::move(items), report, &committer);
    impl_->runtime.run(run.run());
  }
  report.elapsed = std::chrono::duration_cast<Duration>(impl_->clock.monotonic() - started);
  return report;
}

Result<FetchReport> Engine::fetch(const SyncRequest& request, const SyncHooks& hooks) {
  const Monotonic started = impl_->clock.monotonic();
  const RouteContext context{.providers = &impl_->providers,
                             .settings = &impl_->settings,
                             .now = impl_->clock.now(),
                             .default_reach = kFetchReach,
                             .reach_is_depth = false};
  VORTEX_TRY_VOID(check_providers(request, impl_->providers, context));
  SyncReport report;
  std::vector<PlannedItem> items = plan_items(request, context, report);
  note_plan(items, context.now, report);
  const std::size_t count = items.size();
  Run run({&impl_->runtime, impl_->transport.get(), &impl_->settings, &hooks, started},
          std::move(items), report, nullptr);
  if (!request.dry_run) impl_->runtime.run(run.run());
  VORTEX_TRY(std::shared_ptr<arrow::Table> bars, join_items(run.journey(), count));
  return FetchReport{.bars = std::move(bars),
                     .items = std::move(report.items),
                     .calls = report.calls,
                     .quality = report.quality};
}

}  // namespace vortex
