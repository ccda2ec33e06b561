// Brings symbols up to date as `vortex sync` does, with the settings of ./vortex.toml:
//   sync_symbols SYMBOL…
#include <cstdio>

#include "vortex/base/clock.hpp"
#include "vortex/config/load.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/provider/registry.hpp"

namespace {

int fail_with(const vortex::Error& error) {
  std::fprintf(stderr, "%s\n", error.to_line().c_str());
  return vortex::exit_code(error.error_class());
}

}  // namespace

int main(int argc, char** argv) {
  const vortex::ProviderRegistry registry = vortex::builtin_providers();
  vortex::ConfigSources sources;
  for (const vortex::Provider& provider : registry.all()) {
    const vortex::Capabilities& can = provider.adapter->capabilities();
    sources.providers.push_back(
        {.name = can.name, .base_url = can.default_base_url, .limits = can.limits});
  }
  auto loaded = vortex::load_settings(sources);
  if (!loaded) return fail_with(loaded.error());

  vortex::SyncRequest request;
  for (int i = 1; i < argc; ++i) {
    auto symbol = vortex::Symbol::parse(argv[i]);
    if (!symbol) return fail_with(symbol.error());
    request.items.push_back({.symbol = *symbol, .providers = {"yahoo"}});
  }

  const vortex::SystemClock clock;
  auto engine = vortex::Engine::create(loaded->settings, clock);
  if (!engine) return fail_with(engine.error());
  auto report = (*engine)->sync(request);
  if (!report) return fail_with(report.error());
  std::printf("%s\n", report->to_json("sync").c_str());
  return report->exit_code();
}
