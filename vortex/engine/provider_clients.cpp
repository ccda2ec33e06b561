#include "vortex/engine/provider_clients.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "vortex/engine/account_name.hpp"

namespace vortex {

ProviderClients::ProviderClients(Parts parts)
    : parts_(std::move(parts)),
      all_calls_(parts_.runtime->io_executor(),
                 static_cast<std::size_t>(parts_.settings->concurrency)),
      ledger_turn_(parts_.runtime->io_executor(), 1) {}

Result<ProviderClient*> ProviderClients::client_for(const Provider& provider) {
  auto& client = clients_[std::string(provider.name())];
  if (client != nullptr) return client.get();
  const auto own = parts_.settings->providers.find(std::string(provider.name()));
  if (own == parts_.settings->providers.end()) {
    return fail(ErrorCode::config,
                fmt::format("there are no settings for provider {}", provider.name()));
  }
  VORTEX_TRY(client, ProviderClient::create({.runtime = parts_.runtime,
                                             .transport = parts_.transport,
                                             .all_calls = &all_calls_,
                                             .ledger = parts_.ledger,
                                             .ledger_turn = &ledger_turn_,
                                             .events = parts_.events,
                                             .provider = &provider,
                                             .settings = &own->second,
                                             .seed = parts_.random.next()}));
  return client.get();
}

Result<std::optional<AllowanceUse>> ProviderClients::day_of(const Provider& provider) {
  VORTEX_TRY(const ProviderClient* client, client_for(provider));
  const Clock& clock = parts_.runtime->clock();
  VORTEX_TRY(const AccountUse use,
             parts_.ledger->use(client->account(), client->limits(),
                                {.elapsed = clock.monotonic(), .calendar = clock.now()}));
  std::optional<AllowanceUse> tightest;
  for (const AllowanceUse& allowance : use.allowances) {
    if (!allowance.is_day) continue;
    const auto left = [](const AllowanceUse& a) {
      return a.limit - a.used;
    };
    if (!tightest || left(allowance) < left(*tightest)) tightest = allowance;
  }
  return tightest;
}

std::vector<ProviderStatus> ProviderClients::status() const {
  std::vector<ProviderStatus> all;
  all.reserve(clients_.size());
  for (const auto& [name, client] : clients_) {
    if (client != nullptr) all.push_back(client->status());
  }
  return all;
}

boost::asio::awaitable<void> ProviderClients::release() {
  for (const auto& [name, client] : clients_) {
    if (client != nullptr) co_await client->release();
  }
}

}  // namespace vortex
