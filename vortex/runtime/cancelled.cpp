#include "vortex/runtime/cancelled.hpp"

#include <boost/asio/this_coro.hpp>

namespace vortex {
namespace asio = boost::asio;

asio::awaitable<bool> is_cancelled() {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace vortex
