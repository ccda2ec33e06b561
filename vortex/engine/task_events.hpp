// What the bus is told of a task: accepted, begun, ended. Stands under the name "tasks"
// (provider.tasks.task.finished), with the task's id as the count and its kind as the text. Pure.
#pragma once

#include <cstddef>
#include <optional>

#include "vortex/engine/task_record.hpp"
#include "vortex/telemetry/event.hpp"

namespace vortex {

Event submitted_event(const TaskStatus& status, std::size_t queued);
Event started_event(const TaskStatus& status, std::size_t running);

// Of a task that ended: by its state, and for a failed one by the class of its error, as one that
// only waits for its allowance is `task.deferred`. Nothing for one that will go on.
std::optional<Event> ended_event(const TaskStatus& status);

}  // namespace vortex
