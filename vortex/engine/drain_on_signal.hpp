// Ends a task runner in order when the process is asked to end: on SIGTERM or SIGINT it admits
// nothing more, gives running tasks their grace, keeps the rest for the next process, and tells
// what became of it. One a process, as signals are the process's. Thread-safe.
#pragma once

#include <functional>
#include <memory>

#include "vortex/engine/task_processor.hpp"

namespace vortex {

class DrainOnSignal {
 public:
  // Called once, on a thread of its own, after the drain. Where tasks were abandoned, the process
  // must end with std::_Exit: their threads still use what they were given.
  using Then = std::function<void(int signal, const DrainReport& report)>;

  // All given must outlive it.
  DrainOnSignal(const Clock& clock, TaskRunner& tasks, Duration grace, Then then);
  ~DrainOnSignal();  // watches no longer; waits for a drain that has begun
  DrainOnSignal(const DrainOnSignal&) = delete;
  DrainOnSignal& operator=(const DrainOnSignal&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vortex
