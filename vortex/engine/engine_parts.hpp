// What an engine stands on, for those who give it something else than the real thing: tests,
// simulated time, programs with a provider of their own. What is left out is made as on a user's
// machine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "vortex/config/secret_source.hpp"
#include "vortex/net/http_transport.hpp"
#include "vortex/provider/registry.hpp"
#include "vortex/resilience/ledger.hpp"
#include "vortex/runtime/runtime.hpp"
#include "vortex/store/dataset.hpp"
#include "vortex/telemetry/event_bus.hpp"

namespace vortex {

struct EngineParts {
  ProviderRegistry providers;                // empty: the built-in ones
  std::unique_ptr<Runtime> runtime;          // of the engine's clock
  std::unique_ptr<HttpTransport> transport;  // on that runtime
  std::unique_ptr<Ledger> ledger;            // else quota.db in the state directory
  EventBus* events = nullptr;                // told what happens; must outlive the engine
  Environment environment;                   // where secrets are looked up; else the process's
  std::function<Result<Dataset>(const std::string& path, const Clock& clock)> open_dataset;
  std::optional<std::uint64_t> seed;  // of the jitter; none: from the system
};

}  // namespace vortex
