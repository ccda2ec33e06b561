#include "vortex/secrets/oauth_credential.hpp"

#include <algorithm>
#include <utility>

#include "vortex/base/ascii.hpp"

namespace vortex {
namespace {

constexpr Duration kPauseMin = std::chrono::seconds(1);

// Whoever asks may be cancelled at any wait: the others must not wait for him forever.
class Turn {
 public:
  Turn(bool& is_asking, WaitList& others) : is_asking_(is_asking), others_(others) {
    is_asking_ = true;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    is_asking_ = false;
    others_.wake_all();
  }

 private:
  bool& is_asking_;
  WaitList& others_;
};

}  // namespace

OAuthCredential::OAuthCredential(OAuthClient client, OAuthIo io)
    : client_(std::move(client)), io_(std::move(io)), asked_(*io_.runtime) {}

bool OAuthCredential::is_fresh() const {
  return token_ && io_.runtime->clock().monotonic() < token_->renew_at;
}

bool OAuthCredential::is_usable() const {
  return token_ && io_.runtime->clock().monotonic() < token_->ends_at;
}

Task<void> OAuthCredential::prepare() {
  while (!is_fresh()) {
    if (failure_ && io_.runtime->clock().monotonic() < failed_until_) {
      if (is_usable()) co_return Result<void>{};
      co_return std::unexpected(*failure_);
    }
    if (!is_asking_) {
      Result<void> asked = co_await ask();
      const bool can_go = !asked && asked.error().code != ErrorCode::cancelled && is_usable();
      if (can_go) co_return Result<void>{};
      co_return asked;
    }
    if (co_await asked_.wait() == Wake::cancelled)
      co_return fail(ErrorCode::cancelled, "stopped while waiting for a token");
  }
  co_return Result<void>{};
}

Task<void> OAuthCredential::ask() {
  const Turn turn(is_asking_, asked_);
  const Monotonic now = io_.runtime->clock().monotonic();
  Result<HttpReply> reply = co_await io_.send(token_call(client_));
  co_return keep(std::move(reply), now);
}

Result<void> OAuthCredential::keep(Result<HttpReply> reply, Monotonic asked) {
  if (!reply) return std::unexpected(note_failure(std::move(reply).error()));
  auto token = read_token_reply(*reply);
  if (!token) return std::unexpected(note_failure(std::move(token).error()));
  const Duration ahead = std::min(kRenewAhead, token->lifetime / 5);
  token_ = Held{.value = std::move(token->value),
                .renew_at = asked + (token->lifetime - ahead),
                .ends_at = asked + token->lifetime};
  ++generation_;
  failure_.reset();
  pause_ = Duration::zero();
  return {};
}

// A refusal stays one for a while; what may pass is tried again after a pause that grows.
Error OAuthCredential::note_failure(Error error) {
  SecretMask mask;
  add_secrets(mask);
  error = mask.masked(std::move(error));
  if (error.code == ErrorCode::cancelled) return error;
  const bool is_refusal = error.error_class() == ErrorClass::authentication;
  pause_ = is_refusal ? kPauseMax : std::clamp(pause_ * 2, kPauseMin, kPauseMax);
  const TimePoint now = io_.runtime->clock().now();
  if (error.retry_at && *error.retry_at > now)
    pause_ = std::min(std::max(pause_, *error.retry_at - now), kPauseMax);
  if (!is_refusal) error.retry_at = now + pause_;
  failed_until_ = io_.runtime->clock().monotonic() + pause_;
  failure_ = error;
  return error;
}

void OAuthCredential::put_into(HttpCall& call) const {
  if (!token_) return;
  std::erase_if(call.headers, [](const Header& header) {
    return equals_ignoring_case(header.name, "Authorization");
  });
  call.headers.push_back({"Authorization", "Bearer " + token_->value.reveal()});
}

void OAuthCredential::add_secrets(SecretMask& mask) const {
  mask.add(client_.client_secret);
  if (token_) mask.add(token_->value);
  for (const Header& header : token_call(client_).headers) mask.add({header}, {});
}

Task<void> OAuthCredential::renew(std::uint64_t seen) {
  if (seen == generation_) token_.reset();
  co_return co_await prepare();
}

}  // namespace vortex
