// Turns SIGINT and SIGTERM into a call on the I/O thread, so that a command can stop in order.
// Lives on the I/O thread; from its end on the signals have their usual effect again.
#pragma once

#include <functional>
#include <memory>

#include "vortex/runtime/runtime.hpp"

namespace vortex {

class SignalWatch {
 public:
  using Callback = std::function<void(int signal)>;  // must not throw

  SignalWatch(Runtime& runtime, Callback on_signal);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace vortex
