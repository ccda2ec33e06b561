#include "vortex/engine/doctor_names.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "vortex/net/host_scope.hpp"
#include "vortex/net/url.hpp"

namespace vortex {
namespace {

constexpr std::size_t kAddressesShown = 3;

struct NameFinding {
  std::string text;          // "fc.yahoo.com: blocked (0.0.0.0)"
  std::optional<Error> bad;  // why it cannot be used
};

std::string listed(const std::vector<std::string>& addresses) {
  std::string text;
  for (std::size_t i = 0; i < std::min(addresses.size(), kAddressesShown); ++i)
    text += text.empty() ? addresses[i] : ", " + addresses[i];
  if (addresses.size() > kAddressesShown)
    text += fmt::format(" and {} more", addresses.size() - kAddressesShown);
  return text;
}

// A resolver that sinks a name answers with an address that leads nowhere outside.
bool is_sunk(const std::vector<std::string>& addresses) {
  return std::ranges::all_of(addresses, [](const std::string& address) {
    return host_scope(address).value_or(HostScope::global) != HostScope::global;
  });
}

NameFinding judge_name(const HostAddresses& host, bool is_public) {
  if (!host.addresses) {
    const Error& error = host.addresses.error();
    return {fmt::format("{}: {}", host.host, error.message), error};
  }
  const std::string addresses = listed(*host.addresses);
  if (is_public && is_sunk(*host.addresses)) {
    return {fmt::format("{}: blocked, its name leads to {}", host.host, addresses),
            Error{.code = ErrorCode::resolve, .message = "blocked"}};
  }
  if (host.host == addresses) return {addresses + ", an address", std::nullopt};
  return {fmt::format("{} → {}", host.host, addresses), std::nullopt};
}

std::string_view after_scheme(std::string_view proxy) {
  const std::size_t scheme = proxy.find("://");
  if (scheme != std::string_view::npos) proxy.remove_prefix(scheme + 3);
  return proxy.substr(0, proxy.find('/'));
}

std::string_view without_user(std::string_view authority) {
  const std::size_t at = authority.rfind('@');
  return at == std::string_view::npos ? authority : authority.substr(at + 1);
}

void add_host(std::vector<std::string>& hosts, std::string host) {
  if (!host.empty() && std::ranges::find(hosts, host) == hosts.end())
    hosts.push_back(std::move(host));
}

std::string cure_for(const HostNames& names, const std::vector<std::string>& bad, bool all_bad,
                     std::string_view provider) {
  if (names.through_proxy)
    return fmt::format("check the proxy's name: providers.{}.proxy or the environment", provider);
  std::string hosts;
  for (const std::string& host : bad) hosts += hosts.empty() ? host : ", " + host;
  if (names.own.empty())
    return fmt::format("check the host in providers.{}.base_url and the network", provider);
  if (all_bad) {
    return fmt::format(
        "check the network and its name server (/etc/resolv.conf); behind a filter, "
        "allow {}",
        hosts);
  }
  return fmt::format("an ad blocker or company filter stops it: allow {}", hosts);
}

}  // namespace

std::string proxy_without_user(std::string_view proxy) {
  const std::size_t scheme = proxy.find("://");
  const std::string_view lead =
      scheme == std::string_view::npos ? std::string_view() : proxy.substr(0, scheme + 3);
  return untrusted(std::string(lead).append(without_user(after_scheme(proxy))), 120);
}

std::string proxy_host(std::string_view proxy) {
  std::string_view authority = without_user(after_scheme(proxy));
  if (authority.starts_with('[')) {
    return std::string(authority.substr(1, authority.find(']') - 1));
  }
  return std::string(authority.substr(0, authority.find(':')));
}

HostNames host_names_of(const Provider& provider, const ProviderSettings& settings,
                        const std::string& host, const std::string& proxy) {
  // The proxy looks the provider's names up itself.
  if (!proxy.empty()) return {.all = {proxy_host(proxy)}, .through_proxy = true};
  HostNames names{.all = {host}};
  if (settings.base_url_is_default) {
    SessionSteps::State state;
    if (provider.session) add_host(names.all, provider.session->begin(state, SecretString{}).host);
    names.own = names.all;
  }
  for (const std::string& endpoint : settings.endpoints) {
    if (auto url = parse_url(endpoint)) add_host(names.all, std::move(url->host));
  }
  return names;
}

CheckRow names_row(const CheckTimer& timer, const HostNames& names,
                   std::span<const HostAddresses> found, std::string_view provider) {
  std::string text;
  std::vector<std::string> bad;
  std::optional<ErrorCode> code;
  bool first_is_bad = false;
  for (const std::string& name : names.all) {
    const auto host = std::ranges::find(found, name, &HostAddresses::host);
    if (host == found.end()) continue;
    const NameFinding finding =
        judge_name(*host, std::ranges::find(names.own, name) != names.own.end());
    text += text.empty() ? finding.text : "; " + finding.text;
    if (!finding.bad) continue;
    bad.push_back(name);
    if (!code) code = finding.bad->code;
    first_is_bad = first_is_bad || name == names.all.front();
  }
  if (bad.empty()) return timer.ok(text);
  std::string cure = cure_for(names, bad, bad.size() == names.all.size(), provider);
  if (first_is_bad) return timer.failed(*code, text, std::move(cure));
  return timer.warning(*code, text, std::move(cure));
}

}  // namespace vortex
