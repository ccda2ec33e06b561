#include "vortex/provider/alphavantage/alphavantage_adapter.hpp"
#include "vortex/provider/barchart/barchart_adapter.hpp"
#include "vortex/provider/barchart/barchart_site.hpp"
#include "vortex/provider/registry.hpp"
#include "vortex/provider/yahoo/yahoo_adapter.hpp"
#include "vortex/provider/yahoo/yahoo_session.hpp"

namespace vortex {

ProviderRegistry builtin_providers() {
  ProviderRegistry registry;
  registry.add(std::make_unique<YahooAdapter>(), std::make_unique<YahooSession>());
  registry.add(std::make_unique<AlphaVantageAdapter>());
  registry.add(std::make_unique<BarchartAdapter>(), nullptr,
               std::make_unique<BarchartSavedFiles>());
  registry.add_way("website", barchart_website());
  return registry;
}

}  // namespace vortex
