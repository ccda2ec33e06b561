// The inside of a TaskRunner, shared by its threads so that one that was abandoned still finds it.
//
// Two locks, never held together: `mutex` over the bookkeeping (held for microseconds), `log_mutex`
// over the log (held for an fsync). A change is therefore taken out of the bookkeeping as rows and
// events, and written down and told after the lock is given back. No lock is held while work or a
// stop callback runs.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "vortex/engine/task_events.hpp"
#include "vortex/engine/task_processor.hpp"
#include "vortex/engine/task_table.hpp"

namespace vortex {

struct TaskRunner::State {
  State(const Clock& given_clock, TaskLog given_log, TaskWork given_work,
        const TaskRunnerOptions& given_options);

  // What has to be written down, and then told.
  struct Changes {
    std::vector<TaskRow> rows;
    std::vector<TaskId> forgotten;
    std::vector<Event> events;
  };
  // A task that a worker took.
  struct Start {
    TaskStatus status;
    std::string payload;
    std::stop_token stop;
    Changes changes;
  };

  // At the beginning, before there are threads.
  Result<void> take_over();
  void resume(const TaskRow& row, TimePoint now, Monotonic start, Changes& changes);
  Result<void> start_threads(const std::shared_ptr<State>& self);

  // Worker threads.
  void work_loop(std::size_t worker);
  std::optional<Start> next(std::size_t worker);
  Start begin(TaskId id, std::size_t worker);
  TaskOutcome perform(const Start& start, std::size_t worker);
  void finish(TaskId id, TaskOutcome outcome);
  void report(TaskId id, double share, std::string_view text);

  // The thread that watches the time.
  void keep_time();
  Monotonic next_moment() const;
  void tick();

  // With `mutex` held.
  void end_waiting(TaskId id, TaskState state, Error error, Changes& changes);
  void count_end(TaskState state);
  std::vector<std::stop_source> ask_running(StopReason reason);
  std::optional<Error> missing(TaskId id) const;
  template <class Done>
  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable& wake,
                  Monotonic moment, Done done) const;

  // Without a lock: a subscriber may make the bus wait, or ask the runner something meanwhile.
  void tell(std::span<const Event> events) const;
  void tell_submitted(const TaskStatus& status) const;

  // Without a lock.
  Result<void> write(const Changes& changes);
  Result<std::int64_t> write_new(const TaskRow& row);
  Result<void> admit(std::uint64_t bytes);
  DrainReport drain(Duration grace);
  Changes abandon(DrainReport& report);
  void join_threads(const DrainReport& report);

  const Clock& clock;  // not touched by abandoned work
  const TaskWork work;
  const TaskRunnerOptions options;

  mutable std::mutex mutex;
  TaskQueue queue;
  TaskTable table;
  TaskCounts counts;
  std::set<TaskId> running;
  std::size_t ending = 0;  // their work has returned; their end is being written down
  TaskId last_id = 0;
  bool draining = false;  // nothing is admitted or started
  bool drained = false;
  bool stirred = false;  // something earlier is due
  DrainReport drain_report;
  std::condition_variable work_ready;
  std::condition_variable time_stirred;
  mutable std::condition_variable changed;  // a task ended, or the time was looked at

  std::mutex log_mutex;
  std::optional<TaskLog> log;  // none: closed by drain
  std::atomic<std::uint64_t> log_failures{0};

  std::vector<std::thread> workers;  // touched by create and drain alone
  std::thread timekeeper;
};

// Moments far away are "never": adding a long duration must not wrap.
inline Monotonic moment_after(Monotonic now, Duration duration) {
  constexpr Duration kFarAway = std::chrono::hours(24 * 365 * 100);
  return duration >= kFarAway ? Monotonic::max() : now + duration;
}

// Waits by the runner's own clock, which may not be the machine's: it is looked at now and then,
// and whoever moves it calls `tick`.
template <class Done>
bool TaskRunner::State::wait_until(std::unique_lock<std::mutex>& lock,
                                   std::condition_variable& wake, Monotonic moment,
                                   Done done) const {
  constexpr std::chrono::nanoseconds kLookAgain = std::chrono::seconds(1);
  while (!done()) {
    if (moment == Monotonic::max()) {
      wake.wait(lock);
      continue;
    }
    const Monotonic now = clock.monotonic();
    if (now >= moment) return false;
    wake.wait_for(lock, std::min<std::chrono::nanoseconds>(moment - now, kLookAgain));
  }
  return true;
}

}  // namespace vortex
