#include "vortex/engine/task_queue.hpp"

#include <cassert>
#include <iterator>

#include <fmt/format.h>

namespace vortex {

Result<void> TaskQueue::reserve(std::uint64_t bytes) {
  const std::size_t items = places_.size() + reserved_;
  if (items >= limits_.items_max) {
    return fail(ErrorCode::bulkhead_full,
                fmt::format("{} tasks wait, at most {} may", items, limits_.items_max));
  }
  if (bytes > limits_.bytes_max || bytes_ > limits_.bytes_max - bytes) {
    return fail(ErrorCode::bulkhead_full,
                fmt::format("{} tasks of {} bytes wait; {} bytes more would pass {}", items, bytes_,
                            bytes, limits_.bytes_max));
  }
  ++reserved_;
  bytes_ += bytes;
  return {};
}

void TaskQueue::give_back(std::uint64_t bytes) {
  assert(reserved_ > 0 && bytes <= bytes_);
  --reserved_;
  bytes_ -= bytes;
}

void TaskQueue::push(const QueuedTask& task) {
  give_back(task.bytes);
  restore(task);
}

void TaskQueue::restore(const QueuedTask& task) {
  assert(!places_.contains(task.id));
  Waiting& line = of(task.priority);
  places_[task.id] = line.insert(line.end(), task);
  if (task.deadline != Monotonic::max()) deadlines_.emplace(task.deadline, task.id);
  bytes_ += task.bytes;
}

QueuedTask TaskQueue::remove(Waiting::iterator place) {
  const QueuedTask task = *place;
  places_.erase(task.id);
  deadlines_.erase({task.deadline, task.id});
  bytes_ -= task.bytes;
  Waiting& line = of(task.priority);
  line.erase(place);
  // Who has nothing to wait for is not starved.
  if (line.empty()) passed_over_[static_cast<std::size_t>(task.priority)] = 0;
  return task;
}

std::optional<std::size_t> TaskQueue::next_class() const {
  std::optional<std::size_t> first;
  std::optional<std::size_t> starved;
  for (std::size_t i = 0; i < kTaskPriorities; ++i) {
    if (waiting_[i].empty()) continue;
    if (!first) first = i;
    if (passed_over_[i] < kTurnsMax - 1) continue;
    if (!starved || passed_over_[i] > passed_over_[*starved]) starved = i;
  }
  return starved ? starved : first;
}

void TaskQueue::count_turn(std::size_t served) {
  for (std::size_t i = 0; i < kTaskPriorities; ++i) {
    if (i == served) {
      passed_over_[i] = 0;
    } else if (!waiting_[i].empty()) {
      ++passed_over_[i];
    }
  }
}

TaskQueue::Turn TaskQueue::take(Monotonic now) {
  Turn turn{.expired = expire(now)};
  const auto served = next_class();
  if (!served) return turn;
  turn.next = remove(waiting_[*served].begin());
  count_turn(*served);
  return turn;
}

std::vector<QueuedTask> TaskQueue::expire(Monotonic now) {
  std::vector<QueuedTask> expired;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    expired.push_back(remove(places_.at(deadlines_.begin()->second)));
  }
  return expired;
}

bool TaskQueue::cancel(TaskId id) {
  const auto place = places_.find(id);
  if (place == places_.end()) return false;
  remove(place->second);
  return true;
}

Monotonic TaskQueue::next_deadline() const {
  return deadlines_.empty() ? Monotonic::max() : deadlines_.begin()->first;
}

}  // namespace vortex
