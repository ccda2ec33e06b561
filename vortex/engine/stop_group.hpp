// A group of coroutines that ends when somebody outside asks for it.
#pragma once

#include <memory>
#include <stop_token>

#include <boost/asio/post.hpp>

#include "vortex/runtime/task_group.hpp"

namespace vortex {

// While the result lives: a request to stop, from whatever thread, stops the group on its own.
inline auto stop_group_on(std::stop_token stop, Runtime& runtime,
                          const std::shared_ptr<TaskGroup>& group) {
  return std::stop_callback(std::move(stop), [&runtime, weak = std::weak_ptr(group)] {
    boost::asio::post(runtime.io_executor(), [weak] {
      if (const auto alive = weak.lock()) alive->stop();
    });
  });
}

}  // namespace vortex
