#include "vortex/engine/credentials.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "vortex/config/key_names.hpp"
#include "vortex/secrets/oauth_credential.hpp"

namespace vortex {
namespace {

// One setting of a credential: where it stands and what people call it.
struct Wanted {
  std::string_view key;   // below providers.NAME
  std::string_view what;  // "an API key"
  const std::string* value = nullptr;
  bool is_secret = true;
};

std::string key_of(const CredentialSource& source, std::string_view key) {
  return fmt::format("providers.{}.{}", source.provider->name, key);
}

std::string how_to_set(const CredentialSource& source, const Wanted& wanted) {
  const std::string key = key_of(source, wanted.key);
  return fmt::format("set {} = \"{}\", or export {}", key, wanted.is_secret ? "env:NAME" : "…",
                     environment_twin(key));
}

Error missing(const CredentialSource& source, const Wanted& wanted) {
  return {.code = ErrorCode::authentication,
          .message = fmt::format("{} wants {}, and {} is not set", source.provider->name,
                                 wanted.what, key_of(source, wanted.key)),
          .hint = how_to_set(source, wanted),
          .provider = std::string(source.provider->name)};
}

Result<std::string> text_of(const CredentialSource& source, const Wanted& wanted) {
  if (wanted.value->empty()) return std::unexpected(missing(source, wanted));
  return *wanted.value;
}

// A reference that leads nowhere is a missing credential, whatever the reason.
Result<SecretString> secret_of(const CredentialSource& source, const Wanted& wanted) {
  if (wanted.value->empty()) return std::unexpected(missing(source, wanted));
  auto secret = resolve_secret(*wanted.value, *source.environment);
  if (secret) return secret;
  Error error = std::move(secret).error();
  error.code = ErrorCode::authentication;
  error.provider = source.provider->name;
  if (error.hint.empty()) error.hint = how_to_set(source, wanted);
  return std::unexpected(std::move(error).in(key_of(source, wanted.key)));
}

Wanted api_key_of(const CredentialSource& source) {
  return {"api_key", "an API key", &source.settings->api_key};
}
Wanted user_of(const CredentialSource& source) {
  return {"auth.user", "a user and password", &source.settings->auth.user, false};
}
Wanted password_of(const CredentialSource& source) {
  return {"auth.password", "a user and password", &source.settings->auth.password};
}
Wanted cookies_of(const CredentialSource& source) {
  return {"auth.cookies", "a browser's cookies", &source.settings->auth.cookies};
}
Wanted client_of(const CredentialSource& source) {
  return {"auth.client_id", "an OAuth2 client", &source.settings->auth.client_id, false};
}
Wanted client_secret_of(const CredentialSource& source) {
  return {"auth.client_secret", "an OAuth2 client", &source.settings->auth.client_secret};
}
Wanted token_url_of(const CredentialSource& source) {
  return {"auth.token_url", "an OAuth2 client", &source.settings->auth.token_url, false};
}

Result<OAuthClient> oauth_client(const CredentialSource& source) {
  VORTEX_TRY(std::string id, text_of(source, client_of(source)));
  VORTEX_TRY(SecretString secret, secret_of(source, client_secret_of(source)));
  VORTEX_TRY(std::string url, text_of(source, token_url_of(source)));
  return OAuthClient{.client_id = std::move(id),
                     .client_secret = std::move(secret),
                     .token_url = std::move(url),
                     .scope = source.settings->auth.scope,
                     .secret_in_body = source.settings->auth.client_in == "body"};
}

Result<std::unique_ptr<Credential>> oauth_credential(const CredentialSource& source, TokenIo io) {
  VORTEX_TRY(OAuthClient client, oauth_client(source));
  VORTEX_TRY(HttpRoute route, token_route(client, io.route));
  return std::make_unique<OAuthCredential>(
      std::move(client),
      OAuthIo{.runtime = io.runtime,
              .send = [route = std::move(route), send = std::move(io.send)](HttpCall call) {
                return send(route, std::move(call));
              }});
}

}  // namespace

bool wants_credential(const Capabilities& provider) {
  constexpr auto kKinds = std::to_array<std::string_view>({"api_key", "basic", "oauth2"});
  return std::ranges::find(kKinds, provider.auth) != kKinds.end();
}

bool has_credential(const ProviderSettings& settings) {
  const AuthSettings& auth = settings.auth;
  return !settings.api_key.empty() || !auth.user.empty() || !auth.password.empty() ||
         !auth.client_id.empty() || !auth.client_secret.empty() || !auth.cookies.empty();
}

Result<SecretString> account_secret(const CredentialSource& source) {
  const std::string_view auth = source.provider->auth;
  if (auth == "api_key") return secret_of(source, api_key_of(source));
  if (auth == "basic") {
    VORTEX_TRY_VOID(secret_of(source, password_of(source)));
    VORTEX_TRY(std::string user, text_of(source, user_of(source)));
    return SecretString(std::move(user));
  }
  if (auth == "oauth2") {
    VORTEX_TRY(OAuthClient client, oauth_client(source));
    return SecretString(std::move(client.client_id));
  }
  const std::string& user = source.settings->auth.user;
  return auth == "session" ? SecretString(user) : SecretString();
}

Result<LoginSecrets> login_secrets(const CredentialSource& source) {
  const AuthSettings& auth = source.settings->auth;
  LoginSecrets secrets;
  if (source.provider->auth != "session") return secrets;
  if (!auth.cookies.empty()) {
    VORTEX_TRY(secrets.cookies, secret_of(source, cookies_of(source)));
  }
  if (auth.user.empty() && auth.password.empty()) return secrets;
  VORTEX_TRY(const std::string user, text_of(source, user_of(source)));
  VORTEX_TRY(const SecretString password, secret_of(source, password_of(source)));
  secrets.user_password = SecretString(user + ":" + password.reveal());
  return secrets;
}

Result<std::unique_ptr<Credential>> credential_of(const CredentialSource& source, TokenIo io) {
  const std::string_view auth = source.provider->auth;
  if (auth == "api_key") {
    VORTEX_TRY(CredentialPlace place, parse_credential_place(source.provider->credential_place));
    return api_key_credential(std::move(place),
                              [source] { return secret_of(source, api_key_of(source)); });
  }
  if (auth == "basic") {
    VORTEX_TRY(std::string user, text_of(source, user_of(source)));
    return basic_credential(std::move(user),
                            [source] { return secret_of(source, password_of(source)); });
  }
  if (auth == "oauth2") return oauth_credential(source, std::move(io));
  return no_credential();
}

}  // namespace vortex
