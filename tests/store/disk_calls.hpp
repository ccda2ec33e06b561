// The calls that the C library makes to the system for files below one directory: counted, and if
// asked recorded, made to fail, or the last thing this process does. A program that links
// disk_calls_libc.cpp has its definitions of these functions in place of the C library's, for
// itself and for every library it loads, SQLite and Arrow among them.
//
// Write side: open that creates or cuts, write, pwrite, fsync, fdatasync, link, rename, unlink,
// mkdir, rmdir, ftruncate, chmod, fchmod, fchown, futimens. Read side: open that does neither,
// read, pread, lstat, fstat, opendir, close. Each also by its name with 64. No others are made:
// DiskCallsTest compares with the kernel's own count. Not seen: the memory that SQLite maps
// (state.db-shm), which any crash makes void, and locks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vortex::store_test {

enum class DiskCallKind : std::uint8_t {
  create,    // a new file, and the handle it is known by
  open,      // an existing one
  write,     // offset and bytes
  truncate,  // offset is the new size
  sync,      // of a file or a directory
  link,      // path gets the name `other` too
  rename,    // path becomes `other`
  unlink,
  make_directory,
  remove_directory,
  attributes,  // times, mode
  read,
  look,  // lstat, fstat
  list,
  close,
};
const char* to_string(DiskCallKind kind);
bool changes_the_disk(DiskCallKind kind);

struct DiskCall {
  DiskCallKind kind = DiskCallKind::write;
  std::string path;  // below the watched directory, without it
  std::string other;
  int handle = 0;  // an open file or directory; counted from 1 within a watch
  std::uint64_t offset = 0;
  std::string bytes;
};

enum class DiskFailure : std::uint8_t {
  none,
  error,         // the call does nothing and returns error_number
  interrupt,     // open, read, write, fsync, ftruncate: EINTR, once; other calls pass
  short_write,   // a write takes half of what it was given; other calls pass
  kill,          // SIGKILL in place of the call
  kill_in_call,  // SIGKILL when a write took half; other calls: after them
  exit,          // _exit in place of the call: destructors of no object run
  abandon,       // as if killed, the process going on: no later call changes the disk either
};

struct DiskPlan {
  std::string directory;  // absolute, without links
  DiskFailure failure = DiskFailure::none;
  int at = 0;             // the call that meets it, counted from 1
  bool for_ever = false;  // and all later ones
  int error_number = 5;   // EIO
  bool write_side = true;
  bool read_side = false;  // which calls count
  bool record = false;     // calls that succeeded and change the disk
};

// One at a time in a process; other threads may make calls meanwhile. fsync below the directory
// is counted but not passed to the machine's own disk.
class DiskWatch {
 public:
  explicit DiskWatch(DiskPlan plan);
  DiskWatch(const DiskWatch&) = delete;
  DiskWatch& operator=(const DiskWatch&) = delete;
  ~DiskWatch();

  int calls() const;  // of the sides that count
  bool fired() const;
  std::string met() const;  // the first call that met the failure: "write bars/x"
  std::size_t recorded() const;
  std::size_t recorded_when_fired() const;
  std::vector<DiskCall> take_record();
};

inline constexpr int kExitedInCall = 99;  // status of a process that DiskFailure::exit ended

}  // namespace vortex::store_test
