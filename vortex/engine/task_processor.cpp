#include "vortex/engine/task_processor.hpp"

#include <algorithm>
#include <exception>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "vortex/base/log.hpp"
#include "vortex/engine/task_processor_impl.hpp"

namespace vortex {
namespace {

constexpr std::uint64_t kTaskBytes = 512;  // of a waiting task, beside its text

// A submitter's check is foreign code: what it throws fails this submission alone.
Result<void> check_contained(const TaskWork& work, const TaskRequest& request) {
  if (!work.check) return {};
  try {
    return work.check(request);
  } catch (const std::exception& thrown) {
    return fail(ErrorCode::internal, "the check threw: " + untrusted(thrown.what()));
  } catch (...) {
    return fail(ErrorCode::internal, "the check threw");
  }
}

}  // namespace

TaskContext::TaskContext(TaskStatus status, std::string payload, std::size_t worker,
                         std::stop_token stop, Report report)
    : status_(std::move(status)),
      payload_(std::move(payload)),
      worker_(worker),
      stop_(std::move(stop)),
      report_(std::move(report)) {}

TaskRunner::State::State(const Clock& given_clock, TaskLog given_log, TaskWork given_work,
                         const TaskRunnerOptions& given_options)
    : clock(given_clock),
      work(std::move(given_work)),
      options(given_options),
      queue({.items_max = static_cast<std::size_t>(
                 std::max<std::int64_t>(1, given_options.limits.queue_items_max)),
             .bytes_max = given_options.limits.queue_bytes_max}),
      table({.results_max = given_options.results_max,
             .results_bytes_max = given_options.results_bytes_max,
             .result_bytes_max = given_options.result_bytes_max}),
      log(std::move(given_log)) {}

Result<void> TaskRunner::State::take_over() {
  VORTEX_TRY(last_id, log->last_id());
  VORTEX_TRY(auto rows, log->all());
  // Ended ones first, in the order in which they ended: the oldest is the first to be forgotten.
  const auto rank = [](const TaskRow& row) {
    const auto state = parse_task_state(row.state);
    const bool ended = state && is_final(*state);
    return std::tuple(!ended, ended ? row.ended.value_or(TimePoint{}) : TimePoint{}, row.id);
  };
  std::ranges::sort(rows, {}, rank);
  const TimePoint now = clock.now();
  const Monotonic start = clock.monotonic();
  Changes changes;
  for (const TaskRow& row : rows) resume(row, now, start, changes);
  // Not written, they are judged the same way next time.
  (void)write(changes);
  tell(changes.events);
  return {};
}

void TaskRunner::State::resume(const TaskRow& row, TimePoint now, Monotonic start,
                               Changes& changes) {
  TaskEntry entry{.status = resumed_status(row, options.interruptions_max, now),
                  .payload = row.payload,
                  .bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, row.bytes))};
  const TaskStatus& status = entry.status;
  const TaskId id = status.id;
  const bool waits = status.state == TaskState::waiting;
  if (status.deadline) entry.deadline = moment_after(start, *status.deadline - now);
  if (to_string(status.state) != row.state) {
    changes.rows.push_back(to_row(status, {}, entry.bytes, row.result));
    if (!waits) {
      count_end(status.state);
      if (const auto ended = ended_event(status)) changes.events.push_back(*ended);
      log::warning("task {} ({}): {}", id, status.kind, status.error ? status.error->message : "");
    }
  }
  const QueuedTask queued{
      .id = id, .priority = status.priority, .bytes = entry.bytes, .deadline = entry.deadline};
  last_id = std::max(last_id, id);
  table.add(std::move(entry));
  if (waits) {
    queue.restore(queued);
    ++counts.resumed;
    return;
  }
  const auto forgotten = table.remember(id, row.result);
  counts.forgotten += forgotten.size();
  changes.forgotten.insert(changes.forgotten.end(), forgotten.begin(), forgotten.end());
}

Result<std::unique_ptr<TaskRunner>> TaskRunner::create(const Clock& clock, TaskLog log,
                                                       TaskWork work,
                                                       const TaskRunnerOptions& options) {
  auto state = std::make_shared<State>(clock, std::move(log), std::move(work), options);
  VORTEX_TRY_VOID(state->take_over());
  std::unique_ptr<TaskRunner> runner(new TaskRunner(state));
  VORTEX_TRY_VOID(state->start_threads(state));  // the runner ends those that were made
  return runner;
}

TaskRunner::TaskRunner(std::shared_ptr<State> state) : state_(std::move(state)) {}

TaskRunner::~TaskRunner() {
  (void)state_->drain(state_->options.limits.grace);
}

Result<TaskId> TaskRunner::submit(TaskRequest request) {
  State& state = *state_;
  const std::uint64_t bytes = std::max<std::uint64_t>(
      request.size_bytes, request.payload.size() + request.kind.size() + kTaskBytes);
  TaskEntry entry{.status = {.kind = request.kind,
                             .priority = request.priority,
                             .submitted = state.clock.now(),
                             .deadline = request.deadline},
                  .bytes = bytes};
  const Monotonic now = state.clock.monotonic();
  if (request.deadline) {
    entry.deadline = moment_after(now, *request.deadline - entry.status.submitted);
  }
  auto admitted = check_contained(state.work, request);
  if (admitted && entry.deadline <= now) {
    admitted = fail(ErrorCode::deadline, "the task's deadline has passed");
  }
  if (admitted) admitted = state.admit(bytes);
  if (!admitted && admitted.error().code == ErrorCode::bulkhead_full) {
    state.tick();  // what has expired makes room
    admitted = state.admit(bytes);
  }
  if (!admitted) {
    const std::lock_guard lock(state.mutex);
    ++state.counts.refused;
    return std::unexpected(std::move(admitted).error());
  }

  const auto id = state.write_new(to_row(entry.status, request.payload, bytes, {}));
  if (id) {
    entry.status.id = *id;
    state.tell_submitted(entry.status);  // now, as nobody can start it yet
  }
  const std::lock_guard lock(state.mutex);
  if (!id) {
    state.queue.give_back(bytes);
    ++state.counts.refused;
    return std::unexpected(Error(id.error()).in("the task was not accepted"));
  }
  entry.payload = std::move(request.payload);
  state.last_id = std::max(state.last_id, *id);
  const QueuedTask queued{
      .id = *id, .priority = request.priority, .bytes = bytes, .deadline = entry.deadline};
  state.table.add(std::move(entry));
  state.queue.push(queued);
  ++state.counts.submitted;
  state.work_ready.notify_one();
  if (queued.deadline != Monotonic::max()) {
    state.stirred = true;
    state.time_stirred.notify_one();
  }
  return *id;
}

