#include "vortex/engine/account_name.hpp"

#include <string_view>
#include <utility>

#include "vortex/base/sha256.hpp"
#include "vortex/config/rate_limit.hpp"

namespace vortex {
namespace {

constexpr std::size_t kHashDigits = 16;

std::string_view host_in(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  return url.substr(url.rfind('@') + 1);  // a user and password are nobody's business
}

std::string base_url_of(const ProviderSettings& settings, const Capabilities& provider) {
  return settings.base_url_is_default ? std::string(provider.default_base_url) : settings.base_url;
}

}  // namespace

std::string account_name(const ProviderSettings& settings, const Capabilities& provider,
                         const SecretString& credential) {
  const std::string url = base_url_of(settings, provider);
  std::string name = std::string(provider.name) + "@" + std::string(host_in(url));
  if (!credential.empty()) name += "#" + sha256_hex(credential.reveal()).substr(0, kHashDigits);
  return name;
}

Result<AccountLimits> account_limits(const ProviderSettings& settings,
                                     const Capabilities& provider) {
  std::vector<RateLimit> limits;
  if (settings.limits) {
    limits = *settings.limits;
  } else {
    for (const std::string_view text : provider.limits) {
      VORTEX_TRY(RateLimit limit, parse_rate_limit(text));
      limits.push_back(std::move(limit));
    }
  }
  AccountLimits account;
  for (const RateLimit& limit : limits) {
    if (limit.window > Duration::zero()) {
      account.rolling.push_back({.count = limit.count, .length = limit.window});
      continue;
    }
    VORTEX_TRY(const TimeZone zone, TimeZone::find(limit.zone));
    account.days.push_back({.count = limit.count, .zone = zone});
  }
  account.concurrent = settings.concurrency;
  return account;
}

HttpRoute route_of(const ProviderSettings& settings, const Capabilities& provider) {
  return {.base_url = base_url_of(settings, provider),
          .keep_hosts = settings.base_url_is_default,
          .user_agent = settings.user_agent,
          .connect_timeout = settings.connect_timeout,
          .read_timeout = settings.read_timeout,
          .body_bytes_max = settings.body_bytes_max,
          .proxy = settings.proxy,
          .ca_file = settings.ca_file,
          .allow_private_hosts = settings.allow_private_hosts,
          .connections_max = settings.concurrency};
}

}  // namespace vortex
