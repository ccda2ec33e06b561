// Whether the coroutine that asks was cancelled. An operation of Asio that starts after the
// cancellation was signalled never hears of it, so whatever is about to wait asks this first.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace vortex {

// Also turns cancellation from an exception into a value, for all later waits of the calling task.
boost::asio::awaitable<bool> is_cancelled();

}  // namespace vortex
