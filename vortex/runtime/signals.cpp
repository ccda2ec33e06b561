#include "vortex/runtime/signals.hpp"

#include <csignal>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

namespace vortex {

struct SignalWatch::Impl : std::enable_shared_from_this<Impl> {
  Impl(Runtime& runtime, Callback callback)
      : signals(runtime.io(), SIGINT, SIGTERM), on_signal(std::move(callback)) {}

  void wait() {
    signals.async_wait([self = weak_from_this()](boost::system::error_code error, int signal) {
      const auto watch = self.lock();
      if (error || !watch) return;
      watch->on_signal(signal);
      watch->wait();
    });
  }

  boost::asio::signal_set signals;
  Callback on_signal;
};

SignalWatch::SignalWatch(Runtime& runtime, Callback on_signal)
    : impl_(std::make_shared<Impl>(runtime, std::move(on_signal))) {
  impl_->wait();
}

SignalWatch::~SignalWatch() = default;

}  // namespace vortex
