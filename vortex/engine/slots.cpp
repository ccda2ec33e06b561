#include "vortex/engine/slots.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "vortex/runtime/cancelled.hpp"

namespace vortex {

boost::asio::awaitable<Result<Slots::Slot>> Slots::take() {
  if (co_await is_cancelled())
    co_return fail(ErrorCode::cancelled, "stopped before waiting for a free place");
  auto done = co_await places_.async_send(boost::system::error_code{},
                                          boost::asio::as_tuple(boost::asio::use_awaitable));
  if (std::get<0>(done))
    co_return fail(ErrorCode::cancelled, "stopped while waiting for a free place");
  co_return Slot(this);
}

std::optional<Slots::Slot> Slots::try_take() {
  if (!places_.try_send(boost::system::error_code{})) return std::nullopt;
  return Slot(this);
}

void Slots::give_back() {
  places_.try_receive([](boost::system::error_code) {});
}

}  // namespace vortex
