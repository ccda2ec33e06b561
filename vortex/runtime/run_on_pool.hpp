// Sends a plain function to the CPU pool and continues on the caller's executor with its result. In
// simulated time the function runs at once, on the only thread there is.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "vortex/runtime/runtime.hpp"

namespace vortex {

// A job of the pool, seen without its types; `run` never throws.
class PoolJob {
 public:
  PoolJob() = default;
  PoolJob(const PoolJob&) = delete;
  PoolJob& operator=(const PoolJob&) = delete;
  virtual void run() noexcept = 0;

 protected:
  ~PoolJob() = default;
};

// Ends when the job has run, on the caller's executor. Cancellation does not reach it: a job whose
// waiting coroutine went away would write into freed memory. The job stays owned by the caller.
boost::asio::awaitable<void> run_pool_job(Runtime* runtime, PoolJob* job);

template <class F>
class PoolCall final : public PoolJob {
 public:
  using Value = std::invoke_result_t<F&>;

  explicit PoolCall(F function) : function_(std::move(function)) {}

  void run() noexcept override {
    try {
      if constexpr (std::is_void_v<Value>) {
        function_();
      } else {
        value_.emplace(function_());
      }
    } catch (...) {
      bug_ = std::current_exception();
    }
  }

  Value take() {
    if (bug_) std::rethrow_exception(bug_);
    if constexpr (!std::is_void_v<Value>) return std::move(*value_);
  }

 private:
  struct Nothing {};
  F function_;
  std::optional<std::conditional_t<std::is_void_v<Value>, Nothing, Value>> value_{};
  std::exception_ptr bug_;
};

template <class F>
boost::asio::awaitable<std::invoke_result_t<F&>> run_pool_call(Runtime* runtime, F function) {
  PoolCall<F> call(std::move(function));
  co_await run_pool_job(runtime, &call);
  co_return call.take();
}

// Runs `function` on the pool; its result (often a Result<T>) comes back by move. An exception
// inside it is a bug and is rethrown here. The function owns what it needs: it is given by value,
// and it always runs to its end, also when the caller is cancelled meanwhile.
template <class F>
boost::asio::awaitable<std::invoke_result_t<F&>> run_on_pool(Runtime& runtime, F function) {
  return run_pool_call(&runtime, std::move(function));
}

}  // namespace vortex
