#include "vortex/engine/task_events.hpp"

#include <algorithm>
#include <chrono>

namespace vortex {
namespace {

Event task_event(EventType type, const TaskStatus& status, TimePoint time) {
  return {.time = time,
          .type = type,
          .provider = "tasks",
          .text = std::string_view(status.kind),
          .count = status.id};
}

// Never below zero: the clock of the wall may be set back meanwhile.
double seconds_between(TimePoint start, TimePoint end) {
  return std::max(0.0, std::chrono::duration<double>(end - start).count());
}

bool is_deferral(const TaskStatus& status) {
  if (!status.error) return false;
  const ErrorClass kind = status.error->error_class();
  return kind == ErrorClass::deferred || kind == ErrorClass::quota_exhausted;
}

std::optional<EventType> end_type(const TaskStatus& status) {
  switch (status.state) {
    case TaskState::done: return EventType::task_finished;
    case TaskState::failed:
      return is_deferral(status) ? EventType::task_deferred : EventType::task_failed;
    case TaskState::cancelled: return EventType::task_cancelled;
    case TaskState::expired: return EventType::task_expired;
    case TaskState::waiting:
    case TaskState::running:
    case TaskState::interrupted: break;
  }
  return std::nullopt;
}

}  // namespace

Event submitted_event(const TaskStatus& status, std::size_t queued) {
  Event event = task_event(EventType::task_submitted, status, status.submitted);
  event.of = static_cast<std::int64_t>(queued);
  return event;
}

Event started_event(const TaskStatus& status, std::size_t running) {
  const TimePoint started = status.started.value_or(status.submitted);
  Event event = task_event(EventType::task_started, status, started);
  event.of = static_cast<std::int64_t>(running);
  event.measure = seconds_between(status.submitted, started);
  return event;
}

std::optional<Event> ended_event(const TaskStatus& status) {
  const auto type = end_type(status);
  if (!type) return std::nullopt;
  const TimePoint ended = status.ended.value_or(status.submitted);
  Event event = task_event(*type, status, ended);
  if (status.error) event.code = status.error->code;
  switch (*type) {
    case EventType::task_expired:
      event.measure = seconds_between(status.deadline.value_or(ended), ended);
      break;
    case EventType::task_deferred:
      event.measure = seconds_between(ended, status.error->retry_at.value_or(ended));
      break;
    case EventType::task_cancelled:
      event.measure = seconds_between(status.started.value_or(ended), ended);
      break;
    default:
      event.of = status.attempts;
      event.measure = seconds_between(status.started.value_or(ended), ended);
      break;
  }
  return event;
}

}  // namespace vortex
