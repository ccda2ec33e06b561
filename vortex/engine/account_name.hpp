// Who is asked on whose behalf: an account is provider + host + hash of the credential, so that
// every process with the same key shares one allowance, and no key is ever written. Pure.
#pragma once

#include <string>

#include "vortex/base/secret.hpp"
#include "vortex/config/settings.hpp"
#include "vortex/net/http_transport.hpp"
#include "vortex/provider/adapter.hpp"
#include "vortex/resilience/ledger.hpp"

namespace vortex {

// "yahoo@query2.finance.yahoo.com", "alphavantage@www.alphavantage.co#1f0c9a…" (16 hex digits).
std::string account_name(const ProviderSettings& settings, const Capabilities& provider,
                         const SecretString& credential);

// The configured limits, or the adapter's own. Fails with config for an unknown zone.
Result<AccountLimits> account_limits(const ProviderSettings& settings,
                                     const Capabilities& provider);

// Where calls to the provider go and under which rules.
HttpRoute route_of(const ProviderSettings& settings, const Capabilities& provider);

}  // namespace vortex
