// Which provider serves an item, under which spelling, and how far back. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vortex/config/settings.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/provider/registry.hpp"

namespace vortex {

struct Routed {
  const Provider* provider = nullptr;
  BarsRequest request;             // range: what is wanted, cut to what the provider serves
  std::vector<std::string> notes;  // what was cut
};

// An item's providers, sorted out.
struct Route {
  std::optional<Routed> first;           // that serves it now
  std::vector<Routed> others;            // that can, should the first fail; in order
  std::vector<SkippedProvider> skipped;  // that stood before the first
  std::optional<Error> error;            // why there is no first
};

struct RouteContext {
  const ProviderRegistry* providers = nullptr;
  const Settings* settings = nullptr;
  TimePoint now;
  Duration default_reach{};  // without `since`, when the provider's depth does not say
  // Providers that may not be asked now: no credential, breaker open, allowance used up.
  std::map<std::string, Error> unready;
  bool reach_is_depth = true;  // sync: without `since`, as far back as the provider serves
};

// The first of the item's providers that knows interval, symbol and range and may be asked. Where
// none may be asked now but one may later, that one, whose own refusal says when; else no first,
// and the last one's error.
Route route_item(const SyncItem& item, const RouteContext& context);

// How the provider writes a symbol: as [symbols] says, else by the adapter's own map.
Result<std::string> spelling_for(const HttpAdapter& adapter, const Symbol& symbol,
                                 const Settings& settings);

}  // namespace vortex
