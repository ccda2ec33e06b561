// Does the file system under a dataset keep what its commits stand on: of two that make the same
// name exactly one succeeds, and a file put in another's place is there whole? FAT and some network
// mounts do not; there two writers would overwrite each other's commits, so we refuse to write.
#pragma once

#include <string>

#include "vortex/base/error.hpp"
#include "vortex/base/random.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {

// Tries it in `folder` and takes its traces away. `storage` says what is missing.
Result<void> check_place(FileSystem& files, const std::string& folder, Random& random);

// The same, once for a directory: `note`, a file, keeps which one was found sound (device and
// inode; a copy or another mount is tried anew). A file system without native paths is believed.
Result<void> check_place_once(FileSystem& files, const std::string& folder, const std::string& note,
                              Random& random);

}  // namespace vortex
