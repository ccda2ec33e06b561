// A small file of our own state: read and replaced whole, 0600, never through a symbolic link.
// These calls block on the disk: a CPU pool's work, not the I/O thread's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "vortex/base/error.hpp"

namespace vortex {

// `not_found` where there is none; `unsafe_path` for a link, for what is no regular file, and for a
// file that others own or may write.
Result<std::string> read_private_file(const std::string& path, std::size_t bytes_max);

// All of it or nothing, whatever crashes: temporary file, fsync, rename, fsync of the directory.
// After an error the old content stands (after one of the last step, either).
Result<void> replace_private_file(const std::string& path, std::string_view text);

}  // namespace vortex
