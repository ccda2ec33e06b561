// A machine with Vortex on it and Yahoo at the other end of the wire, all in one thread and in
// simulated time: clock, network, market, disk and the accounts' ledger. It outlives the engines
// that are started in it, as a machine outlives its processes; a process that is killed leaves the
// disk and the ledger as they are. Same options, same calls, same events.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "vortex/engine/engine_parts.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/resilience/memory_ledger.hpp"
#include "vortex/sim/simulated_net.hpp"
#include "vortex/sim/simulated_transport.hpp"
#include "vortex/store/memory_file_system.hpp"

namespace vortex {

struct SimulatedWorldOptions {
  std::uint64_t seed = 1;
  std::string faults = "[]";  // the script of `vortex sim --faults`
  TimePoint start = *parse_time("2025-06-04T00:00:00Z");
  Duration timers_late_max = Duration::zero();
  std::vector<RateLimit> limits;  // none
  int concurrency = 4;
  bool require_crumb = false;         // Yahoo wants a session
  std::size_t events_kept = 200'000;  // until event_log takes them
};

class SimulatedWorld {
 public:
  explicit SimulatedWorld(const SimulatedWorldOptions& options);
  ~SimulatedWorld();
  SimulatedWorld(const SimulatedWorld&) = delete;
  SimulatedWorld& operator=(const SimulatedWorld&) = delete;

  // A new process, whose engine the caller ends before the world.
  struct Process {
    std::unique_ptr<Engine> engine;
    Runtime* runtime = nullptr;  // the engine's
  };
  Process start();

  // Daily bars of these symbols (S0000, S0001, …) of the last `days` days.
  SyncRequest request(const std::vector<std::string>& symbols, int days = 30) const;
  static std::vector<std::string> symbols(int count);

  // Everything published so far as JSON lines, and what arrived at the provider.
  const std::string& event_log();
  std::int64_t arrived() const { return net.traffic("yahoo").asked; }

  ManualClock clock;
  Settings settings;
  SimulatedNet net;
  YahooImposter yahoo;
  EventBus events;
  std::shared_ptr<MemoryDisk> disk = std::make_shared<MemoryDisk>();
  std::shared_ptr<MemoryAccounts> accounts = std::make_shared<MemoryAccounts>();
  std::function<std::unique_ptr<Ledger>()> make_ledger;  // else memory, of `accounts`
  std::function<std::unique_ptr<HttpTransport>(std::unique_ptr<HttpTransport>)> wrap_transport;
  std::function<void(std::int64_t)> on_send;  // told the number of each call that leaves, from 1
  std::int64_t sent = 0;
  // What the dataset stands on; to put faults over it.
  std::function<std::unique_ptr<FileSystem>(std::unique_ptr<FileSystem>)> over_files;

 private:
  SimulatedWorldOptions options_;
  Random seeds_;
  int processes_ = 0;
  Subscription log_;
  std::string log_text_;
};

}  // namespace vortex
