// The credential of a provider's calls: its kind as the provider's capabilities say, its values
// read from where the settings point. Pure but for reading secrets.
#pragma once

#include <functional>
#include <memory>

#include "vortex/config/secret_source.hpp"
#include "vortex/config/settings.hpp"
#include "vortex/net/http_transport.hpp"
#include "vortex/provider/adapter.hpp"
#include "vortex/runtime/runtime.hpp"
#include "vortex/secrets/credential.hpp"

namespace vortex {

// Whose credential; all three must outlive what is made of it.
struct CredentialSource {
  const ProviderSettings* settings = nullptr;
  const Capabilities* provider = nullptr;
  const Environment* environment = nullptr;
};

// Do calls carry a credential that the user must give? A session is made by its own steps.
bool wants_credential(const Capabilities& provider);

// Is anything of one configured?
bool has_credential(const ProviderSettings& settings);

// The secret whose hash tells this account from others: the API key, the user, the client. Empty
// where none is wanted. `authentication` with the key to set where one is wanted and missing.
Result<SecretString> account_secret(const CredentialSource& source);

// What the user gave for a login; both empty where nothing is configured.
Result<LoginSecrets> login_secrets(const CredentialSource& source);

// How a token is asked for, where one is.
struct TokenIo {
  Runtime* runtime = nullptr;
  HttpRoute route;  // the provider's own; its rules hold for the token's address too
  std::function<Task<HttpReply>(HttpRoute, HttpCall)> send;
};

// Never null. Fails as account_secret does.
Result<std::unique_ptr<Credential>> credential_of(const CredentialSource& source, TokenIo io);

}  // namespace vortex
