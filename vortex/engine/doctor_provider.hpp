// Checks of the road to the providers: names, connection, answer, throttling, clock. One cheap call
// a provider over the route in force; no login, no capture, no second attempt. All providers at
// once, each within kDoctorCallMax.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "vortex/config/secret_source.hpp"
#include "vortex/config/settings.hpp"
#include "vortex/engine/doctor.hpp"
#include "vortex/engine/doctor_lookup.hpp"
#include "vortex/net/http_transport.hpp"
#include "vortex/net/proxy_choice.hpp"
#include "vortex/provider/registry.hpp"
#include "vortex/resilience/ledger.hpp"
#include "vortex/runtime/runtime.hpp"

namespace vortex {

inline constexpr Duration kDoctorLookupMax = std::chrono::seconds(3);
inline constexpr Duration kDoctorConnectMax = std::chrono::seconds(3);
inline constexpr Duration kDoctorCallMax = std::chrono::seconds(7);  // with the look-up: 10 s

using HostLookup = std::function<std::vector<HostAddresses>(const std::vector<std::string>& hosts,
                                                            Duration limit)>;

// All that is given must outlive the call.
struct DoctorNetwork {
  Runtime* runtime = nullptr;
  HttpTransport* transport = nullptr;
  HostLookup look_up;
  ProxyEnvironment proxies;
  Environment environment;   // where secrets are looked up
  Ledger* ledger = nullptr;  // where each call is counted first; null: not counted
};

struct ProviderProbe {
  const Provider* provider = nullptr;
  const ProviderSettings* settings = nullptr;
};

// Rows PROVIDER.proxy, .dns, .connection, .answer, .throttling, .clock, and .credential where one
// is wanted; those that need an earlier one are skipped where it failed. Runs the runtime's loop.
std::vector<CheckRow> check_providers(const DoctorNetwork& network,
                                      std::span<const ProviderProbe> probes);

// The same rows, all skipped.
std::vector<CheckRow> skip_providers(std::span<const std::string> providers, const std::string& why,
                                     const Clock& clock);

}  // namespace vortex
