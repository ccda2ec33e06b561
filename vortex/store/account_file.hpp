// The file of AccountDb as a file: where it may lie, making it, telling whether it is sound and
// still the one at its path, and renaming it aside. Private to the room. Belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "vortex/base/error.hpp"

struct sqlite3;

namespace vortex {

struct SqliteCloser {
  void operator()(sqlite3* db) const;
};
using SqliteHandle = std::unique_ptr<sqlite3, SqliteCloser>;

// Trouble of the system with the directory that was named as ours or a file in it: storage or
// disk_full, never not_found (of a path through a dangling link the system says that), with what to
// set.
Error private_file_error(std::string_view doing, std::string_view path, int error_number);

// Which file a path names.
struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileId&) const = default;
};

// Makes the directory and its parents where absent. unsafe_path: another user's, or open to all.
Result<void> prepare_private_directory(const std::string& path);

// None: nothing is there. unsafe_path: a link, not a file, or another user's.
Result<std::optional<FileId>> look_at_private_file(const std::string& path);

struct AccountFileOptions {
  Duration* wait_max = nullptr;  // for other processes; must outlive the handle
  std::int64_t pages_max = 0;
};

// An existing one. `corrupt` where it is no sound file of ours.
Result<SqliteHandle> open_account_file(const std::string& path, const AccountFileOptions& options);

// Makes an empty one, whole and durable before it has its name, and with it. `damaged_at`: of the
// one it replaces.
Result<void> make_account_file(const std::string& path, std::optional<TimePoint> damaged_at);

// Whether the log of a file lies there, or the log's index.
bool has_account_log(const std::string& path);

// Renames the file and its log aside, whichever there is; returns the file's new name.
Result<std::string> put_account_file_aside(const std::string& path, TimePoint now);

// When a file was last put aside, of those that still lie there.
Result<std::optional<TimePoint>> last_put_aside(const std::string& path);

}  // namespace vortex
