// Which hosts a provider's calls need, and what the resolver's answers mean. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/config/settings.hpp"
#include "vortex/engine/doctor.hpp"
#include "vortex/engine/doctor_lookup.hpp"
#include "vortex/provider/registry.hpp"

namespace vortex {

struct HostNames {
  std::vector<std::string> all;  // the one of the bars' calls first; with a proxy, only the proxy's
  std::vector<std::string>
      own;  // those of them that are the provider's: their addresses are public
  bool through_proxy = false;
};

// `host` is that of the bars' calls. The others: of the login's first step, of further endpoints.
HostNames host_names_of(const Provider& provider, const ProviderSettings& settings,
                        const std::string& host, const std::string& proxy);

// `failed` when the first host has no usable address, a warning for another one. An address of this
// machine or its network for a provider's own host is a filter's or portal's doing.
CheckRow names_row(const CheckTimer& timer, const HostNames& names,
                   std::span<const HostAddresses> found, std::string_view provider);

std::string proxy_without_user(std::string_view proxy);  // "http://proxy:3128"
std::string proxy_host(std::string_view proxy);

}  // namespace vortex
