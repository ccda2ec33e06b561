#include "vortex/engine/drain_on_signal.hpp"

#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "vortex/runtime/runtime.hpp"
#include "vortex/runtime/signals.hpp"
#include "vortex/runtime/wait_list.hpp"

namespace vortex {
namespace {

boost::asio::awaitable<void> until_woken(WaitList* end, const bool* ended) {
  while (!*ended) co_await end->wait_regardless();
}

}  // namespace

// A loop of its own in a thread of its own: a drain blocks, and must not stop the engine's.
struct DrainOnSignal::Impl {
  Impl(const Clock& clock, TaskRunner& given_tasks, Duration given_grace, Then given_then)
      : tasks(given_tasks), grace(given_grace), then(std::move(given_then)), runtime(clock, 1) {}

  void finish(int with) {
    signal = with;
    ended = true;
    end.wake_all();
  }

  void watch() {
    runtime.run(until_woken(&end, &ended));
    if (signal != 0) then(signal, tasks.drain(grace));
  }

  TaskRunner& tasks;
  Duration grace;
  Then then;
  Runtime runtime;
  WaitList end{runtime};
  bool ended = false;
  int signal = 0;  // none: nobody asked
  SignalWatch signals{runtime, [this](int number) {
                        finish(number);
                      }};
  std::jthread thread{[this] {
    watch();
  }};  // last: it uses all of the above
};

DrainOnSignal::DrainOnSignal(const Clock& clock, TaskRunner& tasks, Duration grace, Then then)
    : impl_(std::make_unique<Impl>(clock, tasks, grace, std::move(then))) {}

DrainOnSignal::~DrainOnSignal() {
  boost::asio::post(impl_->runtime.io(), [impl = impl_.get()] {
    if (!impl->ended) impl->finish(0);
  });
  impl_->thread.join();
}

}  // namespace vortex
