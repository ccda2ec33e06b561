#include "vortex/engine/task_record.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace vortex {
namespace {

constexpr std::array<std::string_view, kTaskPriorities> kPriorityNames = {"live", "update",
                                                                          "backfill"};
constexpr std::array<std::string_view, 7> kStateNames = {
    "waiting", "running", "done", "failed", "cancelled", "expired", "interrupted"};

template <class Enum, std::size_t N>
std::optional<Enum> parse_name(std::string_view text,
                               const std::array<std::string_view, N>& names) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

// A code of a newer Vortex is `internal` here; its message is kept.
ErrorCode known_code(std::int64_t number) {
  return parse_error_code(fmt::format("{}", number)).value_or(ErrorCode::internal);
}

}  // namespace

std::string_view to_string(TaskPriority priority) {
  return kPriorityNames[static_cast<std::size_t>(priority)];
}

std::string_view to_string(TaskState state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

std::optional<TaskPriority> parse_task_priority(std::string_view text) {
  return parse_name<TaskPriority>(text, kPriorityNames);
}

std::optional<TaskState> parse_task_state(std::string_view text) {
  return parse_name<TaskState>(text, kStateNames);
}

TaskRow to_row(const TaskStatus& status, std::string payload, std::uint64_t bytes,
               std::string result) {
  TaskRow row{.id = status.id,
              .kind = status.kind,
              .payload = std::move(payload),
              .priority = std::string(to_string(status.priority)),
              .bytes = static_cast<std::int64_t>(bytes),
              .deadline = status.deadline,
              .state = std::string(to_string(status.state)),
              .submitted = status.submitted,
              .started = status.started,
              .ended = status.ended,
              .attempts = status.attempts,
              .interruptions = status.interruptions,
              .result = std::move(result),
              .note = status.note};
  if (status.error) {
    row.error_code = std::to_underlying(status.error->code);
    row.error = status.error->message;
  }
  return row;
}

TaskStatus to_status(const TaskRow& row) {
  TaskStatus status{.id = row.id,
                    .kind = row.kind,
                    .submitted = row.submitted,
                    .deadline = row.deadline,
                    .started = row.started,
                    .ended = row.ended,
                    .attempts = row.attempts,
                    .interruptions = row.interruptions,
                    .note = row.note};
  if (row.error_code != 0) {
    status.error = Error{.code = known_code(row.error_code), .message = row.error};
  }
  const auto priority = parse_task_priority(row.priority);
  const auto state = parse_task_state(row.state);
  if (priority && state) {
    status.priority = *priority;
    status.state = *state;
    if (status.state == TaskState::done) status.progress = 1;
    return status;
  }
  status.state = TaskState::failed;
  status.error =
      Error{.code = ErrorCode::corrupt,
            .message = fmt::format("the task log says '{}' and '{}'", untrusted(row.priority, 40),
                                   untrusted(row.state, 40))};
  return status;
}

}  // namespace vortex
