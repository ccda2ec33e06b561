#include "vortex/store/task_log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/core.h>
#include <sqlite3.h>
#include <unistd.h>

#include "vortex/base/log.hpp"
#include "vortex/store/file_system.hpp"
#include "vortex/store/lock_file.hpp"
#include "vortex/store/sqlite_handle.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kTaskLayout = 1;
constexpr int kTaskBusyTimeoutMs = 5000;  // a reader's transaction takes milliseconds
constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kPagesMax = 4'294'967'294;  // SQLite's own

constexpr const char* kPragmas =
    "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "PRAGMA journal_size_limit = 16777216;";

// AUTOINCREMENT: an id is not given again after its row is gone.
constexpr const char* kMake = R"(
CREATE TABLE IF NOT EXISTS tasks(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, payload TEXT,
  priority TEXT, bytes INTEGER, deadline INTEGER, submitted INTEGER, state TEXT, started INTEGER,
  ended INTEGER, attempts INTEGER, interruptions INTEGER, result TEXT, error_code INTEGER,
  error TEXT, note TEXT);
PRAGMA user_version = 1;
)";

constexpr const char* kAdd =
    "INSERT INTO tasks(kind, payload, priority, bytes, deadline, submitted, state, started, ended, "
    "attempts, interruptions, result, error_code, error, note) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
constexpr const char* kUpdate =
    "UPDATE tasks SET state = ?7, started = ?8, ended = ?9, attempts = ?10, interruptions = ?11, "
    "result = ?12, error_code = ?13, error = ?14, note = ?15 WHERE id = ?16";
constexpr const char* kAll =
    "SELECT id, kind, payload, priority, bytes, deadline, submitted, state, started, ended, "
    "attempts, interruptions, result, error_code, error, note FROM tasks ORDER BY id";

// What it was to make safe may be gone although the next one would succeed.
bool fsync_failed(sqlite3* db) {
  const int code = sqlite3_extended_errcode(db);
  return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

void bind_time(SqliteStatement& statement, int place, const std::optional<TimePoint>& time) {
  if (time) {
    statement.bind(place, time->time_since_epoch().count());
  } else {
    statement.bind_null(place);
  }
}

std::optional<TimePoint> time_at(SqliteStatement& query, int column) {
  if (query.is_null(column)) return std::nullopt;
  return TimePoint{Duration{query.whole(column)}};
}

std::string text_at(SqliteStatement& query, int column) {
  return std::string(query.text(column));
}

void bind_row(SqliteStatement& statement, const TaskRow& row) {
  statement.bind(7, row.state);
  bind_time(statement, 8, row.started);
  bind_time(statement, 9, row.ended);
  statement.bind(10, row.attempts);
  statement.bind(11, row.interruptions);
  statement.bind(12, row.result);
  statement.bind(13, row.error_code);
  statement.bind(14, row.error);
  statement.bind(15, row.note);
}

TaskRow read_row(SqliteStatement& query) {
  return {.id = query.whole(0),
          .kind = text_at(query, 1),
          .payload = text_at(query, 2),
          .priority = text_at(query, 3),
          .bytes = query.whole(4),
          .deadline = time_at(query, 5),
          .state = text_at(query, 7),
          .submitted = time_at(query, 6).value_or(TimePoint{}),
          .started = time_at(query, 8),
          .ended = time_at(query, 9),
          .attempts = query.whole(10),
          .interruptions = query.whole(11),
          .result = text_at(query, 12),
          .error_code = query.whole(13),
          .error = text_at(query, 14),
          .note = text_at(query, 15)};
}

// Held as long as the log is open; the kernel gives it back when the process is gone.
struct TaskLock {
  explicit TaskLock(LockFile opened) : file(std::move(opened)) {}
  LockFile file;
  std::optional<LockFile::Hold> hold;
};

Result<std::unique_ptr<TaskLock>> take_lock(const std::string& path) {
  VORTEX_TRY(LockFile file, LockFile::open(path, /*wait_max=*/Duration::zero()));
  auto lock = std::make_unique<TaskLock>(std::move(file));
  auto hold = lock->file.hold_alone();
  if (!hold) {
    return std::unexpected(std::move(hold)
                               .error()
                               .in("the tasks of this dataset")
                               .with_hint("stop the other process, or hand it the tasks"));
  }
  lock->hold.emplace(*std::move(hold));
  return lock;
}

// Keeps what can be looked at, with the name of an earlier one.
Result<void> set_aside(const std::string& path) {
  constexpr std::array<const char*, 2> kKept = {"", "-wal"};
  for (const char* suffix : kKept) {
    const std::string from = path + suffix;
    const std::string to = path + ".damaged" + suffix;
    if (std::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) {
      return std::unexpected(file_error("rename", from, errno));
    }
  }
  const std::string shared = path + "-shm";
  if (::unlink(shared.c_str()) != 0 && errno != ENOENT) {
    return std::unexpected(file_error("remove", shared, errno));
  }
  return {};
}

}  // namespace

