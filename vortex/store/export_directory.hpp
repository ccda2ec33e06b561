// The directory an export goes to: what in it is ours, and each file whole or not at all.
//
// Ours is what the manifest lists, as long as its bytes are still those that were written. Anything
// else is foreign: it is never replaced or removed, and refuses the export unless `force` says that
// it may stay beside it. Before the first file is written the manifest says "writing" and names all
// files to come, so that an export that was cut off is simply made again.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/store/export_manifest.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {

class ExportDirectory {
 public:
  // Reads what is there. `files` is rooted at the directory, which may be absent, and outlives it.
  static Result<ExportDirectory> open(FileSystem& files, bool force);

  // Refuses (usage) an export of another format or interval, foreign files, files of ours that were
  // changed, and files of an earlier export that this one would not make anew; `force` lets foreign
  // files stay, and replaces the rest. Then notes what is to come.
  Result<void> begin(const ExportManifest& planned, const std::string& folder);

  // True where the file was written, false where it holds these bytes already.
  Result<bool> put(const std::string& path, std::string_view bytes, std::string_view sha256);

  // Removes what the earlier export had and this one has not, then writes the manifest.
  Result<void> finish(ExportManifest manifest);

 private:
  ExportDirectory(FileSystem& files, bool force) : files_(&files), force_(force) {}

  Result<void> refuse_foreign(const std::string& folder);
  Result<void> refuse_taken(const ExportManifest& planned);
  Result<void> refuse_changed() const;
  Result<void> read_present();

  FileSystem* files_;
  bool force_;
  std::optional<ExportManifest> earlier_;
  std::map<std::string, std::string> present_;  // files the manifest lists → sha256 of their bytes
};

}  // namespace vortex
