// The coroutine type of everything that waits. A Task is lazy and is awaited exactly once, by its
// owner.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "vortex/base/error.hpp"

namespace vortex {

template <class T>
using Task = boost::asio::awaitable<Result<T>>;

}  // namespace vortex
