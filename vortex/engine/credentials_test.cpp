#include "vortex/engine/credentials.hpp"

#include <map>

#include <gtest/gtest.h>

namespace vortex {
namespace {

// One provider's settings and what the environment holds.
struct CredentialCase {
  Capabilities provider{.name = "acme", .auth = "api_key", .credential_place = "query:apikey"};
  ProviderSettings settings;
  std::map<std::string, std::string> variables;
  Environment environment = [this](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };

  CredentialSource source() { return {&settings, &provider, &environment}; }
  Error error() {
    const auto made = credential_of(source(), {});
    return made ? Error{} : made.error();
  }
};

TEST(CredentialsTest, AMissingKeyNamesItsSettingAndItsVariable) {
  CredentialCase test;
  const Error error = test.error();
  EXPECT_EQ(error.code, ErrorCode::authentication);
  EXPECT_EQ(exit_code(error.error_class()), 3);
  EXPECT_TRUE(error.message.contains("providers.acme.api_key")) << error.message;
  EXPECT_TRUE(error.hint.contains("VORTEX__PROVIDERS__ACME__API_KEY")) << error.hint;
  EXPECT_EQ(account_secret(test.source()).error().code, ErrorCode::authentication);
}

TEST(CredentialsTest, AReferenceThatLeadsNowhereIsAMissingCredential) {
  CredentialCase test;
  for (const char* reference : {"env:ACME_KEY", "file:/nowhere/key", "vault:a#b"}) {
    test.settings.api_key = reference;
    EXPECT_EQ(test.error().code, ErrorCode::authentication) << reference;
    EXPECT_FALSE(test.error().hint.empty()) << reference;
    EXPECT_TRUE(test.error().message.contains("providers.acme.api_key")) << test.error().message;
  }
}

TEST(CredentialsTest, EachKindAsksForItsSettings) {
  CredentialCase test;
  test.variables = {{"S", "a-long-secret"}};
  test.provider.auth = "basic";
  EXPECT_TRUE(test.error().message.contains("auth.user"));
  test.settings.auth.user = "me";
  EXPECT_TRUE(test.error().message.contains("auth.password"));
  test.settings.auth.password = "env:S";
  EXPECT_TRUE(credential_of(test.source(), {}));
  EXPECT_EQ(account_secret(test.source())->reveal(), "me");

  test.provider.auth = "oauth2";
  EXPECT_TRUE(test.error().message.contains("auth.client_id"));
  test.settings.auth.client_id = "id";
  EXPECT_TRUE(test.error().message.contains("auth.client_secret"));
  test.settings.auth.client_secret = "env:S";
  EXPECT_TRUE(test.error().message.contains("auth.token_url"));
  test.settings.auth.token_url = "http://elsewhere.example/token";
  EXPECT_EQ(test.error().code, ErrorCode::config) << "the secret would travel in the clear";

  test.provider.auth = "none";
  EXPECT_TRUE(credential_of(test.source(), {}));
  EXPECT_TRUE(account_secret(test.source())->empty());
}

TEST(CredentialsTest, ALoginIsUserAndPasswordWhereTheyAreGiven) {
  CredentialCase test;
  test.provider.auth = "session";
  EXPECT_TRUE(login_secrets(test.source())->user_password.empty());
  test.settings.auth = {.user = "me", .password = "env:S"};
  EXPECT_FALSE(login_secrets(test.source()));
  test.variables = {{"S", "a-long-secret"}};
  EXPECT_EQ(login_secrets(test.source())->user_password.reveal(), "me:a-long-secret");
}

TEST(CredentialsTest, J1NoErrorShowsAValue) {
  CredentialCase test;
  test.variables = {{"S", "a-long-secret\r\nX-Evil: 1"}};
  test.settings.api_key = "env:S";
  test.settings.auth = {.user = "a:b",
                        .password = "env:S",
                        .client_id = "id",
                        .client_secret = "env:S",
                        .token_url = "nonsense"};
  for (const char* kind : {"api_key", "basic", "oauth2"}) {
    test.provider.auth = kind;
    const Error error = test.error();
    EXPECT_NE(error.code, ErrorCode::internal) << kind;
    for (const std::string& text : {error.message, error.hint, error.evidence})
      EXPECT_FALSE(text.contains("a-long-secret")) << text;
  }
}

}  // namespace
}  // namespace vortex
