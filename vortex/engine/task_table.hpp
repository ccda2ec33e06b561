// The tasks that a runner knows: those that wait or run, and the last that ended, bounded in number
// and bytes. Plain bookkeeping: no clock, no thread, no file. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "vortex/engine/task_record.hpp"

namespace vortex {

enum class StopReason : std::uint8_t { none, cancel, deadline, drain };

struct TaskEntry {
  TaskStatus status;
  std::string payload;      // while it waits
  std::uint64_t bytes = 0;  // its weight in the queue
  Monotonic deadline = Monotonic::max();
  std::string result;

  // While it runs:
  std::stop_source stop{std::nostopstate};
  StopReason reason = StopReason::none;
  Monotonic stop_asked;
  std::size_t worker = 0;
  bool abandoned = false;  // by drain: whatever it still does is not looked at
};

struct TaskTableLimits {
  std::size_t results_max = 1000;
  std::uint64_t results_bytes_max = 64ull << 20;
  std::uint64_t result_bytes_max = 8ull << 20;
};

class TaskTable {
 public:
  explicit TaskTable(TaskTableLimits limits = {}) : limits_(limits) {}

  TaskEntry& add(TaskEntry entry);
  TaskEntry* find(TaskId id);
  const TaskEntry* find(TaskId id) const;
  const std::map<TaskId, TaskEntry>& entries() const { return entries_; }
  std::size_t remembered() const { return ended_.size(); }
  std::uint64_t result_bytes() const { return result_bytes_; }

  // The result, or a note in the status that it is too large to be kept.
  std::string bounded_result(std::string result, TaskStatus& status) const;

  // The task is over and keeps `result`. Those that are forgotten for it, the oldest first, are
  // gone and returned; it itself stays.
  std::vector<TaskId> remember(TaskId id, std::string result);

 private:
  TaskTableLimits limits_;
  std::map<TaskId, TaskEntry> entries_;
  std::deque<TaskId> ended_;  // in the order in which they ended
  std::uint64_t result_bytes_ = 0;
};

// How a running task ends, given what its work returned and why it was asked to stop.
TaskStatus ended_status(const TaskEntry& entry, const std::optional<Error>& error, TimePoint now);

// What becomes of a task that an earlier process left behind: it waits again, stays ended, or fails
// because it was running too often when a process died.
TaskStatus resumed_status(const TaskRow& row, int interruptions_max, TimePoint now);

}  // namespace vortex