Result<void> TaskRunner::State::admit(std::uint64_t bytes) {
  const std::lock_guard lock(mutex);
  if (draining) return fail(ErrorCode::draining, "no more tasks are taken: shutting down");
  return queue.reserve(bytes);
}

std::optional<Error> TaskRunner::State::missing(TaskId id) const {
  if (table.find(id) != nullptr) return std::nullopt;
  if (id < 1 || id > last_id) {
    return Error{.code = ErrorCode::not_found, .message = fmt::format("there is no task {}", id)};
  }
  return Error{.code = ErrorCode::not_found,
               .message = fmt::format("task {} ended and was forgotten: the last {} are kept", id,
                                      options.results_max)};
}

Result<TaskStatus> TaskRunner::status(TaskId id) const {
  const std::lock_guard lock(state_->mutex);
  if (auto error = state_->missing(id)) return std::unexpected(std::move(*error));
  return state_->table.find(id)->status;
}

std::vector<TaskStatus> TaskRunner::list() const {
  std::vector<TaskStatus> all;
  const std::lock_guard lock(state_->mutex);
  all.reserve(state_->table.entries().size());
  for (const auto& [id, entry] : state_->table.entries()) all.push_back(entry.status);
  return all;
}

Result<TaskState> TaskRunner::cancel(TaskId id) {
  State& state = *state_;
  State::Changes changes;
  std::stop_source stop(std::nostopstate);
  {
    const std::lock_guard lock(state.mutex);
    if (auto error = state.missing(id)) return std::unexpected(std::move(*error));
    TaskEntry& entry = *state.table.find(id);
    if (is_final(entry.status.state)) return entry.status.state;
    if (state.drained) return fail(ErrorCode::draining, "shut down: the task stays as it is");
    if (entry.status.state == TaskState::running) {
      if (!entry.status.stopping) entry.stop_asked = state.clock.monotonic();
      entry.reason = StopReason::cancel;  // the submitter's wish stands over what asked before
      entry.status.stopping = true;
      stop = entry.stop;
      state.stirred = true;
    } else if (state.queue.cancel(id)) {
      state.end_waiting(id, TaskState::cancelled,
                        {.code = ErrorCode::cancelled, .message = "cancelled before it began"},
                        changes);
    }
  }
  state.time_stirred.notify_one();
  state.changed.notify_all();
  // NOLINTNEXTLINE(clang-analyzer-cplusplus.Move): libstdc++ empties it, then assigns
  if (stop.stop_possible()) {
    stop.request_stop();  // runs the work's stop callbacks here
    return TaskState::running;
  }
  auto written = state.write(changes);
  state.tell(changes.events);
  if (!written) {
    return std::unexpected(
        std::move(written).error().in("cancelled here, but a restart would run it"));
  }
  VORTEX_TRY(const TaskStatus now, status(id));
  return now.state;
}

Result<TaskResult> TaskRunner::wait(TaskId id, Duration timeout) const {
  const State& state = *state_;
  std::unique_lock lock(state.mutex);
  if (auto error = state.missing(id)) return std::unexpected(std::move(*error));
  const auto over = [&] {
    const TaskEntry* entry = state.table.find(id);
    return state.drained || entry == nullptr || is_final(entry->status.state) ||
           entry->status.state == TaskState::interrupted;
  };
  const bool ended =
      state.wait_until(lock, state.changed, moment_after(state.clock.monotonic(), timeout), over);
  if (auto error = state.missing(id)) return std::unexpected(std::move(*error));
  const TaskEntry& entry = *state.table.find(id);
  const TaskState now = entry.status.state;
  if (is_final(now)) return TaskResult{.status = entry.status, .text = entry.result};
  return fail(ended ? ErrorCode::draining : ErrorCode::timeout,
              fmt::format("task {} has not ended: it is {}{}", id, to_string(now),
                          ended ? ", and the next process goes on with it" : ""));
}

TaskCounts TaskRunner::counts() const {
  const State& state = *state_;
  const std::lock_guard lock(state.mutex);
  TaskCounts counts = state.counts;
  counts.waiting_live = state.queue.items(TaskPriority::live);
  counts.waiting_update = state.queue.items(TaskPriority::update);
  counts.waiting_backfill = state.queue.items(TaskPriority::backfill);
  counts.queue_bytes = state.queue.bytes();
  counts.running = state.running.size() + state.ending;
  counts.remembered = state.table.remembered();
  counts.log_failures = state.log_failures;
  return counts;
}

DrainReport TaskRunner::drain(Duration grace) {
  return state_->drain(grace);
}

void TaskRunner::tick() {
  state_->tick();
}

}  // namespace vortex
