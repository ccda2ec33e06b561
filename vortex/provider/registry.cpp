#include "vortex/provider/registry.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace vortex {

void ProviderRegistry::add(std::unique_ptr<const HttpAdapter> adapter,
                           std::unique_ptr<const SessionSteps> session,
                           std::unique_ptr<const SavedFiles> files) {
  assert(adapter != nullptr && find(adapter->capabilities().name) == nullptr);
  providers_.push_back({std::move(adapter), std::move(session), std::move(files), nullptr});
}

void ProviderRegistry::add_way(std::string_view access, Provider way) {
  assert(find(way.name()) != nullptr);
  ways_.push_back({.access = access, .provider = std::move(way)});
}

bool ProviderRegistry::choose(std::string_view name, std::string_view access) {
  const auto way = std::ranges::find_if(
      ways_, [&](const Way& one) { return one.access == access && one.provider.name() == name; });
  if (way == ways_.end()) return false;
  Provider& provider = *std::ranges::find(providers_, name, &Provider::name);
  way->provider.files = std::move(provider.files);
  provider = std::move(way->provider);
  ways_.erase(way);
  return true;
}

const Provider* ProviderRegistry::find(std::string_view name) const {
  const auto found = std::ranges::find(providers_, name, &Provider::name);
  return found == providers_.end() ? nullptr : &*found;
}

std::vector<std::string_view> ProviderRegistry::names() const {
  std::vector<std::string_view> out;
  out.reserve(providers_.size());
  for (const Provider& provider : providers_) out.push_back(provider.name());
  return out;
}

}  // namespace vortex
