// The commit log of one Delta table: which files make up each version, and the way to add a
// version. Reader protocol 1, writer protocol 2. Only new log files are read after the first load.
// One thread at a time; borrows the file system.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/store/delta_actions.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {

// What a table is at one version. Files are shared between snapshots.
struct Snapshot {
  std::int64_t version = -1;
  TableProtocol protocol;
  TableMetadata metadata;
  std::map<std::string, std::shared_ptr<const AddFile>> files;  // by path

  void apply(CommitActions actions);
};

struct VersionNote {
  std::int64_t timestamp_ms = 0;
  std::string commit_id;      // empty: not written by Vortex
  bool appends_only = false;  // no file was removed
};

class DeltaLog {
 public:
  // `directory` is the table's folder below the file system's root.
  DeltaLog(FileSystem& files, std::string directory);

  // Reads the newest version; false where there is no table. newer_protocol names what is unknown.
  Result<bool> load();
  bool loaded() const { return snapshot_.version >= 0; }
  const Snapshot& snapshot() const { return snapshot_; }
  std::int64_t version() const { return snapshot_.version; }
  const std::string& directory() const { return directory_; }

  // Reads commits made since; true when there were any.
  Result<bool> refresh();

  // Writes `actions` as version() + 1 and applies them. The timestamp becomes max(now, last + 1
  // ms). commit_conflict: somebody else made that version; refresh and plan anew.
  Result<void> commit(CommitActions actions, TimePoint now);

  // The timestamp the next commit would get, in ms.
  Result<std::int64_t> next_timestamp(TimePoint now);

  // The table as it was. not_found for versions that never were or are cleaned away.
  Result<Snapshot> snapshot_at(std::int64_t wanted);
  // The newest version made at or before `time`.
  Result<std::int64_t> version_at(TimePoint time);
  // None where the commit's file was cleaned away.
  Result<std::optional<VersionNote>> note_of(std::int64_t wanted);
  // May Vortex write here? newer_protocol with the reason if not.
  Result<void> check_writable() const;

 private:
  struct Listing {
    std::vector<std::int64_t> commits;                             // ascending
    std::map<std::int64_t, std::vector<std::string>> checkpoints;  // by version: its parts
  };

  Result<Listing> list_log();
  Result<std::optional<CommitActions>> read_commit(std::int64_t version);
  Result<Snapshot> replay(const Listing& listing, std::int64_t version);
  Result<void> check_readable(const Snapshot& snapshot) const;
  void remember(std::int64_t version, const CommitActions& actions);
  std::string commit_path(std::int64_t version) const;

  FileSystem& files_;
  std::string directory_;
  Snapshot snapshot_;
  std::map<std::int64_t, VersionNote> notes_;
};

// Reads the parts of a classic checkpoint into actions (delta_checkpoint.cpp).
Result<CommitActions> read_checkpoint(FileSystem& files, const std::vector<std::string>& parts);

}  // namespace vortex
