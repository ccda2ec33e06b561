#include "vortex/engine/doctor_disk.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace vortex {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::size_t kProbeBytes = 4096;
// A commit waits for a handful of fsyncs; beyond this they are what a sync spends its time on.
constexpr Duration kFsyncComfort = std::chrono::milliseconds(500);
constexpr std::string_view kSqliteMagic("SQLite format 3\0", 16);

std::string in_words(std::uint64_t bytes) {
  const auto size = static_cast<double>(bytes);
  if (bytes >= 1024 * kMiB) return fmt::format("{:.1f} GiB", size / (1024.0 * kMiB));
  return fmt::format("{:.1f} MiB", size / kMiB);
}

std::string setting_of(const DirectoryNeeds& needs) {
  return needs.name == "store" ? "store.uri (--store)" : needs.name;
}

std::string mending_cure(const DirectoryNeeds& needs, std::string_view directory) {
  return fmt::format("make {} writable for this user (chown, chmod, remount), or set {} elsewhere",
                     directory, setting_of(needs));
}

std::string room_cure(const DirectoryNeeds& needs, std::string_view directory) {
  return fmt::format("free space on the file system of {}, or set {} elsewhere", directory,
                     setting_of(needs));
}

// The directory itself, or the nearest one above that is there.
fs::path nearest_directory(const std::string& path) {
  std::error_code failure;
  fs::path at = fs::path(path).lexically_normal();
  if (!at.has_filename() && at.has_parent_path() && at != at.root_path()) at = at.parent_path();
  while (!at.empty() && at != at.root_path() && !fs::exists(at, failure)) at = at.parent_path();
  return at.empty() ? fs::path(".") : at;
}

// The error of a path that must not or cannot be used.
Result<void> check_path(const DirectoryNeeds& needs, const fs::path& nearest) {
  VORTEX_TRY_VOID(check_store_path(needs.path));
  std::error_code failure;
  if (!fs::is_directory(nearest, failure)) {
    return fail(ErrorCode::storage, fmt::format("{} is not a directory", nearest.string()));
  }
  return {};
}

CheckRow path_row(const DirectoryNeeds& needs, const fs::path& nearest, const Clock& clock) {
  const CheckTimer timer(clock, needs.name);
  if (const auto usable = check_path(needs, nearest); !usable) {
    return timer.failed(usable.error().code, usable.error().message,
                        fmt::format("set {} to a directory of your own", setting_of(needs)));
  }
  std::error_code failure;
  if (!fs::exists(needs.path, failure)) {
    return timer.ok(
        fmt::format("{} is not there yet; it will be made in {}", needs.path, nearest.string()));
  }
  struct ::stat status{};
  if (::stat(needs.path.c_str(), &status) != 0) {
    return timer.failed(ErrorCode::storage, file_error("look at", needs.path, errno).message,
                        mending_cure(needs, needs.path));
  }
  if (!needs.is_private) return timer.ok(needs.path);
  if (status.st_uid != ::geteuid()) {
    return timer.failed(ErrorCode::unsafe_path,
                        fmt::format("{} belongs to user {}", needs.path, status.st_uid),
                        fmt::format("set {} to a directory of your own", needs.name));
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return timer.warning(ErrorCode::unsafe_path, fmt::format("others can write to {}", needs.path),
                         fmt::format("chmod go-w {}", needs.path));
  }
  return timer.ok(needs.path);
}

CheckRow space_row(const DirectoryNeeds& needs, const std::string& directory,
                   const DiskAccess& disk, const Clock& clock) {
  const CheckTimer timer(clock, needs.name + ".space");
  const auto space = disk.space(directory);
  if (!space) {
    return timer.failed(space.error().code, space.error().message, mending_cure(needs, directory));
  }
  const std::string cure = room_cure(needs, directory);
  if (!space->has_file_entries)
    return timer.failed(ErrorCode::disk_full, "no file entries (inodes) are left", cure);
  const std::string free = in_words(space->bytes) + " free";
  if (space->bytes < needs.free_min) {
    return timer.failed(ErrorCode::disk_full,
                        fmt::format("{}; {} are needed", free, in_words(needs.free_min)), cure);
  }
  if (space->bytes < needs.free_comfort)
    return timer.warning(ErrorCode::disk_full, free + "; that will not last", cure);
  return timer.ok(free);
}

