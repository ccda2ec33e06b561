#include "vortex/store/export_directory.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "vortex/base/sha256.hpp"

namespace vortex {
namespace {

Error refusal(std::string message, std::string hint) {
  return {.code = ErrorCode::usage, .message = std::move(message), .hint = std::move(hint)};
}

std::set<std::string> paths_of(const ExportManifest& manifest) {
  std::set<std::string> paths;
  for (const ExportedFile& file : manifest.files) paths.insert(file.path);
  return paths;
}

// A manifest is a file anyone can edit: what it lists must lie in the directory.
bool is_inside(std::string_view path) {
  return !path.empty() && path.front() != '/' && !path.contains("..");
}

}  // namespace

Result<ExportDirectory> ExportDirectory::open(FileSystem& files, bool force) {
  ExportDirectory directory(files, force);
  const std::string name(kExportManifestName);
  VORTEX_TRY(const auto there, files.stat(name));
  if (!there) return directory;
  VORTEX_TRY(const std::string text, files.read(name));
  VORTEX_TRY(directory.earlier_, parse_export_manifest(text));
  for (const ExportedFile& file : directory.earlier_->files) {
    if (is_inside(file.path)) continue;
    return fail(ErrorCode::corrupt, fmt::format("{} lists a path outside its directory: {}", name,
                                                untrusted(file.path, 100)));
  }
  VORTEX_TRY_VOID(directory.read_present());
  return directory;
}

Result<void> ExportDirectory::read_present() {
  for (const ExportedFile& file : earlier_->files) {
    VORTEX_TRY(const auto there, files_->stat(file.path));
    if (!there) continue;
    VORTEX_TRY(const std::string bytes, files_->read(file.path));
    present_[file.path] = sha256_hex(bytes);
  }
  return {};
}

Result<void> ExportDirectory::begin(const ExportManifest& planned, const std::string& folder) {
  if (earlier_ && (earlier_->format != planned.format || earlier_->interval != planned.interval)) {
    return std::unexpected(
        refusal(fmt::format("there is an export to {} of {} bars already",
                            untrusted(earlier_->format, 20), untrusted(earlier_->interval, 10)),
                "choose another directory"));
  }
  VORTEX_TRY_VOID(files_->make_directories(folder));
  VORTEX_TRY_VOID(refuse_foreign(folder));
  VORTEX_TRY_VOID(refuse_taken(planned));
  VORTEX_TRY_VOID(refuse_changed());
  ExportManifest writing = planned;
  writing.complete = false;
  const auto to_come = paths_of(planned);
  if (earlier_) {
    for (const ExportedFile& file : earlier_->files) {
      if (to_come.contains(file.path)) continue;
      if (!force_ && present_.contains(file.path)) {
        return std::unexpected(
            refusal(fmt::format("the export that is there has '{}', this one would not",
                                untrusted(file.symbol, 60)),
                    "name its symbols too, or --force to remove what is not named"));
      }
      writing.files.push_back(file);
    }
  }
  return files_->put(std::string(kExportManifestName), to_json(writing), {});
}

Result<void> ExportDirectory::refuse_foreign(const std::string& folder) {
  if (force_) return {};
  std::set<std::string> ours{std::string(kExportManifestName), folder};
  if (earlier_) ours.merge(paths_of(*earlier_));
  std::vector<std::string> places{""};
  if (!folder.empty()) places.push_back(folder);
  for (const std::string& place : places) {
    VORTEX_TRY(auto names, files_->list(place));
    std::ranges::sort(names);
    for (const std::string& name : names) {
      const std::string path = place.empty() ? name : place + "/" + name;
      if (name.starts_with('.') || ours.contains(path)) continue;
      return std::unexpected(
          refusal(fmt::format("'{}' is there and not from an export", untrusted(path, 100)),
                  "choose an empty directory, or --force to leave it beside the export"));
    }
  }
  return {};
}

// Where a name is taken by somebody else's file, even --force must not replace it.
Result<void> ExportDirectory::refuse_taken(const ExportManifest& planned) {
  for (const ExportedFile& file : planned.files) {
    if (present_.contains(file.path)) continue;
    VORTEX_TRY(const auto there, files_->stat(file.path));
    if (!there) continue;
    return std::unexpected(
        refusal(fmt::format("'{}' is there and not from an export", untrusted(file.path, 100)),
                "move it away: it is never replaced"));
  }
  return {};
}

Result<void> ExportDirectory::refuse_changed() const {
  if (force_ || !earlier_ || !earlier_->complete) return {};
  for (const ExportedFile& file : earlier_->files) {
    const auto there = present_.find(file.path);
    if (there == present_.end() || there->second == file.sha256) continue;
    return std::unexpected(
        refusal(fmt::format("'{}' was changed since it was exported", untrusted(file.path, 100)),
                "move it away, or --force to replace it"));
  }
  return {};
}

Result<bool> ExportDirectory::put(const std::string& path, std::string_view bytes,
                                  std::string_view sha256) {
  const auto there = present_.find(path);
  if (there != present_.end() && there->second == sha256) return false;
  VORTEX_TRY_VOID(files_->put(path, bytes, {}));
  return true;
}

Result<void> ExportDirectory::finish(ExportManifest manifest) {
  const auto made = paths_of(manifest);
  for (const auto& [path, sha256] : present_) {
    if (!made.contains(path)) VORTEX_TRY_VOID(files_->remove(path));
  }
  manifest.complete = true;
  return files_->put(std::string(kExportManifestName), to_json(manifest), {});
}

}  // namespace vortex
