// Checks of the directories Vortex writes: is the path safe, is there room, and does a file written
// there and fsynced read back. A directory that is not there yet is judged by the nearest one above
// it; nothing is left behind. Blocks on the disk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "vortex/engine/doctor.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {

struct DiskSpace {
  std::uint64_t bytes = 0;       // free for this user
  bool has_file_entries = true;  // false: no inode is left
};

// What the checks touch.
struct DiskAccess {
  std::function<std::unique_ptr<FileSystem>(const std::string& root)> open;
  std::function<Result<DiskSpace>(const std::string& directory)> space;
};
DiskAccess system_disk();

struct DirectoryNeeds {
  std::string name;  // "store", "state_dir": the rows' names begin with it
  std::string path;
  std::uint64_t free_min = 0;      // less is a failure
  std::uint64_t free_comfort = 0;  // less is a warning
  bool is_private = false;         // others must not be able to write there
};
// A commit needs its batch twice: the packs of raw bytes and the bars.
DirectoryNeeds store_needs(std::string path, std::uint64_t batch_bytes_max);
DirectoryNeeds state_needs(std::string path);

// Rows NAME (the path), NAME.space, NAME.fsync; the later ones are skipped where the path is no
// good.
std::vector<CheckRow> check_directory(const DirectoryNeeds& needs, const DiskAccess& disk,
                                      const Clock& clock);

// The ledger of allowances in state_dir; fine while it does not exist.
CheckRow check_quota_db(const std::string& state_dir, const DiskAccess& disk, const Clock& clock);

}  // namespace vortex
