// A file system in memory, for simulation: the contract of FileSystem without a disk. The disk and
// the file systems on it are apart, so that a dataset can be closed and opened again on the same
// content, or by two at once. Faults by call number: FaultyFileSystem over it
// (vortex/store/faulty_file_system.hpp). Belongs to one thread, disk and file systems alike.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "vortex/base/clock.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {

// What is stored. Copying a disk is a snapshot of it: contents are shared and never change.
class MemoryDisk {
 public:
  struct File {
    std::shared_ptr<const std::string> bytes;
    TimePoint modified;
    bool private_file = false;
  };

  std::uint64_t bytes_stored() const;
  std::uint64_t files_stored() const { return files_.size(); }

 private:
  friend class MemoryFileSystem;
  friend class MemoryWriter;

  std::map<std::string, File, std::less<>> files_;  // by whole path
  std::set<std::string, std::less<>> directories_;  // without the root, which is always there
  std::set<std::string, std::less<>> being_written_;
};

// Times of files are the clock's, which must outlive it. Has no native path: SQLite keeps what it
// would put there in memory, so that state.db is made anew whenever a dataset is opened.
std::unique_ptr<FileSystem> open_memory_file_system(std::shared_ptr<MemoryDisk> disk,
                                                    const Clock& clock);

}  // namespace vortex
