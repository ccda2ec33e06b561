#include <fmt/format.h>

#include "vortex/engine/sync.hpp"

namespace vortex {

Result<std::vector<SyncItem>> items_of_jobs(const Settings& settings) {
  std::vector<SyncItem> items;
  for (const JobSettings& job : settings.jobs) {
    for (const std::string& text : job.symbols) {
      auto symbol = Symbol::parse(text);
      if (!symbol)
        return std::unexpected(std::move(symbol).error().in(fmt::format("job {}", job.name)));
      SyncItem item{.symbol = std::move(*symbol),
                    .providers = job.providers.empty() ? settings.default_providers : job.providers,
                    .interval = job.interval};
      if (job.since) item.since = midnight(*job.since);
      items.push_back(std::move(item));
    }
  }
  return items;
}

}  // namespace vortex
