// state.db: per series what is covered, how many rows there are and the newest stamps, so that
// planning a sync reads no data file. Everything in it can be made again from the tables, so it is
// never trusted over them: it carries the bars version it was made for, and one that is damaged or
// behind is thrown away and rebuilt.
//
// SQLite in WAL mode, synchronous = NORMAL: writing waits for no fsync, a reader never blocks the
// writer, and a crash loses at most the last transactions, which the version shows. (A rollback
// journal costs two fsyncs a commit; without sync a crash could damage the file.) Mode 0600. Not
// thread-safe; several processes may have it open.
//
// The changes of a large commit are added as one row and merged into their series when states are
// asked for, or when 64 commits wait: ten thousand rows updated one by one cost more than storing a
// day of their bars.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/store/dataset.hpp"
#include "vortex/store/state_change.hpp"

namespace vortex {

class StateDb {
 public:
  // Opens or makes the file. `corrupt` when it is no sound database of ours.
  static Result<StateDb> open(const std::string& path);
  // One that is gone with the object, for readers of a disk that takes no writes.
  static Result<StateDb> open_in_memory();
  StateDb(const StateDb&) = delete;
  StateDb& operator=(const StateDb&) = delete;
  StateDb(StateDb&&) noexcept;
  StateDb& operator=(StateDb&&) noexcept;
  ~StateDb();

  // The bars version the content stands for; -1: none yet.
  Result<std::int64_t> bars_version();
  Result<std::string> note();  // what was rebuilt and why; empty: nothing was

  Result<std::vector<SeriesState>> states(const std::vector<SeriesKey>& keys);
  Result<std::vector<SeriesState>> all_states();

  // Applies the changes that made `version` out of `version - 1`, in one transaction. Where the
  // content already stands for `version` or later only marks are added. False, and nothing done,
  // where it is further behind: rebuild.
  Result<bool> apply(const std::vector<SeriesChange>& changes, std::int64_t version);
  // Marks alone; no version is made.
  Result<void> add_marks(const std::vector<SeriesChange>& changes);

  // Replaces everything.
  Result<void> replace(const std::vector<SeriesState>& states, std::int64_t version,
                       const std::string& note);

 private:
  struct Impl;
  explicit StateDb(std::unique_ptr<Impl> impl);
  static Result<StateDb> open_database(const std::string& name);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vortex
