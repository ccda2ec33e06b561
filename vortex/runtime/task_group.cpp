#include "vortex/runtime/task_group.hpp"

#include <exception>
#include <list>
#include <utility>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include "vortex/runtime/wait_list.hpp"

namespace vortex {
namespace asio = boost::asio;

using Signal = std::shared_ptr<asio::cancellation_signal>;

// Shared with the completion handlers, so that a task that ends late still finds it.
struct TaskGroup::State {
  State(Runtime& given_runtime, TaskGroupOptions given_options)
      : runtime(given_runtime), options(given_options), changed(given_runtime) {}

  void ended(std::list<Signal>::iterator task, std::exception_ptr thrown) {
    tasks.erase(task);
    if (thrown && !bug) bug = std::move(thrown);
    changed.wake_all();
  }

  Runtime& runtime;
  TaskGroupOptions options;
  std::list<Signal> tasks;
  WaitList changed;  // a task ended, or the group was stopped
  std::exception_ptr bug;
  bool stopped = false;
};

namespace {

// By default a co_await after cancellation throws. A task here sees cancellation as an error value
// of the operation it waits for, also when it is cancelled before its first step.
asio::awaitable<void> run_task(asio::awaitable<void> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(task);
}

}  // namespace

TaskGroup::TaskGroup(Runtime& runtime, TaskGroupOptions options)
    : state_(std::make_shared<State>(runtime, options)) {}

TaskGroup::~TaskGroup() {
  stop();
}

Result<void> TaskGroup::spawn(asio::awaitable<void> task) {
  if (state_->stopped) return fail(ErrorCode::draining, "the task group is stopping");
  if (size() >= state_->options.tasks_max) {
    return fail(ErrorCode::bulkhead_full, "the task group is full");
  }
  auto signal = std::make_shared<asio::cancellation_signal>();
  const auto place = state_->tasks.insert(state_->tasks.end(), signal);
  asio::co_spawn(state_->runtime.io(), run_task(std::move(task)),
                 asio::bind_cancellation_slot(signal->slot(),
                                              [state = state_, place](std::exception_ptr thrown) {
                                                state->ended(place, std::move(thrown));
                                              }));
  return {};
}

Task<void> TaskGroup::wait_for_room() {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto state = state_;
  while (!state->stopped && state->tasks.size() >= state->options.tasks_max) {
    if (co_await state->changed.wait() == Wake::cancelled) {
      co_return fail(ErrorCode::cancelled, "cancelled while waiting for a free task");
    }
  }
  if (state->stopped) co_return fail(ErrorCode::draining, "the task group is stopping");
  co_return Result<void>{};
}

void TaskGroup::stop() {
  state_->stopped = true;
  const std::vector<Signal> running(state_->tasks.begin(), state_->tasks.end());
  for (const auto& signal : running) signal->emit(asio::cancellation_type::terminal);
  state_->changed.wake_all();
}

asio::awaitable<void> TaskGroup::join() {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto state = state_;
  while (!state->tasks.empty() && co_await state->changed.wait() != Wake::cancelled) {
  }
  if (!state->tasks.empty() && !state->stopped) stop();
  while (!state->tasks.empty()) co_await state->changed.wait_regardless();
  if (auto bug = std::exchange(state->bug, nullptr)) std::rethrow_exception(bug);
}

std::size_t TaskGroup::size() const {
  return state_->tasks.size();
}

}  // namespace vortex
