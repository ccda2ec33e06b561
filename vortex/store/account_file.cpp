#include "vortex/store/account_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vortex/store/file_system.hpp"
#include "vortex/store/lock_file.hpp"
#include "vortex/store/sqlite_handle.hpp"

namespace vortex {
namespace {

constexpr int kLayout = 1;  // of the tables below
constexpr mode_t kPrivateMode = 0600;
constexpr mode_t kPrivateDirectoryMode = 0700;
constexpr std::string_view kAside = ".damaged-";  // before the time, in microseconds
constexpr const char* kMending = "set state_dir to a directory of yours, or mend its permissions";

constexpr const char* kCreate = R"(
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE accounts(id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, version INTEGER NOT NULL,
  state TEXT NOT NULL);
CREATE TABLE leases(account INTEGER NOT NULL REFERENCES accounts(id), id INTEGER NOT NULL,
  elapsed_ns INTEGER NOT NULL, calendar_us INTEGER NOT NULL, permits INTEGER NOT NULL,
  returned INTEGER NOT NULL, holder TEXT NOT NULL, PRIMARY KEY(account, id)) WITHOUT ROWID;
)";

bool is_foreign(const struct ::stat& status) {
  return status.st_uid != ::geteuid();
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A name is as durable as the directory it is in.
Result<void> sync_parent_of(const std::string& path) {
  const std::string parent = parent_of(path);
  const int directory = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return std::unexpected(private_file_error("open directory", parent, errno));
  const int trouble = ::fsync(directory) == 0 ? 0 : errno;
  ::close(directory);
  if (trouble != 0) return std::unexpected(private_file_error("fsync", parent, trouble));
  return {};
}

// SQLite opens its log beside the file, and only when that is used.
Error mended(Error error, sqlite3* db) {
  const int code = sqlite3_errcode(db) & 0xff;
  const bool not_ours = code == SQLITE_CANTOPEN || code == SQLITE_READONLY || code == SQLITE_PERM;
  return not_ours ? std::move(error).with_hint(kMending) : std::move(error);
}

Result<SqliteHandle> open_sqlite(const std::string& path) {
  sqlite3* db = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  const int opened = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  SqliteHandle handle(db);
  if (opened != SQLITE_OK) return std::unexpected(mended(sqlite_error(db, path), db));
  return handle;
}

// SQLite's own handler sleeps up to 100 ms at a time: too long for a lock that is held for 50 µs.
int on_busy(void* wait_max, int turn) {
  return wait_for_lock(turn, *static_cast<Duration*>(wait_max)) ? 1 : 0;
}

// SQL that does not fit the tables means that they are not ours, or gone with the content.
Result<bool> step_first(SqliteStatement& query, sqlite3* db) {
  auto found = query.step();
  if (found) return found;
  if (sqlite3_errcode(db) == SQLITE_ERROR) found.error().code = ErrorCode::corrupt;
  return std::unexpected(mended(std::move(found).error(), db));
}

Result<void> check_content(sqlite3* db, const std::string& path) {
  SqliteStatement layout(db, path, "SELECT value FROM meta WHERE name = 'layout'");
  VORTEX_TRY(const bool found, step_first(layout, db));
  if (!found || layout.whole(0) != kLayout) {
    return fail(ErrorCode::corrupt, fmt::format("{} has another layout", path));
  }
  layout.reset();
  SqliteStatement check(db, path, "PRAGMA quick_check('accounts')");
  VORTEX_TRY(const bool checked, step_first(check, db));
  if (!checked || check.text(0) != "ok") {
    return fail(ErrorCode::corrupt, fmt::format("{}: its pages do not fit together", path));
  }
  check.reset();
  return {};
}

}  // namespace

void SqliteCloser::operator()(sqlite3* db) const {
  sqlite3_close(db);
}

Error private_file_error(std::string_view doing, std::string_view path, int error_number) {
  Error error = file_error(doing, path, error_number);
  if (error.code == ErrorCode::disk_full) return error;
  if (error.code == ErrorCode::not_found) error.code = ErrorCode::storage;
  return std::move(error).with_hint(kMending);
}

Result<void> prepare_private_directory(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), kPrivateDirectoryMode) == 0) {
      VORTEX_TRY_VOID(sync_parent_of(part));
    } else if (errno != EEXIST) {
      return std::unexpected(private_file_error("make directory", part, errno));
    }
    if (end == std::string::npos) break;
  }
  struct ::stat status{};
  if (::stat(path.c_str(), &status) != 0)
    return std::unexpected(private_file_error("look at", path, errno));
  if (!S_ISDIR(status.st_mode)) {
    return fail(ErrorCode::unsafe_path, fmt::format("{} is not a directory", path));
  }
  const bool open_to_all = (status.st_mode & S_IWOTH) != 0;
  if (is_foreign(status) || open_to_all) {
    return fail(ErrorCode::unsafe_path,
                fmt::format("{} belongs to another user or is open to all", path));
  }
  return {};
}

