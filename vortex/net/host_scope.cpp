#include "vortex/net/host_scope.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "vortex/base/ascii.hpp"

namespace vortex {

namespace {

struct Network {
  std::uint32_t address;
  int bits;
  HostScope scope;
};

constexpr std::uint32_t ipv4(std::uint32_t a, std::uint32_t b) {
  return a << 24 | b << 16;
}

constexpr auto kNetworks = std::to_array<Network>({
    {ipv4(0, 0), 8, HostScope::loopback},
    {ipv4(127, 0), 8, HostScope::loopback},
    {ipv4(10, 0), 8, HostScope::private_network},
    {ipv4(172, 16), 12, HostScope::private_network},
    {ipv4(192, 168), 16, HostScope::private_network},
    {ipv4(100, 64), 10, HostScope::private_network},
    {ipv4(169, 254), 16, HostScope::link_local},
    {ipv4(224, 0), 3, HostScope::reserved},
});

HostScope ipv4_scope(std::uint32_t address) {
  const auto* found = std::ranges::find_if(kNetworks, [&](const Network& network) {
    return ((address ^ network.address) >> (32 - network.bits)) == 0;
  });
  return found != kNetworks.end() ? found->scope : HostScope::global;
}

using Ipv6 = std::array<std::uint8_t, 16>;

std::uint32_t last_four(const Ipv6& bytes) {
  return std::uint32_t{bytes[12]} << 24 | std::uint32_t{bytes[13]} << 16 |
         std::uint32_t{bytes[14]} << 8 | std::uint32_t{bytes[15]};
}

bool starts_with(const Ipv6& bytes, std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

HostScope ipv6_scope(const Ipv6& bytes) {
  const bool zeros_to_ten =
      std::all_of(bytes.begin(), bytes.begin() + 10, [](std::uint8_t byte) { return byte == 0; });
  if (zeros_to_ten && bytes[10] == 0 && bytes[11] == 0) {
    return last_four(bytes) <= 1 ? HostScope::loopback : ipv4_scope(last_four(bytes));
  }
  // IPv4 in IPv6 clothes: mapped, NAT64, 6to4.
  if (zeros_to_ten && bytes[10] == 0xFF && bytes[11] == 0xFF) return ipv4_scope(last_four(bytes));
  if (starts_with(bytes, {0x00, 0x64, 0xFF, 0x9B})) return ipv4_scope(last_four(bytes));
  if (starts_with(bytes, {0x20, 0x02})) {
    return ipv4_scope(std::uint32_t{bytes[2]} << 24 | std::uint32_t{bytes[3]} << 16 |
                      std::uint32_t{bytes[4]} << 8 | std::uint32_t{bytes[5]});
  }
  if ((bytes[0] & 0xFE) == 0xFC) return HostScope::private_network;
  if (bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80) return HostScope::link_local;
  if (bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0xC0) return HostScope::private_network;
  return bytes[0] == 0xFF ? HostScope::reserved : HostScope::global;
}

}  // namespace

HostScope address_scope(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return ipv4_scope(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    Ipv6 bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return ipv6_scope(bytes);
  }
  return HostScope::reserved;
}

std::optional<HostScope> host_scope(std::string_view host) {
  const std::string name = lower(host.substr(0, host.find('%')));  // without an IPv6 zone
  if (name == "localhost" || name.ends_with(".localhost")) return HostScope::loopback;
  in_addr v4{};
  if (inet_pton(AF_INET, name.c_str(), &v4) == 1) return ipv4_scope(ntohl(v4.s_addr));
  in6_addr v6{};
  if (inet_pton(AF_INET6, name.c_str(), &v6) != 1) return std::nullopt;
  Ipv6 bytes{};
  std::memcpy(bytes.data(), &v6, bytes.size());
  return ipv6_scope(bytes);
}

}  // namespace vortex
