#include "vortex/engine/provider_clients.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "vortex/base/log.hpp"
#include "vortex/discovery/static_source.hpp"
#include "vortex/engine/account_name.hpp"
#include "vortex/runtime/run_on_pool.hpp"

namespace vortex {
namespace {

Strategy strategy_of(const ProviderSettings& settings) {
  return parse_strategy(settings.strategy).value_or(Strategy::round_robin);  // checked by config
}

std::string last_good_path(const Settings& settings) {
  return settings.state_dir + "/endpoints.json";
}

// The addresses of those providers that have several.
std::unique_ptr<Directory> directory_of(const Settings& settings, const Clock& clock) {
  std::vector<ServiceSpec> services;
  for (const auto& [name, provider] : settings.providers) {
    if (provider.endpoints.empty()) continue;
    std::vector<std::string> urls = provider.endpoints;
    if (!provider.base_url_is_default) urls.insert(urls.begin(), provider.base_url);
    auto source = std::make_shared<StaticSource>(
        "config", std::vector<ServiceEndpoints>{equal_endpoints(name, urls)});
    services.push_back(
        {.service = name, .strategy = strategy_of(provider), .sources = {std::move(source)}});
  }
  if (services.empty()) return nullptr;
  auto directory = std::make_unique<Directory>(DirectoryOptions{}, std::move(services));
  const DirectoryTime now{.elapsed = clock.monotonic(), .calendar = clock.now()};
  if (!settings.state_dir.empty()) {
    const LastGoodRead last = read_last_good(last_good_path(settings));
    if (!last.ignored.empty()) log::warning("endpoints: {}", last.ignored);
    directory->restore(last.lists, now);
  }
  for (const Error& problem : directory->refresh(now).problems)
    log::warning("endpoints: {}", problem.to_line());
  return directory;
}

// Why the account may not ask now, where the ledger knows.
std::optional<Error> refusal_of(const AccountUse& use, TimePoint now) {
  if (use.closed && use.closed->until_calendar > now) {
    Error error{.code = use.closed->code,
                .message = fmt::format("its account is paused: {}", use.closed->rule)};
    error.retry_at = use.closed->until_calendar;
    return error;
  }
  for (const AllowanceUse& allowance : use.allowances) {
    if (!allowance.is_day || allowance.used < allowance.limit) continue;
    Error error{.code = ErrorCode::quota_exhausted,
                .message = fmt::format("today's allowance ({}) is used up", allowance.rule)};
    error.retry_at = allowance.resets_at;
    return error;
  }
  return std::nullopt;
}

}  // namespace

ProviderClients::ProviderClients(Parts parts)
    : parts_(parts),
      all_calls_(parts_.runtime->io_executor(),
                 static_cast<std::size_t>(parts_.settings->concurrency)),
      ledger_turn_(parts_.runtime->io_executor(), 1),
      release_turn_(parts_.runtime->io_executor(), 1),
      directory_(directory_of(*parts_.settings, parts_.runtime->clock())) {}

Result<ProviderClient*> ProviderClients::client_for(const Provider& provider) {
  auto& client = clients_[std::string(provider.name())];
  if (client != nullptr) return client.get();
  const auto own = parts_.settings->providers.find(std::string(provider.name()));
  if (own == parts_.settings->providers.end()) {
    return fail(ErrorCode::config,
                fmt::format("there are no settings for provider {}", provider.name()));
  }
  VORTEX_TRY(client, ProviderClient::create(
                         {.runtime = parts_.runtime,
                          .transport = parts_.transport,
                          .all_calls = &all_calls_,
                          .ledger = parts_.ledger,
                          .ledger_turn = &ledger_turn_,
                          .events = parts_.events,
                          .directory = own->second.endpoints.empty() ? nullptr : directory_.get(),
                          .provider = &provider,
                          .settings = &own->second,
                          .environment = parts_.environment,
                          .seed = parts_.random.next()}));
  VORTEX_TRY_VOID(
      health_.add({.name = std::string(provider.name()), .critical = own->second.critical}));
  return client.get();
}

Task<ProviderClients::Days> ProviderClients::days_of(std::vector<const Provider*> providers) {
  Days days;
  for (const Provider* provider : providers) {
    if (!client_for(*provider)) continue;  // its items fail by themselves, with the reason
    VORTEX_CO_TRY(const auto day, co_await day_of(provider));
    if (day) days.emplace(provider->name(), *day);
  }
  co_return days;
}

Task<ProviderClients::Unready> ProviderClients::unready(std::vector<const Provider*> providers) {
  Unready unready;
  for (const Provider* provider : providers) {
    const auto client = client_for(*provider);
    if (!client) {
      unready.emplace(provider->name(), client.error());
      continue;
    }
    VORTEX_CO_TRY(const AccountUse use, co_await use_of(provider));
    auto error = (*client)->open_breaker();
    if (!error) error = refusal_of(use, parts_.runtime->clock().now());
    if (error) unready.emplace(provider->name(), std::move(*error));
  }
  co_return unready;
}

Task<AccountUse> ProviderClients::use_of(const Provider* provider) {
  VORTEX_CO_TRY(const ProviderClient* client, client_for(*provider));
  VORTEX_CO_TRY(auto turn, co_await ledger_turn_.take());
  co_return co_await run_on_pool(
      *parts_.runtime, [ledger = parts_.ledger, name = client->account(), limits = client->limits(),
                        clock = &parts_.runtime->clock()] {
        return ledger->use(name, limits, {.elapsed = clock->monotonic(), .calendar = clock->now()});
      });
}

Task<std::optional<AllowanceUse>> ProviderClients::day_of(const Provider* provider) {
  VORTEX_CO_TRY(const AccountUse use, co_await use_of(provider));
  std::optional<AllowanceUse> tightest;
  for (const AllowanceUse& allowance : use.allowances) {
    if (!allowance.is_day) continue;
    const auto left = [](const AllowanceUse& a) {
      return a.limit - a.used;
    };
    if (!tightest || left(allowance) < left(*tightest)) tightest = allowance;
  }
  // What others used of the account, by the provider's own count, is not left either.
  if (tightest) tightest->used = std::min(tightest->limit, tightest->used + use.foreign_use);
  co_return tightest;
}

std::vector<ProviderStatus> ProviderClients::status() const {
  std::vector<ProviderStatus> all;
  all.reserve(clients_.size());
  for (const auto& [name, client] : clients_) {
    if (client == nullptr) continue;
    ProviderStatus status = client->status();
    status.health = to_string(health_.state(name, parts_.runtime->clock().monotonic()));
    all.push_back(std::move(status));
  }
  return all;
}

std::string ProviderClients::health() const {
  return std::string(to_string(health_.overall(parts_.runtime->clock().monotonic())));
}

void ProviderClients::check_health() {
  const bool any = std::ranges::any_of(clients_, [](const auto& entry) {
    return entry.second != nullptr && entry.second->has_traffic();
  });
  if (!any) return;  // the first check waits for something to be judged by
  const Clock& clock = parts_.runtime->clock();
  const Monotonic now = clock.monotonic();
  for (const std::string& name : health_.due(now)) {
    const auto client = clients_.find(name);
    if (client == clients_.end() || !client->second->has_traffic()) continue;
    const ProviderClient::Traffic traffic = client->second->take_traffic();
    const auto events =
        health_.record(name,
                       {.time = clock.now(),
                        .outcome = traffic.good > 0 ? CheckOutcome::ok : CheckOutcome::failed,
                        .reason = std::string_view(traffic.last_error)},
                       now);
    if (!events || parts_.events == nullptr) continue;
    for (const Event& event : *events) parts_.events->publish(event);
  }
}

void ProviderClients::begin_run() {
  if (++runs_ > 1) return;
  for (const auto& [name, client] : clients_) {
    if (client != nullptr) client->forget_refusal();
  }
}

boost::asio::awaitable<void> ProviderClients::end_run() {
  if (--runs_ > 0) co_return;
  auto turn = co_await release_turn_.take();
  if (!turn || runs_ > 0) co_return;  // what is not given back counts as used
  for (const auto& [name, client] : clients_) {
    if (client != nullptr) co_await client->release();
  }
  co_await keep_endpoints();
}

// The last good lists, for a start at which nobody can be asked.
boost::asio::awaitable<void> ProviderClients::keep_endpoints() {
  if (directory_ == nullptr || parts_.settings->state_dir.empty()) co_return;
  const Clock& clock = parts_.runtime->clock();
  auto lists = directory_->take_unsaved({.elapsed = clock.monotonic(), .calendar = clock.now()});
  if (!lists) co_return;
  const auto written = co_await run_on_pool(
      *parts_.runtime, [path = last_good_path(*parts_.settings), lists = std::move(*lists)] {
        return write_last_good(path, lists);
      });
  if (!written) log::warning("endpoints: {}", written.error().to_line());
}

}  // namespace vortex
