// The commit log of one Delta table: which files make up each version, and the way to add a
// version. Reader protocol 1, writer protocol 2. Opening reads the newest checkpoint and the
// commits after it; from then on only new commits are read. One thread at a time; borrows the file
// system.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/store/delta_actions.hpp"
#include "vortex/store/delta_listing.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {

// What a table is at one version. Files are shared between snapshots.
struct Snapshot {
  std::int64_t version = -1;
  TableProtocol protocol;
  TableMetadata metadata;
  std::map<std::string, std::shared_ptr<const AddFile>> files;          // by path
  std::map<std::string, std::shared_ptr<const RemoveFile>> tombstones;  // taken out, by path
  std::map<std::string, AppTransaction> transactions;                   // by application

  void apply(CommitActions actions);
};

struct VersionNote {
  std::int64_t timestamp_ms = 0;
  std::string commit_id;      // empty: not written by Vortex
  bool appends_only = false;  // no file was removed
  bool rearranges = false;    // the same rows in other files: no action changes data
};

class DeltaLog {
 public:
  // A checkpoint is written when the newest one known lies this many versions back.
  static constexpr std::int64_t kCheckpointEvery = 10;

  // `directory` is the table's folder below the file system's root.
  DeltaLog(FileSystem& files, std::string directory);

  // Reads the newest version; false where there is no table. newer_protocol names what is unknown,
  // corrupt what is missing or damaged. A damaged checkpoint is passed over where older ones and
  // the commits still tell the same.
  Result<bool> load();
  bool loaded() const { return snapshot_.version >= 0; }
  const Snapshot& snapshot() const { return snapshot_; }
  std::int64_t version() const { return snapshot_.version; }
  const std::string& directory() const { return directory_; }

  // Reads commits made since; true when there were any. `storage` when the log was removed or
  // replaced by another while it was open.
  Result<bool> refresh();

  // Writes `actions` as version() + 1 and applies them. The timestamp becomes max(now, last + 1
  // ms). commit_conflict: somebody else made that version; refresh and plan anew. Every tenth
  // commit is followed by a checkpoint; one that cannot be written is logged and tried again after
  // the next commit.
  Result<void> commit(CommitActions actions, TimePoint now);

  // What the log says, commits of others among it, outlives a loss of power once this returned:
  // whoever wrote the newest may have died between giving it its name and the fsync.
  Result<void> make_durable();

  // The timestamp the next commit would get, in ms.
  Result<std::int64_t> next_timestamp(TimePoint now);

  // The table as it was. not_found for versions that never were or are cleaned away.
  Result<Snapshot> snapshot_at(std::int64_t wanted);
  // The newest version made at or before `time`; not_found before the oldest that can be read.
  Result<std::int64_t> version_at(TimePoint time);
  // None where the commit's file was cleaned away.
  Result<std::optional<VersionNote>> note_of(std::int64_t wanted);
  // May Vortex write here? newer_protocol with the reason if not.
  Result<void> check_writable() const;

  // The paths of every data file that `first` or a later version has or had.
  Result<std::set<std::string>> paths_since(std::int64_t first);
  // The oldest version that snapshot_at can give.
  Result<std::int64_t> oldest_version();
  // Writes a checkpoint of the newest version (of version() when nobody was faster) now.
  Result<void> checkpoint();
  // Removes what only versions below `version` need: their commits and checkpoints. Writes a
  // checkpoint of `version` first, so that it becomes the oldest version that can be read. Data
  // files are not touched: remove only what vacuum cut before. Done again after a crash it goes on
  // where it stopped. Side tables whose rows name those versions are to be settled before
  // (SideTable::settle).
  Result<void> clean_below(std::int64_t version);

 private:
  Result<std::optional<CommitActions>> read_commit(std::int64_t version);
  Result<Snapshot> replay(const LogListing& listing, std::int64_t version);
  Result<Snapshot> newest_base(const LogListing& listing, std::int64_t version);
  Result<void> replay_commit(Snapshot& snapshot, const LogListing& listing);
  Error not_there(const LogListing& listing, std::int64_t wanted, std::int64_t missing) const;
  Result<bool> still_there();
  Result<bool> load_again();
  Result<void> check_readable(const Snapshot& snapshot) const;
  void remember(std::int64_t version, const CommitActions& actions);
  void note_identity();
  void checkpoint_when_due();
  Result<bool> checkpoint_is_due();
  Result<void> write_checkpoint_of(const Snapshot& snapshot);
  Result<void> point_to_checkpoint(std::int64_t version, std::int64_t rows, std::int64_t bytes,
                                   std::int64_t adds);

  FileSystem& files_;
  std::string directory_;
  Snapshot snapshot_;
  std::map<std::int64_t, VersionNote> notes_;
  std::optional<FileStat> identity_;  // of the newest commit's file, as it was when we read it
  bool durable_ = false;              // no commit was read since the log folder was synced
  std::int64_t checkpointed_ = 0;     // the newest version known to have a checkpoint
};

}  // namespace vortex
