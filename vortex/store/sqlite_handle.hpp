// SQLite in the store's words: a prepared statement, a transaction that is rolled back unless
// committed, errors as ours. Private to the room. Belongs to one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vortex/base/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace vortex {

// disk_full, corrupt (a failed fsync too: what it was to make safe may be gone although the next
// one would succeed), or storage. `name` is the file, for the message.
Error sqlite_error(sqlite3* db, std::string_view name);

Result<void> run_sql(sqlite3* db, std::string_view name, const char* sql);

// Makes the file where absent, for us alone from its first byte: SQLite makes files by the umask.
// One that is there is not touched: closing it would give back the locks that SQLite holds on it in
// this process (fcntl(2)).
Result<void> make_private_database(const std::string& path);

// Bound by position from 1, read by position from 0. `name` must outlive it.
class SqliteStatement {
 public:
  SqliteStatement(sqlite3* db, std::string_view name, const char* sql);
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;
  ~SqliteStatement();

  void bind(int place, std::string_view text);  // which must live until the next reset
  void bind(int place, std::int64_t number);
  void bind_null(int place);

  // True: a row is there; reset() when done with it. After the last row, and after a failure, the
  // statement is ready for new values.
  Result<bool> step();
  void reset();

  std::int64_t whole(int column);
  bool is_null(int column);
  std::string_view text(int column);  // until the next step or reset

 private:
  sqlite3* db_;
  std::string_view name_;
  sqlite3_stmt* statement_ = nullptr;
};

// Takes the write lock at once, so that nothing read before it can be out of date.
class SqliteTransaction {
 public:
  SqliteTransaction(sqlite3* db, std::string_view name) : db_(db), name_(name) {}
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;
  ~SqliteTransaction();

  Result<void> begin();
  Result<void> commit();

 private:
  sqlite3* db_;
  std::string_view name_;
  bool open_ = false;
};

}  // namespace vortex
