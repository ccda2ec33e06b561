// A piece of a large commit's own work, done on another thread while this one goes on. Only work
// without I/O, randomness or time: which call of the file interface is the n-th stays the same in
// each run, and simulated time stays one thread's. What `work` refers to must outlive the future
// and rest meanwhile; the future waits for its thread when it goes.
#pragma once

#include <cstddef>
#include <future>
#include <system_error>
#include <type_traits>
#include <utility>

#include "vortex/base/log.hpp"

namespace vortex {

// Series of a commit for which a thread pays: starting one takes as long as ten series.
inline constexpr std::size_t kSeriesAloneMax = 1000;

// Otherwise, and where no thread is to be had, the work is done when it is asked for.
template <class Work>
std::future<std::invoke_result_t<Work&>> beside(bool pays, Work work) {
  if (pays) {
    try {
      return std::async(std::launch::async, work);
    } catch (const std::system_error& error) {
      log::debug("done in turn, not beside: {}", error.what());
    }
  }
  return std::async(std::launch::deferred, std::move(work));
}

}  // namespace vortex
