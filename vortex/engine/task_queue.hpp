// Which waiting task is next: live before update before backfill, first come first served within a
// class, and no class waits for ever behind the others. Pure: it holds ids, never the work, and
// takes `now` as an argument. Bounded in items and in bytes. Not thread-safe.
//
// A place is reserved before a task is written down and filled afterwards, so that what was
// promised to a submitter always fits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"

namespace vortex {

using TaskId = std::int64_t;  // positive; never given twice in one dataset

enum class TaskPriority : std::uint8_t { live, update, backfill };
inline constexpr std::size_t kTaskPriorities = 3;

struct TaskQueueLimits {
  std::size_t items_max = 10'000;
  std::uint64_t bytes_max = 64ull << 20;
};

struct QueuedTask {
  TaskId id = 0;
  TaskPriority priority = TaskPriority::update;
  std::uint64_t bytes = 0;
  Monotonic deadline = Monotonic::max();  // never started from then on

  bool operator==(const QueuedTask&) const = default;
};

class TaskQueue {
 public:
  // A class that has something waiting is served at least once in so many turns, one turn later
  // where both lower classes are due at once.
  static constexpr int kTurnsMax = 16;

  explicit TaskQueue(TaskQueueLimits limits = {}) : limits_(limits) {}

  // Sets room aside, or refuses with `bulkhead_full` and the counts. Each reservation is followed
  // by one `push` of as many bytes or one `give_back`.
  Result<void> reserve(std::uint64_t bytes);
  void give_back(std::uint64_t bytes);
  void push(const QueuedTask& task);
  // For what was promised by an earlier process: enters also where the limits are lower today. New
  // tasks are then refused until there is room.
  void restore(const QueuedTask& task);

  struct Turn {
    std::optional<QueuedTask> next;   // none: nothing waits
    std::vector<QueuedTask> expired;  // as of `expire`
  };
  // The next task to start, after all that expired have left.
  Turn take(Monotonic now);
  // Removes what may no longer start, the earliest deadline first.
  std::vector<QueuedTask> expire(Monotonic now);
  bool cancel(TaskId id);  // false: it does not wait here

  Monotonic next_deadline() const;  // Monotonic::max(): none
  std::size_t items() const { return places_.size(); }
  std::size_t items(TaskPriority priority) const { return of(priority).size(); }
  std::uint64_t bytes() const { return bytes_; }  // reservations included
  bool empty() const { return places_.empty(); }

 private:
  using Waiting = std::list<QueuedTask>;

  Waiting& of(TaskPriority priority) { return waiting_[static_cast<std::size_t>(priority)]; }
  const Waiting& of(TaskPriority priority) const {
    return waiting_[static_cast<std::size_t>(priority)];
  }
  QueuedTask remove(Waiting::iterator place);
  std::optional<std::size_t> next_class() const;
  void count_turn(std::size_t served);

  TaskQueueLimits limits_;
  std::array<Waiting, kTaskPriorities> waiting_;
  std::array<int, kTaskPriorities> passed_over_{};  // turns that others had while this one waited
  std::unordered_map<TaskId, Waiting::iterator> places_;
  std::set<std::pair<Monotonic, TaskId>> deadlines_;
  std::size_t reserved_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace vortex
