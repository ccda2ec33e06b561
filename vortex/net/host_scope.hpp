// How far an address reaches: whether a redirect to it would let a stranger's server point us at
// our own machine or network. Pure.
#pragma once

#include <optional>
#include <string_view>

struct sockaddr;

namespace vortex {

enum class HostScope : unsigned char {
  global,
  loopback,         // 127/8, ::1, 0/8, localhost
  private_network,  // RFC 1918, RFC 6598, fc00::/7
  link_local,       // 169.254/16 (clouds keep their metadata there), fe80::/10
  reserved,         // multicast, broadcast, unknown families: never a provider
};

// The scope of an IPv4 or IPv6 address; addresses of other families are `reserved`.
HostScope address_scope(const sockaddr& address);

// The scope of a host that is an address or a name of this machine; none for other names, whose
// addresses are checked when they are known.
std::optional<HostScope> host_scope(std::string_view host);

// Which scopes a redirected call may reach: anything that is global, what the first call reached
// too.
struct ScopeRule {
  bool allow_all = false;
  HostScope also = HostScope::global;
  bool allows(HostScope scope) const {
    return allow_all || scope == HostScope::global || scope == also;
  }
};

}  // namespace vortex
