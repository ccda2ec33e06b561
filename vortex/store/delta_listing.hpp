// The names in a table's _delta_log, and what the folder holds. The listing decides which versions
// there are; `_last_checkpoint` is never trusted for that.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {

struct LogListing {
  std::vector<std::int64_t> commits;                             // ascending
  std::map<std::int64_t, std::vector<std::string>> checkpoints;  // paths of all parts; whole ones
  std::optional<std::int64_t> newest_uuid_checkpoint;            // a V2 checkpoint; not read by us

  bool has_commit(std::int64_t version) const;
  // The newest version that leaves a trace; -1: none.
  std::int64_t newest() const;
  // The oldest version whose state can be told; none when there is none.
  std::optional<std::int64_t> oldest_readable() const;
};

Result<LogListing> list_log(FileSystem& files, const std::string& table);

std::string log_folder(const std::string& table);
std::string commit_path(const std::string& table, std::int64_t version);
std::string checkpoint_path(const std::string& table, std::int64_t version);
// "bars/00000000000000000012": what a seal binds a log file to.
std::string log_place(const std::string& table, std::int64_t version);
// The version a log file's name begins with: twenty digits and a dot.
std::optional<std::int64_t> log_file_version(std::string_view name);

// A whole log file. `corrupt` beyond 1 GiB: no commit or checkpoint of ours comes near.
Result<std::string> read_log_file(FileSystem& files, const std::string& path);

}  // namespace vortex
