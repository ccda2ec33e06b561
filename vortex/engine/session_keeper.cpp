#include "vortex/engine/session_keeper.hpp"

#include <utility>

namespace vortex {
namespace {

// Refusals that asking again within seconds does not change.
bool says_no(ErrorClass kind) {
  return kind == ErrorClass::rate_limited || kind == ErrorClass::banned ||
         kind == ErrorClass::quota_exhausted || kind == ErrorClass::authentication ||
         kind == ErrorClass::authorization;
}

}  // namespace

SessionKeeper::SessionKeeper(Runtime& runtime, const SessionSteps* steps, Send send)
    : steps_(steps),
      send_(std::move(send)),
      clock_(runtime.clock()),
      turn_(runtime.io_executor(), 1) {}

void SessionKeeper::distrust(Error why) {
  distrusted_ = std::move(why);
  distrusted_until_ = clock_.monotonic() + kDistrustFor;
}

void SessionKeeper::apply_to(HttpCall& call) const {
  if (session_) steps_->apply(*session_, call);
}

Task<void> SessionKeeper::renewal_ended() {
  VORTEX_CO_TRY(auto turn, co_await turn_.take());
  co_return Result<void>{};
}

Task<void> SessionKeeper::renew(std::uint64_t seen_generation, LoginSecrets secrets) {
  VORTEX_CO_TRY(auto turn, co_await turn_.take());
  if (generation_ != seen_generation) co_return Result<void>{};
  if (distrusted_ && clock_.monotonic() < distrusted_until_)
    co_return std::unexpected(*distrusted_);
  is_renewing_ = true;
  Result<Session> session = co_await log_in(std::move(secrets));
  is_renewing_ = false;
  if (!session) {
    if (says_no(session.error().error_class())) distrust(session.error());
    co_return std::unexpected(std::move(session).error());
  }
  session_ = std::move(*session);
  ++generation_;
  co_return Result<void>{};
}

Task<Session> SessionKeeper::log_in(LoginSecrets secrets) {
  VORTEX_CO_TRY(auto given, steps_->given(secrets, clock_.now(), generation_ > 0));
  if (given) {
    given_ = generation_ + 1;
    co_return std::move(*given);
  }
  SessionSteps::State state;
  HttpCall call = steps_->begin(state, secrets.user_password);
  for (int step = 0; step < kStepsMax; ++step) {
    VORTEX_CO_TRY(HttpReply reply, co_await send_(std::move(call)));
    VORTEX_CO_TRY(auto next, steps_->on_reply(state, reply));
    if (auto* session = std::get_if<Session>(&next)) co_return std::move(*session);
    call = std::move(std::get<HttpCall>(next));
  }
  co_return fail(ErrorCode::session_refused, "the login did not end within ten steps");
}

}  // namespace vortex
