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
    Random random{0};
  };
  explicit ProviderClients(Parts parts);

  Result<ProviderClient*> client_for(const Provider& provider);

  // What is left of an account's day, where it has a daily limit. Blocking.
  Result<std::optional<AllowanceUse>> day_of(const Provider& provider);

  std::vector<ProviderStatus> status() const;

  // Of all providers in one word.
  std::string health() const;

  // Judges each provider by its traffic, once in the monitor's interval; events tell of changes.
  void check_health();

  // Gives permits and places back that are not needed any more.
  boost::asio::awaitable<void> release();

 private:
  boost::asio::awaitable<void> keep_endpoints();

  Parts parts_;
  Slots all_calls_;
  Slots ledger_turn_;
  std::unique_ptr<Directory> directory_;  // of the providers with several endpoints; null: none
  HealthMonitor health_;
  std::map<std::string, std::unique_ptr<ProviderClient>, std::less<>> clients_;
};

}  // namespace vortex
