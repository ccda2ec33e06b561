// What the threads of a TaskRunner do: work, watch the time, end.

#include <algorithm>
#include <cmath>
#include <exception>
#include <system_error>

#include <fmt/format.h>

#include "vortex/base/log.hpp"
#include "vortex/engine/task_processor_impl.hpp"

namespace vortex {
namespace {

constexpr std::size_t kProgressTextMax = 300;
constexpr std::int64_t kStopQuarter = 4;  // of the grace time, the last one, is for stopping

}  // namespace

Result<void> TaskRunner::State::start_threads(const std::shared_ptr<State>& self) {
  const auto wanted = static_cast<std::size_t>(std::max(1, options.limits.workers));
  try {
    timekeeper = std::thread([self] { self->keep_time(); });
    workers.reserve(wanted);
    while (workers.size() < wanted) {
      workers.emplace_back([self, worker = workers.size()] { self->work_loop(worker); });
    }
  } catch (const std::system_error& refused) {
    if (workers.empty()) {
      return fail(ErrorCode::local_resource,
                  fmt::format("no thread for tasks: {}", untrusted(refused.what())));
    }
    log::warning("tasks: {} of {} worker threads could be made: {}", workers.size(), wanted,
                 refused.what());
  }
  return {};
}

void TaskRunner::State::work_loop(std::size_t worker) {
  while (auto start = next(worker)) {
    const TaskId id = start->status.id;
    // A start that could not be written down is not counted after a crash; the work is done all the
    // same.
    (void)write(start->changes);
    tell(start->changes.events);
    finish(id, perform(*start, worker));
  }
}

std::optional<TaskRunner::State::Start> TaskRunner::State::next(std::size_t worker) {
  std::unique_lock lock(mutex);
  while (true) {
    work_ready.wait(lock, [this] { return draining || !queue.empty(); });
    if (draining) return std::nullopt;
    const auto turn = queue.take(clock.monotonic());
    Changes changes;
    for (const QueuedTask& task : turn.expired) {
      end_waiting(task.id, TaskState::expired,
                  {.code = ErrorCode::deadline, .message = "its deadline came before its turn"},
                  changes);
    }
    if (!turn.expired.empty()) changed.notify_all();
    if (turn.next) {
      Start start = begin(turn.next->id, worker);
      changes.rows.insert(changes.rows.end(), std::move_iterator(start.changes.rows.begin()),
                          std::move_iterator(start.changes.rows.end()));
      changes.events.push_back(started_event(start.status, running.size()));
      start.changes = std::move(changes);
      return start;
    }
    lock.unlock();
    (void)write(changes);
    tell(changes.events);
    lock.lock();
  }
}

TaskRunner::State::Start TaskRunner::State::begin(TaskId id, std::size_t worker) {
  TaskEntry& entry = *table.find(id);
  entry.status.state = TaskState::running;
  entry.status.started = clock.now();
  entry.status.ended.reset();
  ++entry.status.attempts;
  entry.stop = std::stop_source();
  entry.worker = worker;
  running.insert(id);
  if (entry.deadline != Monotonic::max()) {
    stirred = true;
    time_stirred.notify_one();
  }
  Start start{
      .status = entry.status, .payload = std::move(entry.payload), .stop = entry.stop.get_token()};
  start.changes.rows.push_back(to_row(entry.status, {}, entry.bytes, {}));
  return start;
}

TaskOutcome TaskRunner::State::perform(const Start& start, std::size_t worker) {
  if (start.stop.stop_requested()) {
    return {.error = Error{.code = ErrorCode::cancelled, .message = "stopped before it began"}};
  }
  const TaskId id = start.status.id;
  try {
    const TaskContext context(
        start.status, start.payload, worker, start.stop,
        [this, id](double share, std::string_view text) { report(id, share, text); });
    return work.run(context);
  } catch (const std::exception& thrown) {
    return {.error = Error{.code = ErrorCode::internal,
                           .message = "the work threw: " + untrusted(thrown.what())}};
  } catch (...) {
    return {.error = Error{.code = ErrorCode::internal, .message = "the work threw"}};
  }
}

void TaskRunner::State::report(TaskId id, double share, std::string_view text) {
  std::string line = untrusted(text, kProgressTextMax);
  const std::lock_guard lock(mutex);
  TaskEntry* entry = table.find(id);
  if (entry == nullptr || entry->abandoned || entry->status.state != TaskState::running) return;
  if (std::isfinite(share)) entry->status.progress = std::clamp(share, 0.0, 1.0);
  entry->status.progress_text = std::move(line);
}

// Its end is visible once it is written down.
void TaskRunner::State::finish(TaskId id, TaskOutcome outcome) {
  TaskStatus status;
  Changes changes;
  {
    const std::lock_guard lock(mutex);
    TaskEntry* entry = table.find(id);
    if (entry == nullptr || entry->abandoned) return;
    running.erase(id);
    ++ending;
    status = ended_status(*entry, outcome.error, clock.now());
    if (is_final(status.state)) {
      outcome.text = table.bounded_result(std::move(outcome.text), status);
      changes.rows.push_back(to_row(status, {}, entry->bytes, outcome.text));
      changes.forgotten = table.remember(id, std::move(outcome.text));
      counts.forgotten += changes.forgotten.size();
    } else {
      changes.rows.push_back(to_row(status, {}, entry->bytes, {}));
    }
  }
  if (auto written = write(changes); !written) {
    status.note += status.note.empty() ? "" : "; ";
    status.note += "its end could not be written down: a restart would run it again";
  }
  if (const auto ended = ended_event(status)) changes.events.push_back(*ended);
  {
    const std::lock_guard lock(mutex);
    --ending;
    count_end(status.state);
    if (TaskEntry* entry = table.find(id)) {
      status.progress_text = std::move(entry->status.progress_text);
      status.unresponsive = entry->status.unresponsive;
      entry->status = std::move(status);
    }
    changed.notify_all();
  }
  tell(changes.events);
}

void TaskRunner::State::end_waiting(TaskId id, TaskState state, Error error, Changes& changes) {
  TaskEntry& entry = *table.find(id);
  entry.status.state = state;
  entry.status.ended = clock.now();
  entry.status.error = std::move(error);
  changes.rows.push_back(to_row(entry.status, {}, entry.bytes, {}));
  if (const auto ended = ended_event(entry.status)) changes.events.push_back(*ended);
  const auto forgotten = table.remember(id, {});
  changes.forgotten.insert(changes.forgotten.end(), forgotten.begin(), forgotten.end());
  counts.forgotten += forgotten.size();
  count_end(state);
}

void TaskRunner::State::count_end(TaskState state) {
  switch (state) {
    case TaskState::done: ++counts.done; break;
    case TaskState::failed: ++counts.failed; break;
    case TaskState::cancelled: ++counts.cancelled; break;
    case TaskState::expired: ++counts.expired; break;
    case TaskState::interrupted: ++counts.interrupted; break;
    case TaskState::waiting:
    case TaskState::running: break;
  }
}

void TaskRunner::State::tell(std::span<const Event> events) const {
  if (options.events == nullptr) return;
  for (const Event& event : events) options.events->publish(event);
}

void TaskRunner::State::tell_submitted(const TaskStatus& status) const {
  if (options.events == nullptr) return;
  std::size_t queued = 1;
  {
    const std::lock_guard lock(mutex);
    queued += queue.items();
  }
  options.events->publish(submitted_event(status, queued));
}

Result<void> TaskRunner::State::write(const Changes& changes) {
  if (changes.rows.empty() && changes.forgotten.empty()) return {};
  const std::lock_guard lock(log_mutex);
  if (!log) return fail(ErrorCode::draining, "the task log is closed");
  auto written = log->update(changes.rows, changes.forgotten);
  if (!written) {
    ++log_failures;
    log::error("tasks: {} changes were not written down: {}", changes.rows.size(),
               written.error().message);
  }
  return written;
}

Result<std::int64_t> TaskRunner::State::write_new(const TaskRow& row) {
  const std::lock_guard lock(log_mutex);
  if (!log) return fail(ErrorCode::draining, "no more tasks are taken: shutting down");
  return log->add(row);
}

void TaskRunner::State::keep_time() {
  std::unique_lock lock(mutex);
  while (!draining) {
    stirred = false;
    const bool sooner =
        wait_until(lock, time_stirred, next_moment(), [this] { return draining || stirred; });
    if (sooner) continue;
    lock.unlock();
    tick();
    lock.lock();
  }
}

Monotonic TaskRunner::State::next_moment() const {
  Monotonic next = queue.next_deadline();
  for (const TaskId id : running) {
    const TaskEntry& entry = *table.find(id);
    if (!entry.status.stopping) {
      next = std::min(next, entry.deadline);
    } else if (!entry.status.unresponsive) {
      next = std::min(next, moment_after(entry.stop_asked, options.limits.grace));
    }
  }
  return next;
}

void TaskRunner::State::tick() {
  Changes changes;
  std::vector<std::stop_source> stops;
  std::vector<std::pair<TaskId, std::string>> unresponsive;
  {
    const std::lock_guard lock(mutex);
    if (draining) {
      changed.notify_all();  // drain itself looks at the time
      return;
    }
    const Monotonic now = clock.monotonic();
    for (const QueuedTask& task : queue.expire(now)) {
      end_waiting(task.id, TaskState::expired,
                  {.code = ErrorCode::deadline, .message = "its deadline came before its turn"},
                  changes);
    }
    for (const TaskId id : running) {
      TaskEntry& entry = *table.find(id);
      TaskStatus& status = entry.status;
      if (!status.stopping && entry.deadline <= now) {
        entry.reason = StopReason::deadline;
        entry.stop_asked = now;
        status.stopping = true;
        stops.push_back(entry.stop);
      }
      if (!status.stopping || status.unresponsive) continue;
      if (now < moment_after(entry.stop_asked, options.limits.grace)) continue;
      status.unresponsive = true;
      ++counts.unresponsive;
      unresponsive.emplace_back(id, status.kind);
    }
    changed.notify_all();
  }
  for (std::stop_source& stop : stops) stop.request_stop();
  (void)write(changes);
  tell(changes.events);
  for (const auto& [id, kind] : unresponsive) {
    log::warning("task {} ({}) was asked to stop and does not: it keeps its thread", id, kind);
  }
}

std::vector<std::stop_source> TaskRunner::State::ask_running(StopReason reason) {
  std::vector<std::stop_source> stops;
  for (const TaskId id : running) {
    TaskEntry& entry = *table.find(id);
    if (entry.status.stopping) continue;
    entry.reason = reason;
    entry.stop_asked = clock.monotonic();
    entry.status.stopping = true;
    stops.push_back(entry.stop);
  }
  return stops;
}

DrainReport TaskRunner::State::drain(Duration grace) {
  std::unique_lock lock(mutex);
  if (draining) {
    changed.wait(lock, [this] { return drained; });
    return drain_report;
  }
  draining = true;
  work_ready.notify_all();
  time_stirred.notify_all();
  const Monotonic start = clock.monotonic();
  const auto idle = [this] {
    return running.empty();
  };
  if (!wait_until(lock, changed, moment_after(start, grace - grace / kStopQuarter), idle)) {
    auto stops = ask_running(StopReason::drain);
    lock.unlock();
    for (std::stop_source& stop : stops) stop.request_stop();
    lock.lock();
    wait_until(lock, changed, moment_after(start, grace), idle);
  }
  lock.unlock();

  DrainReport report;
  const Changes changes = abandon(report);
  (void)write(changes);
  join_threads(report);
  {
    const std::lock_guard log_lock(log_mutex);
    log.reset();
  }
  lock.lock();
  for (const auto& [id, entry] : table.entries()) {
    if (entry.status.state == TaskState::interrupted && !entry.abandoned) {
      report.interrupted.push_back(id);
    }
  }
  drain_report = report;
  drained = true;
  changed.notify_all();
  return report;
}

TaskRunner::State::Changes TaskRunner::State::abandon(DrainReport& report) {
  Changes changes;
  const std::lock_guard lock(mutex);
  for (const TaskId id : running) {
    TaskEntry& entry = *table.find(id);
    entry.abandoned = true;
    entry.status.unresponsive = true;
    entry.status.state = TaskState::interrupted;
    ++entry.status.interruptions;
    ++counts.unresponsive;
    count_end(TaskState::interrupted);
    changes.rows.push_back(to_row(entry.status, {}, entry.bytes, {}));
    report.abandoned.push_back(id);
    log::warning("task {} ({}) did not stop and is abandoned; it runs again at the next start", id,
                 entry.status.kind);
  }
  for (const TaskId id : report.abandoned) running.erase(id);
  report.waiting = queue.items();
  return changes;
}

void TaskRunner::State::join_threads(const DrainReport& report) {
  std::set<std::size_t> lost;
  {
    const std::lock_guard lock(mutex);
    for (const TaskId id : report.abandoned) lost.insert(table.find(id)->worker);
  }
  for (std::size_t worker = 0; worker < workers.size(); ++worker) {
    if (lost.contains(worker)) {
      workers[worker].detach();
    } else {
      workers[worker].join();
    }
  }
  workers.clear();
  if (timekeeper.joinable()) timekeeper.join();
}

}  // namespace vortex