Result<std::optional<FileId>> look_at_private_file(const std::string& path) {
  struct ::stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return std::unexpected(private_file_error("look at", path, errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorCode::unsafe_path, fmt::format("{} is a link or no file", path));
  }
  if (is_foreign(status)) {
    return fail(ErrorCode::unsafe_path,
                fmt::format("{} belongs to another user (uid {})", path, status.st_uid));
  }
  const bool open_to_others = (status.st_mode & (S_IRWXG | S_IRWXO)) != 0;
  if (open_to_others && ::chmod(path.c_str(), kPrivateMode) != 0) {
    return std::unexpected(private_file_error("make private", path, errno));
  }
  return FileId{.device = status.st_dev, .inode = status.st_ino};
}

Result<SqliteHandle> open_account_file(const std::string& path, const AccountFileOptions& options) {
  VORTEX_TRY(SqliteHandle handle, open_sqlite(path));
  sqlite3_busy_handler(handle.get(), on_busy, options.wait_max);
  const std::string bounds = fmt::format("PRAGMA max_page_count={}", options.pages_max);
  VORTEX_TRY_VOID(run_sql(handle.get(), path, bounds.c_str()));
  VORTEX_TRY_VOID(check_content(handle.get(), path));
  return handle;
}

Result<void> make_account_file(const std::string& path, std::optional<TimePoint> damaged_at) {
  const std::string fresh = path + ".new";
  if (::unlink(fresh.c_str()) != 0 && errno != ENOENT) {
    return std::unexpected(private_file_error("remove", fresh, errno));
  }
  // SQLite makes its files by the umask; made beforehand this one is ours alone.
  const int file = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kPrivateMode);
  if (file < 0) return std::unexpected(private_file_error("create", fresh, errno));
  ::close(file);
  {
    VORTEX_TRY(const SqliteHandle handle, open_sqlite(fresh));
    VORTEX_TRY_VOID(
        run_sql(handle.get(), fresh, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"));
    VORTEX_TRY_VOID(run_sql(handle.get(), fresh, kCreate));
    std::string meta = fmt::format("INSERT INTO meta VALUES ('layout', {})", kLayout);
    if (damaged_at) {
      meta += fmt::format(", ('damaged_at', {})", damaged_at->time_since_epoch().count());
    }
    VORTEX_TRY_VOID(run_sql(handle.get(), fresh, meta.c_str()));
    // Into the file itself: the log does not move with it.
    VORTEX_TRY_VOID(run_sql(handle.get(), fresh, "PRAGMA wal_checkpoint(TRUNCATE)"));
  }
  if (std::rename(fresh.c_str(), path.c_str()) != 0) {
    return std::unexpected(private_file_error("rename to", path, errno));
  }
  return sync_parent_of(path);
}

bool has_account_log(const std::string& path) {
  return std::ranges::any_of(std::array{"-wal", "-shm"}, [&](const char* end) {
    struct ::stat status{};
    return ::lstat((path + end).c_str(), &status) == 0;
  });
}

Result<std::string> put_account_file_aside(const std::string& path, TimePoint now) {
  std::string aside = fmt::format("{}{}{}", path, kAside, now.time_since_epoch().count());
  if (std::rename(path.c_str(), aside.c_str()) != 0 && errno != ENOENT) {
    return std::unexpected(private_file_error("rename", path, errno));
  }
  const std::string log = path + "-wal";
  if (std::rename(log.c_str(), (aside + "-wal").c_str()) != 0 && errno != ENOENT) {
    return std::unexpected(private_file_error("rename", log, errno));
  }
  const std::string index = path + "-shm";
  if (::unlink(index.c_str()) != 0 && errno != ENOENT) {
    return std::unexpected(private_file_error("remove", index, errno));
  }
  return aside;
}

Result<std::optional<TimePoint>> last_put_aside(const std::string& path) {
  const std::string start = std::filesystem::path(path).filename().string() + std::string(kAside);
  std::optional<TimePoint> last;
  std::error_code trouble;
  auto entry = std::filesystem::directory_iterator(parent_of(path), trouble);
  for (; !trouble && entry != std::filesystem::directory_iterator(); entry.increment(trouble)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(start)) continue;
    std::int64_t stamp = 0;
    const char* end = name.data() + name.size();
    const auto read = std::from_chars(name.data() + start.size(), end, stamp);
    if (read.ec != std::errc() || read.ptr != end) continue;  // the log of one
    last = std::max(last, std::optional(TimePoint{Duration{stamp}}));
  }
  if (trouble) return std::unexpected(private_file_error("list", parent_of(path), trouble.value()));
  return last;
}

}  // namespace vortex
