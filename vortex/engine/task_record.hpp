// What is known of a task: what was asked, how far it is, how it ended; and the same as a row of
// the task log. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"
#include "vortex/engine/task_queue.hpp"
#include "vortex/store/task_log.hpp"

namespace vortex {

enum class TaskState : std::uint8_t {
  waiting,
  running,
  done,
  failed,
  cancelled,    // by the one who submitted it
  expired,      // its deadline came first
  interrupted,  // by the end of the process; the next one goes on with it
};

std::string_view to_string(TaskPriority priority);
std::string_view to_string(TaskState state);
std::optional<TaskPriority> parse_task_priority(std::string_view text);
std::optional<TaskState> parse_task_state(std::string_view text);

// Will it stay so, whatever comes?
inline bool is_final(TaskState state) {
  return state == TaskState::done || state == TaskState::failed || state == TaskState::cancelled ||
         state == TaskState::expired;
}

struct TaskRequest {
  std::string kind;     // "sync"
  std::string payload;  // what to do, in the kind's own form
  TaskPriority priority = TaskPriority::update;
  std::optional<TimePoint> deadline;  // neither started nor left running from then on
  std::uint64_t size_bytes = 0;       // what it weighs while it waits, if more than its text
};

struct TaskStatus {
  TaskId id = 0;
  std::string kind;
  TaskPriority priority = TaskPriority::update;
  TaskState state = TaskState::waiting;
  double progress = 0;  // 0…1
  std::string progress_text;
  TimePoint submitted;
  std::optional<TimePoint> deadline;
  std::optional<TimePoint> started;  // of the last attempt
  std::optional<TimePoint> ended;
  std::int64_t attempts = 0;
  std::int64_t interruptions = 0;  // attempts that ended with the process, not in order
  bool stopping = false;           // asked to stop, still running
  bool unresponsive = false;       // … and did not within the grace time
  std::optional<Error> error;
  std::string note;  // "the result of 9000000 bytes was not kept: …"
};

struct TaskResult {
  TaskStatus status;
  std::string text;  // what the work returned, also beside an error
};

// A task's lines for the log: `bytes` is its weight in the queue.
TaskRow to_row(const TaskStatus& status, std::string payload, std::uint64_t bytes,
               std::string result);

// The status a row tells, as it was written. A word that this Vortex does not know makes the task
// `failed`, with the reason.
TaskStatus to_status(const TaskRow& row);

}  // namespace vortex
