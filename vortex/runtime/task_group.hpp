// Owns coroutines: what is spawned here is stopped and joined here. Belongs to the I/O thread.
//
//   TaskGroup tasks(runtime, {.tasks_max = 64});
//   VORTEX_CO_TRY_VOID(tasks.spawn(serve(std::move(socket))));
//   …
//   tasks.stop();
//   co_await tasks.join();
#pragma once

#include <cstddef>
#include <memory>

#include <boost/asio/awaitable.hpp>

#include "vortex/base/error.hpp"
#include "vortex/runtime/runtime.hpp"
#include "vortex/runtime/task.hpp"

namespace vortex {

struct TaskGroupOptions {
  std::size_t tasks_max = 1024;
};

class TaskGroup {
 public:
  explicit TaskGroup(Runtime& runtime, TaskGroupOptions options = {});
  // A group is joined before it goes. One that is not (its owner unwinds after a bug) asks its
  // tasks to stop; whatever they refer to must outlive them.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts a task. Refused with `draining` after stop and with `bulkhead_full` at tasks_max; a
  // refused task never ran.
  Result<void> spawn(boost::asio::awaitable<void> task);

  // Waits until fewer than tasks_max tasks run: the way to spawn many through a small group. Fails
  // with `draining` after stop, with `cancelled` when the caller is cancelled.
  Task<void> wait_for_room();

  // Cancels every task (terminal) and refuses new ones. Returns at once.
  void stop();

  // Waits until every task has ended, also when the caller is cancelled meanwhile: then it stops
  // the group first. The first exception that left a task (a bug) is rethrown here.
  boost::asio::awaitable<void> join();

  std::size_t size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace vortex
