// Takes a lock that is held for tens of nanoseconds at a time. Sleeping in the kernel costs
// microseconds, so it first tries a while; whoever holds it may have been interrupted, so it does
// not try for ever.
#pragma once

#include <mutex>

namespace vortex {

inline void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

inline std::unique_lock<std::mutex> lock_soon(std::mutex& mutex) {
  constexpr int kTriesMax = 50;
  for (int i = 0; i < kTriesMax; ++i) {
    std::unique_lock lock(mutex, std::try_to_lock);
    if (lock.owns_lock()) return lock;
    pause_briefly();
  }
  return std::unique_lock(mutex);
}

}  // namespace vortex
