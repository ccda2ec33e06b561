// The file of AccountDb as a file: where it may lie, making it, telling whether it is sound and
// still the one at its path, and renaming it aside. Private to the room. Belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "vortex/base/error.hpp"

struct sqlite3;

namespace vortex {

struct SqliteCloser {
  void operator()(sqlite3* db) const;
};
using SqliteHandle = std::unique_ptr<sqlite3, SqliteCloser>;

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

// Makes an empty one, whole before it has its name. `damaged_at`: of the one it replaces.
Result<void> make_account_file(const std::string& path, std::optional<TimePoint> damaged_at);

// Renames the file and its log aside; returns the new name.
Result<std::string> put_account_file_aside(const std::string& path, TimePoint now);

}  // namespace vortex
