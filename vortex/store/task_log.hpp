// The tasks of a dataset on disk: what was submitted, how far it came, how it ended; so that a
// restart goes on and a kill −9 loses nothing that was accepted. Plain rows: what a kind, a
// priority or a state means is the caller's business.
//
// A file of its own beside state.db: state.db is thrown away and rebuilt from the tables whenever
// it is damaged or behind, and its last transactions may be lost; tasks can be rebuilt from
// nothing. So this one is SQLite in WAL mode with synchronous = FULL: a write that returned is
// there after a loss of power too. After a failed fsync nothing more is written (the kernel may
// have dropped what it could not write, and a second fsync would not say so): `storage` until the
// file is opened anew. A damaged file is set aside as state.db.tasks.damaged, and note() says that
// the tasks in it are lost.
//
// Mode 0600. One process works on it at a time, by a lock that ends with the process. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"

namespace vortex {

struct TaskRow {
  std::int64_t id = 0;
  std::string kind;
  std::string payload;
  std::string priority;
  std::int64_t bytes = 0;
  std::optional<TimePoint> deadline;
  std::string state;
  TimePoint submitted;
  std::optional<TimePoint> started;
  std::optional<TimePoint> ended;
  std::int64_t attempts = 0;
  std::int64_t interruptions = 0;
  std::string result;
  std::int64_t error_code = 0;  // 0: no error
  std::string error;
  std::string note;

  bool operator==(const TaskRow&) const = default;
};

struct TaskLogOptions {
  std::uint64_t file_bytes_max = 1ull << 30;  // `disk_full` beyond
  bool durable = true;  // false: no fsync; a kill loses nothing, a loss of power may. For tests
};

class TaskLog {
 public:
  static constexpr const char* kFileName = "state.db.tasks";

  // Opens or makes the file in that directory (the store's), and the directory. `storage` while
  // another process works on it, `newer_protocol` where a newer Vortex made it.
  static Result<TaskLog> open(const std::string& directory, const TaskLogOptions& options = {});
  // One that is gone with the object.
  static Result<TaskLog> open_in_memory();
  TaskLog(const TaskLog&) = delete;
  TaskLog& operator=(const TaskLog&) = delete;
  TaskLog(TaskLog&&) noexcept;
  TaskLog& operator=(TaskLog&&) noexcept;
  ~TaskLog();

  // Writes a new task down and gives it its id (row.id is not read). Ids rise and are never given
  // twice, also when rows are gone. Durable when it returns; without effect when it fails.
  Result<std::int64_t> add(const TaskRow& row);
  // Replaces what can change (state, stamps, counts, result, error, note) of the rows, and removes
  // the forgotten, in one durable transaction. A row that is not there is passed over.
  Result<void> update(std::span<const TaskRow> rows, std::span<const std::int64_t> forgotten = {});

  Result<std::vector<TaskRow>> all();  // by rising id
  Result<std::int64_t> last_id();      // 0: none was ever given

  // What was lost when this was opened; empty: nothing.
  const std::string& note() const;

 private:
  struct Impl;
  explicit TaskLog(std::unique_ptr<Impl> impl);
  static Result<std::unique_ptr<Impl>> open_database(const std::string& name,
                                                     const TaskLogOptions& options);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vortex