struct TaskLog::Impl {
  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { sqlite3_close(db); }

  Result<void> prepare(const TaskLogOptions& options);
  Result<std::int64_t> pragma(const char* sql);
  Result<void> begin();
  Result<void> commit();
  std::unexpected<Error> rolled_back(Error error);

  std::unique_ptr<TaskLock> lock;  // given back after the file is closed
  sqlite3* db = nullptr;
  bool broken = false;
  std::string note;
};

Result<std::int64_t> TaskLog::Impl::pragma(const char* sql) {
  SqliteStatement query(db, kFileName, sql);
  VORTEX_TRY(const bool found, query.step());
  return found ? query.whole(0) : 0;
}

Result<void> TaskLog::Impl::prepare(const TaskLogOptions& options) {
  sqlite3_busy_timeout(db, kTaskBusyTimeoutMs);
  VORTEX_TRY_VOID(run_sql(db, kFileName, kPragmas));
  if (!options.durable) VORTEX_TRY_VOID(run_sql(db, kFileName, "PRAGMA synchronous = OFF"));
  VORTEX_TRY(const std::int64_t layout, pragma("PRAGMA user_version"));
  if (layout > kTaskLayout) {
    return fail(ErrorCode::newer_protocol, fmt::format("{} has layout {}, this Vortex knows {}",
                                                       kFileName, layout, kTaskLayout));
  }
  if (layout == 0) VORTEX_TRY_VOID(run_sql(db, kFileName, kMake));
  SqliteStatement check(db, kFileName, "PRAGMA quick_check(1)");
  VORTEX_TRY(const bool answered, check.step());
  const std::string verdict = answered ? text_at(check, 0) : "no answer";
  if (verdict != "ok") {
    return fail(ErrorCode::corrupt, fmt::format("{}: {}", kFileName, untrusted(verdict)));
  }
  const std::uint64_t pages =
      std::clamp(options.file_bytes_max / kPageBytes, std::uint64_t{1}, kPagesMax);
  VORTEX_TRY([[maybe_unused]] const std::int64_t set,
             pragma(fmt::format("PRAGMA max_page_count = {}", pages).c_str()));
  return {};
}

Result<void> TaskLog::Impl::begin() {
  if (broken) {
    return fail(ErrorCode::storage,
                fmt::format("{}: an fsync failed before; nothing more is written until a restart",
                            kFileName));
  }
  return run_sql(db, kFileName, "BEGIN IMMEDIATE");
}

Result<void> TaskLog::Impl::commit() {
  if (auto done = run_sql(db, kFileName, "COMMIT"); !done)
    return rolled_back(std::move(done).error());
  return {};
}

std::unexpected<Error> TaskLog::Impl::rolled_back(Error error) {
  if (fsync_failed(db)) {
    broken = true;
    error.code = ErrorCode::storage;
  }
  // Some errors have rolled back already; then there is nothing left to do.
  if (sqlite3_get_autocommit(db) == 0) sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
  return std::unexpected(std::move(error));
}

TaskLog::TaskLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TaskLog::TaskLog(TaskLog&&) noexcept = default;
TaskLog& TaskLog::operator=(TaskLog&&) noexcept = default;
TaskLog::~TaskLog() = default;

