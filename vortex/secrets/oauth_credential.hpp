// A bearer token from OAuth2's client credentials: asked for when first needed, kept, asked for
// again ahead of its end by one caller while the others wait, and once more when it is refused.
// Belongs to the I/O thread.
#pragma once

#include <functional>
#include <optional>

#include "vortex/runtime/runtime.hpp"
#include "vortex/runtime/wait_list.hpp"
#include "vortex/secrets/credential.hpp"
#include "vortex/secrets/oauth_token.hpp"

namespace vortex {

// What it needs of the world; must outlive it. `send` bounds its own time.
struct OAuthIo {
  Runtime* runtime = nullptr;
  std::function<Task<HttpReply>(HttpCall)> send;  // to the token's address
};

class OAuthCredential final : public Credential {
 public:
  // A token is renewed so long before its end, or a fifth of its life where that is less.
  static constexpr Duration kRenewAhead = std::chrono::seconds(60);
  // After a refusal, and at most after other failures, nobody is asked for so long.
  static constexpr Duration kPauseMax = std::chrono::seconds(60);

  OAuthCredential(OAuthClient client, OAuthIo io);

  Task<void> prepare() override;
  void put_into(HttpCall& call) const override;
  void add_secrets(SecretMask& mask) const override;
  std::uint64_t generation() const override { return generation_; }
  Task<void> renew(std::uint64_t seen) override;

 private:
  struct Held {
    SecretString value;
    Monotonic renew_at;
    Monotonic ends_at;
  };

  bool is_fresh() const;
  bool is_usable() const;
  Task<void> ask();
  Result<void> keep(Result<HttpReply> reply, Monotonic asked);
  Error note_failure(Error error);

  OAuthClient client_;
  OAuthIo io_;
  WaitList asked_;  // those who wait for the one who asks
  bool is_asking_ = false;
  std::optional<Held> token_;
  std::uint64_t generation_ = 0;
  std::optional<Error> failure_;  // of the last asking
  Monotonic failed_until_;
  Duration pause_ = Duration::zero();
};

}  // namespace vortex
