// The clients of all providers an engine asks: one each, made when first needed, kept as long as
// the engine, so that what was learned about a provider is not forgotten between runs. Belongs to
// the I/O thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "vortex/base/random.hpp"
#include "vortex/engine/provider_client.hpp"
#include "vortex/engine/run_status.hpp"
#include "vortex/runtime/task.hpp"
#include "vortex/telemetry/health_monitor.hpp"

namespace vortex {

class ProviderClients {
 public:
  // All given must outlive it.
  struct Parts {
    Runtime* runtime = nullptr;
    HttpTransport* transport = nullptr;
    Ledger* ledger = nullptr;
    EventBus* events = nullptr;  // may be null
    const Settings* settings = nullptr;
    const Environment* environment = nullptr;  // where secrets are looked up
    Random random{0};
  };
  explicit ProviderClients(Parts parts);

  Result<ProviderClient*> client_for(const Provider& provider);

  // What is left of the accounts' days, by provider, where there is a daily limit.
  using Days = std::map<std::string, AllowanceUse>;
  Task<Days> days_of(std::vector<const Provider*> providers);

  // Those of the providers that may not be asked now, and why: no credential, an open breaker, a
  // used-up allowance, a pause the provider asked for.
  using Unready = std::map<std::string, Error>;
  Task<Unready> unready(std::vector<const Provider*> providers);

  std::vector<ProviderStatus> status() const;

  // Of all providers in one word.
  std::string health() const;

  // Judges each provider by its traffic, once in the monitor's interval; events tell of changes.
  void check_health();

  // Around each run. When the last one has ended, permits and places go back that nobody needs.
  // What a provider refused in one run it is asked again in the next.
  void begin_run();
  boost::asio::awaitable<void> end_run();

 private:
  Task<AccountUse> use_of(const Provider* provider);
  Task<std::optional<AllowanceUse>> day_of(const Provider* provider);
  boost::asio::awaitable<void> keep_endpoints();

  Parts parts_;
  Slots all_calls_;
  Slots ledger_turn_;
  Slots release_turn_;
  int runs_ = 0;
  std::unique_ptr<Directory> directory_;  // of the providers with several endpoints; null: none
  HealthMonitor health_;
  std::map<std::string, std::unique_ptr<ProviderClient>, std::less<>> clients_;
};

}  // namespace vortex