Result<std::unique_ptr<TaskLog::Impl>> TaskLog::open_database(const std::string& name,
                                                              const TaskLogOptions& options) {
  auto impl = std::make_unique<Impl>();
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  if (sqlite3_open_v2(name.c_str(), &impl->db, flags, nullptr) != SQLITE_OK) {
    return std::unexpected(sqlite_error(impl->db, kFileName));
  }
  if (auto prepared = impl->prepare(options); !prepared) {
    Error error = std::move(prepared).error();
    if (fsync_failed(impl->db)) error.code = ErrorCode::storage;  // the file itself may be sound
    return std::unexpected(std::move(error));
  }
  return impl;
}

Result<TaskLog> TaskLog::open(const std::string& directory, const TaskLogOptions& options) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) return std::unexpected(file_error("make", directory, failed.value()));
  const std::string path = directory + "/" + kFileName;
  VORTEX_TRY(auto lock, take_lock(path + ".lock"));
  VORTEX_TRY_VOID(make_private_database(path));
  auto impl = open_database(path, options);
  std::string note;
  if (!impl && impl.error().code == ErrorCode::corrupt) {
    note = fmt::format(
        "{0} was damaged ({1}); it was set aside as {0}.damaged and the tasks in it are lost",
        kFileName, impl.error().message);
    log::error("{}: {}", directory, note);
    VORTEX_TRY_VOID(set_aside(path));
    VORTEX_TRY_VOID(make_private_database(path));
    impl = open_database(path, options);
  }
  if (!impl) return std::unexpected(std::move(impl).error());
  (*impl)->lock = std::move(lock);
  (*impl)->note = std::move(note);
  return TaskLog(std::move(*impl));
}

Result<TaskLog> TaskLog::open_in_memory() {
  VORTEX_TRY(auto impl, open_database(":memory:", {}));
  return TaskLog(std::move(impl));
}

Result<std::int64_t> TaskLog::add(const TaskRow& row) {
  VORTEX_TRY_VOID(impl_->begin());
  SqliteStatement insert(impl_->db, kFileName, kAdd);
  insert.bind(1, row.kind);
  insert.bind(2, row.payload);
  insert.bind(3, row.priority);
  insert.bind(4, row.bytes);
  bind_time(insert, 5, row.deadline);
  insert.bind(6, row.submitted.time_since_epoch().count());
  bind_row(insert, row);
  if (auto added = insert.step(); !added) return impl_->rolled_back(std::move(added).error());
  const std::int64_t id = sqlite3_last_insert_rowid(impl_->db);
  insert.reset();
  VORTEX_TRY_VOID(impl_->commit());
  return id;
}

Result<void> TaskLog::update(std::span<const TaskRow> rows,
                             std::span<const std::int64_t> forgotten) {
  VORTEX_TRY_VOID(impl_->begin());
  SqliteStatement change(impl_->db, kFileName, kUpdate);
  for (const TaskRow& row : rows) {
    bind_row(change, row);
    change.bind(16, row.id);
    if (auto done = change.step(); !done) return impl_->rolled_back(std::move(done).error());
    change.reset();
  }
  SqliteStatement remove(impl_->db, kFileName, "DELETE FROM tasks WHERE id = ?");
  for (const std::int64_t id : forgotten) {
    remove.bind(1, id);
    if (auto done = remove.step(); !done) return impl_->rolled_back(std::move(done).error());
    remove.reset();
  }
  return impl_->commit();
}

Result<std::vector<TaskRow>> TaskLog::all() {
  SqliteStatement query(impl_->db, kFileName, kAll);
  std::vector<TaskRow> rows;
  while (true) {
    VORTEX_TRY(const bool found, query.step());
    if (!found) return rows;
    rows.push_back(read_row(query));
  }
}

Result<std::int64_t> TaskLog::last_id() {
  return impl_->pragma("SELECT seq FROM sqlite_sequence WHERE name = 'tasks'");
}

const std::string& TaskLog::note() const {
  return impl_->note;
}

}  // namespace vortex
