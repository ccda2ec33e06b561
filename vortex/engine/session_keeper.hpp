// Keeps one login of one provider: renewed by one caller while the others wait for it. Belongs to
// the I/O thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "vortex/engine/slots.hpp"
#include "vortex/provider/adapter.hpp"
#include "vortex/runtime/runtime.hpp"
#include "vortex/runtime/task.hpp"

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

  // The provider refuses what it gave, or gives nothing: no login until then, and this error
  // instead.
  void distrust(Error why, Monotonic until);

  // Logs in anew, unless somebody did so since `seen_generation`.
  Task<void> renew(std::uint64_t seen_generation, SecretString credential);

 private:
  static constexpr int kStepsMax = 10;
  Task<Session> log_in(SecretString credential);

  const SessionSteps* steps_;
  Send send_;
  const Clock& clock_;
  Slots turn_;
  std::optional<Error> distrusted_;
  Monotonic distrusted_until_;
  std::optional<Session> session_;
  std::uint64_t generation_ = 0;
};

}  // namespace vortex
