// The file interface the store stands on: small enough that an object store can implement it and
// that a test can count and break each call. Paths are relative to one root and use '/'. A
// FileSystem belongs to one thread at a time, as do its readers and writers; they may not outlive
// it.
//
// Errors: not_found (absent), commit_conflict (put_if_absent met an existing file), disk_full,
// unsafe_path (a link where a file was expected), storage for the rest, with the system's own
// words.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"

namespace vortex {

struct FileStat {
  std::uint64_t size = 0;
  TimePoint modified;
};

struct PutOptions {
  std::optional<TimePoint> modified;  // the file's mtime; none: now
  bool private_file = false;          // 0600 instead of 0644
};

// Reads anywhere in one file.
class FileReader {
 public:
  virtual ~FileReader() = default;
  virtual std::uint64_t size() const = 0;
  // Fills the whole span, or fails: `corrupt` where the file ends before it.
  virtual Result<void> read_at(std::uint64_t offset, std::span<char> into) = 0;
};

// Writes a new file from its beginning. Dropped before `finish` succeeded, the file is removed.
class FileWriter {
 public:
  virtual ~FileWriter() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
  virtual std::uint64_t position() const = 0;
  // Makes the file and its name durable. After a failure the file is abandoned: what fsync failed
  // on may be gone although a second fsync would succeed.
  virtual Result<void> finish() = 0;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::string> read(const std::string& path) = 0;
  virtual Result<std::string> read_range(const std::string& path, std::uint64_t offset,
                                         std::uint64_t length) = 0;
  virtual Result<std::unique_ptr<FileReader>> open(const std::string& path) = 0;
  // The names in a directory, in no order; an absent directory has none.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  virtual Result<std::optional<FileStat>> stat(const std::string& path) = 0;

  // Whole and durable when it returns, or without effect. `put` replaces.
  virtual Result<void> put(const std::string& path, std::string_view bytes,
                           const PutOptions& options) = 0;
  virtual Result<void> put_if_absent(const std::string& path, std::string_view bytes,
                                     const PutOptions& options) = 0;
  // A new file under a name nobody knows yet; an existing one is a commit_conflict.
  virtual Result<std::unique_ptr<FileWriter>> open_new(const std::string& path) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  virtual Result<void> make_directories(const std::string& path) = 0;
  // Makes the names in a directory durable, also those of a process that died before it had done
  // so itself.
  virtual Result<void> sync_directory(const std::string& directory) = 0;

  // Where the path lies for libraries that open files themselves (SQLite); empty: nowhere, what
  // they would keep there is kept in memory.
  virtual std::string native_path(const std::string& path) const = 0;
};

// A local directory. Temporary file in the same directory, write, fsync, link (or rename for
// `put`), fsync of the directory. Links are not followed in the last part of a path.
std::unique_ptr<FileSystem> open_posix_file_system(std::string root);

// Is this a place where a dataset may be or be made? unsafe_path for a link or directory that
// another user planted, not_a_dataset for a file. An absent path is fine.
Result<void> check_store_path(const std::string& path);

// "storage: cannot write bars/x: No space left on device" with the code that fits errno.
Error file_error(std::string_view doing, std::string_view path, int error_number);

}  // namespace vortex
