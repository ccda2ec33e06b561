#include "apps/cli/sim_host.hpp"

#include <future>
#include <thread>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "vortex/runtime/runtime.hpp"

namespace vortex::cli {

namespace asio = boost::asio;

struct SimHost::Impl {
  explicit Impl(const Clock& clock)
      : runtime(clock, 1), end(runtime.io(), asio::steady_timer::time_point::max()) {}

  Runtime runtime;
  asio::steady_timer end;  // never expires; cancelling it ends the thread's coroutine
  std::string addresses;
  std::string yahoo;
  std::thread thread;

  // Lives on the simulator's thread from start to end.
  asio::awaitable<void> serve(SimulatorOptions options, std::promise<Result<void>>* started) {
    auto simulator = Simulator::start(runtime, options);
    if (!simulator) {
      started->set_value(std::unexpected(std::move(simulator).error()));
      co_return;
    }
    addresses = (*simulator)->addresses_json();
    yahoo = (*simulator)->address_of("yahoo");
    started->set_value({});
    (void)co_await end.async_wait(asio::as_tuple(asio::use_awaitable));
    co_await (*simulator)->stop();
  }
};

SimHost::SimHost(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SimHost::~SimHost() {
  asio::post(impl_->runtime.io(), [&timer = impl_->end] { timer.cancel(); });
  impl_->thread.join();
}

Result<std::unique_ptr<SimHost>> SimHost::start(const Clock& clock, SimulatorOptions options) {
  auto impl = std::make_unique<Impl>(clock);
  std::promise<Result<void>> started;
  auto outcome = started.get_future();
  Impl* self = impl.get();
  impl->thread = std::thread([self, &started, given = std::move(options)]() mutable {
    self->runtime.run(self->serve(std::move(given), &started));
  });
  Result<void> result = outcome.get();
  std::unique_ptr<SimHost> host(new SimHost(std::move(impl)));
  if (!result) return std::unexpected(std::move(result).error());
  return host;
}

const std::string& SimHost::addresses_json() const {
  return impl_->addresses;
}

const std::string& SimHost::yahoo_address() const {
  return impl_->yahoo;
}

}  // namespace vortex::cli
