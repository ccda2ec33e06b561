#include "vortex/store/sqlite_handle.hpp"

#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <sqlite3.h>
#include <unistd.h>

#include "vortex/store/file_system.hpp"

namespace vortex {

Error sqlite_error(sqlite3* db, std::string_view name) {
  const int extended = sqlite3_extended_errcode(db);
  const int code = extended & 0xff;
  ErrorCode ours = ErrorCode::storage;
  if (code == SQLITE_FULL) ours = ErrorCode::disk_full;
  const bool unsound = code == SQLITE_CORRUPT || code == SQLITE_NOTADB ||
                       extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_DIR_FSYNC ||
                       extended == SQLITE_IOERR_SHORT_READ;
  if (unsound) ours = ErrorCode::corrupt;
  return Error{.code = ours, .message = fmt::format("{}: {}", name, sqlite3_errmsg(db))};
}

Result<void> run_sql(sqlite3* db, std::string_view name, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return std::unexpected(sqlite_error(db, name));
  }
  return {};
}

Result<void> make_private_database(const std::string& path) {
  constexpr mode_t kPrivateMode = 0600;
  const int file =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kPrivateMode);
  if (file < 0 && errno == EEXIST) return {};
  if (file < 0) return std::unexpected(file_error("open", path, errno));
  ::close(file);
  return {};
}

SqliteStatement::SqliteStatement(sqlite3* db, std::string_view name, const char* sql)
    : db_(db), name_(name) {
  sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
}

SqliteStatement::~SqliteStatement() {
  sqlite3_finalize(statement_);
}

void SqliteStatement::bind(int place, std::string_view text) {
  sqlite3_bind_text64(statement_, place, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void SqliteStatement::bind(int place, std::int64_t number) {
  sqlite3_bind_int64(statement_, place, number);
}

void SqliteStatement::bind_null(int place) {
  sqlite3_bind_null(statement_, place);
}

Result<bool> SqliteStatement::step() {
  const int code = statement_ == nullptr ? SQLITE_ERROR : sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);
    return false;
  }
  auto error = sqlite_error(db_, name_);
  sqlite3_reset(statement_);
  return std::unexpected(std::move(error));
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_);
}

std::int64_t SqliteStatement::whole(int column) {
  return sqlite3_column_int64(statement_, column);
}

bool SqliteStatement::is_null(int column) {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::string_view SqliteStatement::text(int column) {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::string_view() : std::string_view(data, size);
}

SqliteTransaction::~SqliteTransaction() {
  if (open_) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> SqliteTransaction::begin() {
  VORTEX_TRY_VOID(run_sql(db_, name_, "BEGIN IMMEDIATE"));
  open_ = true;
  return {};
}

Result<void> SqliteTransaction::commit() {
  VORTEX_TRY_VOID(run_sql(db_, name_, "COMMIT"));
  open_ = false;
  return {};
}

}  // namespace vortex
