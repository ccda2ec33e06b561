// Waiting for a moment, on the I/O thread. Ends early with `cancelled` when the coroutine is
// cancelled, never early otherwise. In simulated time the clock leaps there.
#pragma once

#include "vortex/base/time.hpp"
#include "vortex/runtime/runtime.hpp"
#include "vortex/runtime/task.hpp"

namespace vortex {

Task<void> sleep_for(Runtime& runtime, Duration duration);  // zero or less: yields once
Task<void> sleep_until(Runtime& runtime, Monotonic moment);

}  // namespace vortex
