#include "vortex/engine/task_table.hpp"

#include <utility>

#include <fmt/format.h>

namespace vortex {

TaskEntry& TaskTable::add(TaskEntry entry) {
  const TaskId id = entry.status.id;
  return entries_.insert_or_assign(id, std::move(entry)).first->second;
}

TaskEntry* TaskTable::find(TaskId id) {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

const TaskEntry* TaskTable::find(TaskId id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

std::string TaskTable::bounded_result(std::string result, TaskStatus& status) const {
  if (result.size() <= limits_.result_bytes_max) return result;
  status.note = fmt::format("the result of {} bytes was not kept: at most {}", result.size(),
                            limits_.result_bytes_max);
  return {};
}

std::vector<TaskId> TaskTable::remember(TaskId id, std::string result) {
  TaskEntry& entry = entries_.at(id);
  entry.payload = {};
  entry.result = std::move(result);
  result_bytes_ += entry.result.size();
  ended_.push_back(id);
  std::vector<TaskId> forgotten;
  while (ended_.size() > 1 &&
         (ended_.size() > limits_.results_max || result_bytes_ > limits_.results_bytes_max)) {
    const auto oldest = entries_.find(ended_.front());
    result_bytes_ -= oldest->second.result.size();
    entries_.erase(oldest);
    forgotten.push_back(ended_.front());
    ended_.pop_front();
  }
  return forgotten;
}

TaskStatus ended_status(const TaskEntry& entry, const std::optional<Error>& error, TimePoint now) {
  TaskStatus status = entry.status;
  status.ended = now;
  status.stopping = false;
  status.error = error;
  if (!error) {
    status.state = TaskState::done;
    status.progress = 1;
    return status;
  }
  const bool stopped = error->code == ErrorCode::cancelled;
  if (stopped && entry.reason == StopReason::cancel) {
    status.state = TaskState::cancelled;
  } else if (stopped && entry.reason == StopReason::drain) {
    status.state = TaskState::interrupted;
  } else if (stopped && entry.reason == StopReason::deadline) {
    status.state = TaskState::expired;
    status.error =
        Error{.code = ErrorCode::deadline, .message = "stopped at its deadline: " + error->message};
  } else {
    status.state = error->code == ErrorCode::deadline ? TaskState::expired : TaskState::failed;
  }
  return status;
}

TaskStatus resumed_status(const TaskRow& row, int interruptions_max, TimePoint now) {
  TaskStatus status = to_status(row);
  if (is_final(status.state)) return status;
  if (status.state == TaskState::running) ++status.interruptions;  // and the process was gone
  status.progress = 0;
  status.progress_text.clear();
  status.error.reset();
  if (status.interruptions <= interruptions_max) {
    status.state = TaskState::waiting;
    return status;
  }
  status.state = TaskState::failed;
  status.ended = now;
  status.error = Error{
      .code = ErrorCode::internal,
      .message = fmt::format("it was running {} times when the process ended out of order (at "
                             "most {} times): it may be what ends it",
                             status.interruptions, interruptions_max)};
  return status;
}

}  // namespace vortex
