#include "vortex/provider/registry.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace vortex {

void ProviderRegistry::add(std::unique_ptr<const HttpAdapter> adapter,
                           std::unique_ptr<const SessionSteps> session,
                           std::unique_ptr<const SavedFiles> files) {
  assert(adapter != nullptr && find(adapter->capabilities().name) == nullptr);
  providers_.push_back({std::move(adapter), std::move(session), std::move(files)});
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