Result<void> probe(FileSystem& files, const std::string& name) {
  const std::string bytes(kProbeBytes, 'v');
  VORTEX_TRY_VOID(files.put(name, bytes, {.private_file = true}));
  const auto back = files.read(name);
  VORTEX_TRY_VOID(files.remove(name));
  if (!back) return std::unexpected(back.error());
  if (*back != bytes) return fail(ErrorCode::corrupt, "what was written reads back as other bytes");
  return {};
}

CheckRow fsync_row(const DirectoryNeeds& needs, const std::string& directory,
                   const DiskAccess& disk, const Clock& clock) {
  const CheckTimer timer(clock, needs.name + ".fsync");
  const auto files = disk.open(directory);
  if (const auto kept = probe(*files, fmt::format(".vortex-doctor-{}", ::getpid())); !kept) {
    const Error& error = kept.error();
    const bool full = error.code == ErrorCode::disk_full;
    // Where even the directory is gone the disk is at fault, not a name.
    const ErrorCode code = error.code == ErrorCode::not_found ? ErrorCode::storage : error.code;
    return timer.failed(code, error.message,
                        full ? room_cure(needs, directory) : mending_cure(needs, directory));
  }
  if (timer.elapsed() > kFsyncComfort) {
    return timer.warning(
        ErrorCode::storage, "a durable write works, but slowly",
        fmt::format("put {} on a local disk: network file systems and busy disks make every "
                    "commit wait",
                    setting_of(needs)));
  }
  return timer.ok("written, fsynced and read back");
}

}  // namespace

DiskAccess system_disk() {
  return {.open = [](const std::string& root) { return open_posix_file_system(root); },
          .space = [](const std::string& directory) -> Result<DiskSpace> {
            struct ::statvfs status{};
            if (::statvfs(directory.c_str(), &status) != 0) {
              return std::unexpected(file_error("measure", directory, errno));
            }
            // File systems without a fixed number of entries report none at all.
            return DiskSpace{.bytes = std::uint64_t{status.f_bavail} * status.f_frsize,
                             .has_file_entries = status.f_files == 0 || status.f_favail > 0};
          }};
}

DirectoryNeeds store_needs(std::string path, std::uint64_t batch_bytes_max) {
  return {.name = "store",
          .path = std::move(path),
          .free_min = 2 * batch_bytes_max,
          .free_comfort = 16 * batch_bytes_max};
}

DirectoryNeeds state_needs(std::string path) {
  return {.name = "state_dir",
          .path = std::move(path),
          .free_min = 4 * kMiB,
          .free_comfort = 64 * kMiB,
          .is_private = true};
}

std::vector<CheckRow> check_directory(const DirectoryNeeds& needs, const DiskAccess& disk,
                                      const Clock& clock) {
  const fs::path nearest = nearest_directory(needs.path);
  std::vector<CheckRow> rows{path_row(needs, nearest, clock)};
  if (rows.front().status == CheckStatus::failed) {
    for (const char* part : {".space", ".fsync"})
      rows.push_back(CheckTimer(clock, needs.name + part).skipped("the path cannot be used"));
    return rows;
  }
  rows.push_back(space_row(needs, nearest.string(), disk, clock));
  rows.push_back(fsync_row(needs, nearest.string(), disk, clock));
  return rows;
}

CheckRow check_quota_db(const std::string& state_dir, const DiskAccess& disk, const Clock& clock) {
  const CheckTimer timer(clock, "quota_db");
  const std::string path = state_dir + "/quota.db";
  struct ::stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR)
      return timer.ok("not there yet; the first call makes it");
    return timer.failed(ErrorCode::storage, file_error("look at", path, errno).message,
                        fmt::format("make {} readable for this user", path));
  }
  const auto files = disk.open(state_dir);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto head = files->read_range("quota.db", 0, std::min<std::uint64_t>(size, 16));
  if (!head) {
    return timer.failed(
        ErrorCode::storage, head.error().message,
        fmt::format("make {} a file readable for this user (chown, chmod 600)", path));
  }
  if (!head->empty() && *head != kSqliteMagic) {
    return timer.failed(ErrorCode::corrupt, fmt::format("{} is no SQLite database", path),
                        fmt::format("move {} away; today's allowances then count as used", path));
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return timer.warning(ErrorCode::unsafe_path, fmt::format("others can open {}", path),
                         fmt::format("chmod 600 {}", path));
  }
  return timer.ok(path);
}

}  // namespace vortex
