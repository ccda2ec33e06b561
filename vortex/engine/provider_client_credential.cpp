// What a client does about the credential of its calls: who goes first with it, and what a refusal
// of it means.
#include <utility>

#include <fmt/format.h>

#include "vortex/engine/provider_client.hpp"

namespace vortex {

// A wrong key costs one call, not as many as may be under way at once: some providers lock out
// who knocks often. Waits without a place, which the one who goes first needs.
Task<void> ProviderClient::wait_for_first(Attempt* attempt) {
  if (!is_proven_ && !refused_ && !attempt->first) {
    VORTEX_CO_TRY(auto turn, co_await first_.take());
    if (!is_proven_) attempt->first.emplace(std::move(turn));
  }
  if (refused_) co_return std::unexpected(*refused_);
  co_return Result<void>{};
}

Task<void> ProviderClient::prepare_credential(Attempt* attempt) {
  Result<void> ready = co_await credential_->prepare();
  attempt->counts->sent += std::exchange(logins_.sent, 0);
  attempt->credential = credential_->generation();
  co_return ready;
}

SecretMask ProviderClient::secrets_of_calls() const {
  SecretMask mask;
  mask.add(login_.user_password);
  const std::string& login = login_.user_password.reveal();
  if (const std::size_t colon = login.find(':'); colon != std::string::npos)
    mask.add(SecretString(login.substr(colon + 1)));
  credential_->add_secrets(mask);
  session_.add_secrets(mask);
  return mask;
}

// Once there may be another: a token that was withdrawn, a key that was exchanged.
Task<void> ProviderClient::after_refused_credential(Error error, Attempt* attempt) {
  if (refused_) co_return std::unexpected(std::move(error));
  if (!attempt->sent || attempt->credential_renewed)
    co_return std::unexpected(refuse(std::move(error)));
  attempt->credential_renewed = true;
  const Result<void> renewed = co_await credential_->renew(attempt->credential);
  attempt->counts->sent += std::exchange(logins_.sent, 0);
  if (renewed) co_return Result<void>{};
  if (renewed.error().error_class() == ErrorClass::authentication)
    co_return std::unexpected(refuse(std::move(error)));
  co_return std::unexpected(renewed.error());
}

// Those who come later are told the same without asking.
Error ProviderClient::refuse(Error error) {
  if (error.hint.empty()) {
    error.hint = fmt::format("check the credential of providers.{} (vortex doctor)",
                             adapter().capabilities().name);
  }
  refused_ = error;
  refused_->attempt = 0;
  return error;
}

void ProviderClient::forget_refusal() {
  if (!refused_) return;
  refused_.reset();
  is_proven_ = false;
}

}  // namespace vortex
