#include "vortex/store/place_check.hpp"

#include <cerrno>

#include <fmt/core.h>
#include <sys/stat.h>

namespace vortex {
namespace {

Error unfit(const FileSystem& files, const std::string& folder, std::string_view what) {
  return Error{.code = ErrorCode::storage,
               .message = fmt::format("{}: this file system {}", files.native_path(folder), what),
               .hint =
                   "keep the dataset on a local file system (ext4, XFS, APFS, …) or on NFS "
                   "that supports hard links"};
}

// What a disk that is full or read-only says of the first file is passed on as it is.
Result<void> try_exclusive_create(FileSystem& files, const std::string& folder,
                                  const std::string& name) {
  VORTEX_TRY_VOID(files.put(name, "first", {}));
  const auto second = files.put_if_absent(name, "second", {});
  if (!second && second.error().code == ErrorCode::storage) {
    return std::unexpected(unfit(files, folder, "cannot create a file under a name only once")
                               .with_evidence(second.error().message));
  }
  if (!second && second.error().code != ErrorCode::commit_conflict) return second;
  VORTEX_TRY(const auto kept, files.read(name));
  if (!second && kept == "first") return {};
  return std::unexpected(
      unfit(files, folder, "lets two writers create the same file: one commit would be lost"));
}

Result<void> try_replace(FileSystem& files, const std::string& folder, const std::string& name) {
  VORTEX_TRY_VOID(files.put(name, "third", {}));
  VORTEX_TRY(const auto kept, files.read(name));
  if (kept == "third") return {};
  return std::unexpected(unfit(files, folder, "does not put a renamed file in the other's place"));
}

// Device and inode of a directory; empty where it is not on a disk.
Result<std::string> identity_of(const FileSystem& files, const std::string& folder) {
  const std::string native = files.native_path(folder);
  if (native.empty()) return std::string();
  struct ::stat status{};
  if (::stat(native.c_str(), &status) != 0) {
    auto error = file_error("look at", native, errno);
    if (error.code == ErrorCode::not_found) error.code = ErrorCode::storage;
    return std::unexpected(std::move(error));
  }
  return fmt::format("{} {}\n", status.st_dev, status.st_ino);
}

}  // namespace

Result<void> check_place(FileSystem& files, const std::string& folder, Random& random) {
  const std::string name = fmt::format("{}/.probe-{}.tmp", folder, random.uuid());
  auto sound = try_exclusive_create(files, folder, name);
  if (sound) sound = try_replace(files, folder, name);
  auto removed = files.remove(name);
  return sound ? removed : sound;
}

Result<void> check_place_once(FileSystem& files, const std::string& folder, const std::string& note,
                              Random& random) {
  VORTEX_TRY(const std::string identity, identity_of(files, folder));
  if (identity.empty()) return {};
  const auto known = files.read(note);
  if (known && *known == identity) return {};
  VORTEX_TRY_VOID(check_place(files, folder, random));
  return files.put(note, identity, {});
}

}  // namespace vortex
