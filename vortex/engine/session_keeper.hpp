// Keeps one login of one provider: renewed by one caller while the others wait for it. Belongs to
// the I/O thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>

#include "vortex/engine/slots.hpp"
#include "vortex/provider/adapter.hpp"
#include "vortex/runtime/runtime.hpp"
#include "vortex/runtime/task.hpp"
#include "vortex/secrets/secret_mask.hpp"

namespace vortex {

class SessionKeeper {
 public:
  // Sends one guarded call; every step of a login goes through it.
  using Send = std::function<Task<HttpReply>(HttpCall)>;

  // `steps` may be null: the provider has no login.
  SessionKeeper(Runtime& runtime, const SessionSteps* steps, Send send);

  bool can_renew() const { return steps_ != nullptr; }
  std::uint64_t generation() const { return generation_; }  // rises with every new session
  void apply_to(HttpCall& call) const;                      // nothing before the first renewal

  // What a call that goes now must not see again in an answer; nothing before the first renewal.
  void add_secrets(SecretMask& mask) const {
    if (session_) mask.add(session_->headers, session_->params);
  }

  // A call with that session was answered. One that was refused from its first call on is no
  // session.
  void prove(std::uint64_t generation) { proven_ = std::max(proven_, generation); }
  // One that was given and not made is worth a login.
  bool is_unproven(std::uint64_t generation) const {
    return generation > proven_ && generation != given_;
  }

  // While somebody logs in, calls without the new session would be refused: they wait, and hold no
  // place meanwhile that the login needs.
  bool is_renewing() const { return is_renewing_; }
  Task<void> renewal_ended();

  // The provider refuses what it gave: no login for a while, and this error instead.
  void distrust(Error why);

  // Logs in anew, unless somebody did so since `seen_generation`. Where the provider says no to a
  // login, those who come within kDistrustFor are told the same.
  Task<void> renew(std::uint64_t seen_generation, LoginSecrets secrets);

 private:
  static constexpr int kStepsMax = 10;
  static constexpr Duration kDistrustFor = std::chrono::seconds(60);
  Task<Session> log_in(LoginSecrets secrets);

  const SessionSteps* steps_;
  Send send_;
  const Clock& clock_;
  Slots turn_;
  std::optional<Error> distrusted_;
  Monotonic distrusted_until_;
  bool is_renewing_ = false;
  std::optional<Session> session_;
  std::uint64_t generation_ = 0;
  std::uint64_t proven_ = 0;  // the newest one that served
  std::uint64_t given_ = 0;   // the one that needed no login
};

}  // namespace vortex
