// The asynchronous processor: submit work and get an id; ask for its status, its progress and its
// result; cancel it. What was accepted is written down before `submit` returns and survives a
// kill −9: the next process goes on with it, so work runs at least once and must bear being run
// again.
//
//   auto tasks = TaskRunner::create(clock, std::move(log), sync_task_work(…), {});
//   VORTEX_TRY(const TaskId id, tasks->submit({.kind = "sync", .payload = …}));
//   VORTEX_TRY(const TaskResult result, tasks->wait(id, std::chrono::minutes(1)));
//   …
//   tasks->drain(std::chrono::seconds(30));  // on SIGTERM
//
// Work is a blocking function on one of `workers` threads, told to stop by a std::stop_token. The
// threads belong to the runner. A function that throws fails its own task with `internal`; one that
// does not stop within the grace time is named in the log and in its status, and keeps its thread
// while the others go on.
//
// Thread-safe, except that `drain` and the destructor are not called from inside the work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/clock.hpp"
#include "vortex/base/error.hpp"
#include "vortex/config/settings.hpp"
#include "vortex/engine/task_record.hpp"
#include "vortex/store/task_log.hpp"
#include "vortex/telemetry/event_bus.hpp"

namespace vortex {

// What a work function is given. Lives while it runs.
class TaskContext {
 public:
  using Report = std::function<void(double share, std::string_view text)>;

  TaskContext(TaskStatus status, std::string payload, std::size_t worker, std::stop_token stop,
              Report report);

  const TaskStatus& status() const { return status_; }  // as it was at the start
  const std::string& kind() const { return status_.kind; }
  const std::string& payload() const { return payload_; }
  std::size_t worker() const { return worker_; }  // 0 … workers − 1; one task at a time each
  // Requested by cancel, by the deadline, by drain: end soon, with the error `cancelled`.
  const std::stop_token& stop() const { return stop_; }
  // How far it is: 0…1 and a line of text. From any thread; cheap.
  void progress(double share, std::string_view text) const { report_(share, text); }

 private:
  TaskStatus status_;
  std::string payload_;
  std::size_t worker_;
  std::stop_token stop_;
  Report report_;
};

// How work ended: `error` decides between done and failed; the text is kept either way.
struct TaskOutcome {
  std::string text;
  std::optional<Error> error;
};

struct TaskWork {
  // Called on many threads at once.
  std::function<TaskOutcome(const TaskContext&)> run;
  // Refuses what could never run, before it is accepted. Called by the submitters' threads; may be
  // empty.
  std::function<Result<void>(const TaskRequest&)> check;
};

struct TaskRunnerOptions {
  TaskSettings limits;
  std::size_t results_max = 1000;                 // ended tasks that are remembered, the last ones
  std::uint64_t results_bytes_max = 64ull << 20;  // of their results, together
  std::uint64_t result_bytes_max = 8ull << 20;    // of one; what is larger is not kept, and said
  // A task that was running when the process died more often than this fails instead of killing the
  // next process too. Ends in order (drain) do not count.
  int interruptions_max = 3;
  // Told of every task (see task_events.hpp): of its end once that can be asked for. Must outlive
  // the runner; may be null.
  EventBus* events = nullptr;
};

struct TaskCounts {
  std::size_t waiting_live = 0;
  std::size_t waiting_update = 0;
  std::size_t waiting_backfill = 0;
  std::uint64_t queue_bytes = 0;
  std::size_t running = 0;
  std::size_t remembered = 0;  // ended tasks that can still be asked for
  // Since this process began:
  std::uint64_t submitted = 0;
  std::uint64_t resumed = 0;  // taken over from an earlier process
  std::uint64_t refused = 0;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t expired = 0;
  std::uint64_t interrupted = 0;
  std::uint64_t forgotten = 0;     // ended and no longer remembered
  std::uint64_t unresponsive = 0;  // did not stop within the grace time
  std::uint64_t log_failures = 0;  // changes that could not be written down
};

struct DrainReport {
  std::size_t waiting = 0;          // not started; the next process goes on with them
  std::vector<TaskId> interrupted;  // stopped in order; started again by the next process
  // Ignored their stop: their threads still run and use what the work was given, so the process
  // ends with std::_Exit. Started again by the next process.
  std::vector<TaskId> abandoned;
};

class TaskRunner {
 public:
  // Takes over what the log holds: waiting and interrupted tasks wait, in their old order. The
  // clock must outlive the runner. `local_resource` where not one thread can be made.
  static Result<std::unique_ptr<TaskRunner>> create(const Clock& clock, TaskLog log, TaskWork work,
                                                    const TaskRunnerOptions& options = {});
  TaskRunner(const TaskRunner&) = delete;
  TaskRunner& operator=(const TaskRunner&) = delete;
  ~TaskRunner();  // drains with the grace of the settings

  // Durable when it returns. `bulkhead_full` with the counts, `draining`, `deadline` (it has passed
  // already), `storage` (it could not be written down), or what TaskWork::check says: then the task
  // is not accepted.
  Result<TaskId> submit(TaskRequest request);

  // `not_found` for an id that was never given, or that ended and was forgotten (it says which).
  Result<TaskStatus> status(TaskId id) const;
  // What is remembered, by rising id.
  std::vector<TaskStatus> list() const;
  // A waiting task is cancelled at once, a running one is asked to stop, one that ended stays as it
  // is: the state after the call.
  Result<TaskState> cancel(TaskId id);
  // The end of a task. `timeout` when it has not ended by then, `draining` when this process will
  // not end it.
  Result<TaskResult> wait(TaskId id, Duration timeout) const;
  Result<TaskResult> result(TaskId id) const { return wait(id, Duration::zero()); }

  TaskCounts counts() const;

  // Stops admitting (`draining`), lets running tasks go on for three quarters of the grace time,
  // then asks them to stop; at the end of it those that still run are abandoned. Nothing is lost:
  // what did not end is in the log. A second call waits for the first and gives the same report.
  DrainReport drain(Duration grace);

  // Does what is due now: expires, stops what passed its deadline, names what ignores its stop. A
  // thread of the runner calls it when something is due; tests with a clock of their own call it
  // after moving the clock.
  void tick();

 private:
  struct State;
  explicit TaskRunner(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace vortex
