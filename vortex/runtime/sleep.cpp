#include "vortex/runtime/sleep.hpp"

#include <algorithm>

#include "vortex/runtime/cancelled.hpp"
#include "vortex/runtime/waiter.hpp"

namespace vortex {

namespace {

// A timer's expiry must stay within the clock's range: what is further away is "never".
constexpr auto kSleepMax = std::chrono::hours(24 * 365);

Task<void> wait_for(Runtime* runtime, Duration duration) {
  if (co_await is_cancelled()) co_return fail(ErrorCode::cancelled, "cancelled before waiting");
  const auto left = std::clamp<std::chrono::nanoseconds>(duration, std::chrono::nanoseconds(0),
                                                         std::chrono::nanoseconds(kSleepMax));
  const Monotonic due = runtime->clock().monotonic() + left;
  if (co_await wait_in(*runtime, {.until = due}) == Wake::cancelled) {
    co_return fail(ErrorCode::cancelled, "cancelled while waiting");
  }
  co_return Result<void>{};
}

}  // namespace

Task<void> sleep_for(Runtime& runtime, Duration duration) {
  return wait_for(&runtime, duration);
}

Task<void> sleep_until(Runtime& runtime, Monotonic moment) {
  const Monotonic now = runtime.clock().monotonic();
  const auto left = moment <= now              ? Duration::zero()
                    : moment - now > kSleepMax ? Duration(kSleepMax)
                                               : std::chrono::ceil<Duration>(moment - now);
  return sleep_for(runtime, left);
}

}  // namespace vortex
