// The built-in providers, each by the way in that the settings choose for it. Pure.
#pragma once

#include "vortex/config/settings.hpp"
#include "vortex/provider/registry.hpp"

namespace vortex {

// Fails with config where a provider has no such way.
Result<ProviderRegistry> providers_by_access(const Settings& settings);

}  // namespace vortex
