// What a provider wants to see before it answers, and how a call gets it: nothing, a user and
// password, an API key, or a token that is asked for and renewed. Calls are made without it; it is
// put into each just before it is sent, so that no call that is logged or kept holds one. Belongs
// to the I/O thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"
#include "vortex/base/secret.hpp"
#include "vortex/runtime/task.hpp"
#include "vortex/secrets/secret_mask.hpp"

namespace vortex {

class Credential {
 public:
  virtual ~Credential() = default;

  // Makes ready what the next call needs. Only a token takes time: one caller asks for it while the
  // others wait. `authentication` where the provider refuses what is configured.
  virtual Task<void> prepare() = 0;

  // Once prepared. Replaces what the call has in that place.
  virtual void put_into(HttpCall& call) const = 0;

  // What a call that goes now must not show again, in its answer or an error.
  virtual void add_secrets(SecretMask& mask) const = 0;

  // Rises when what is put into calls changes.
  virtual std::uint64_t generation() const = 0;

  // A call that went with that generation was refused: gets another credential, unless somebody did
  // so meanwhile. `authentication` where there is none.
  virtual Task<void> renew(std::uint64_t seen) = 0;
};

// Where an API key goes in a call: "query:apikey", "header:X-Api-Key".
struct CredentialPlace {
  bool in_query = false;
  std::string name;
};
Result<CredentialPlace> parse_credential_place(std::string_view text);

// Reads a secret from where it is kept, again: it may have been exchanged there.
using ReadSecret = std::function<Result<SecretString>()>;

// The error of a provider that refuses `what` ("the API key").
Error refused_credential(std::string_view what);

std::unique_ptr<Credential> no_credential();
Result<std::unique_ptr<Credential>> api_key_credential(CredentialPlace place, ReadSecret read);
Result<std::unique_ptr<Credential>> basic_credential(std::string user, ReadSecret read);

}  // namespace vortex
