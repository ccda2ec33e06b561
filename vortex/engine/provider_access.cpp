#include "vortex/engine/provider_access.hpp"

#include <fmt/format.h>

namespace vortex {

Result<ProviderRegistry> providers_by_access(const Settings& settings) {
  ProviderRegistry providers = builtin_providers();
  for (const auto& [name, own] : settings.providers) {
    if (own.access.empty() || providers.choose(name, own.access)) continue;
    Error error{.code = ErrorCode::config,
                .message = fmt::format("providers.{}.access: {} has no way in called '{}'", name,
                                       name, untrusted(own.access, 48)),
                .hint = "leave the key out"};
    return std::unexpected(std::move(error));
  }
  return providers;
}

}  // namespace vortex
