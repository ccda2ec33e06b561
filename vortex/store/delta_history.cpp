// The past of a table: snapshots and notes of earlier versions, versions by time. The cost of each
// is that of the commits since a checkpoint, or of a search by halves, however old the table is.
#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "vortex/store/delta_log.hpp"

namespace vortex {

Result<Snapshot> DeltaLog::snapshot_at(std::int64_t wanted) {
  if (wanted == version()) return snapshot_;
  if (wanted < 0 || wanted > version()) {
    return fail(ErrorCode::not_found, fmt::format("table {} has versions 0 to {}, not {}",
                                                  directory_, version(), wanted));
  }
  VORTEX_TRY(const auto listing, list_log(files_, directory_));
  return replay(listing, wanted);
}

Result<std::set<std::string>> DeltaLog::paths_since(std::int64_t first) {
  VORTEX_TRY(const Snapshot base, snapshot_at(first));
  std::set<std::string> paths;
  for (const auto& [path, file] : base.files) paths.insert(path);
  for (std::int64_t version = first + 1; version <= snapshot_.version; ++version) {
    VORTEX_TRY(const auto actions, read_commit(version));
    if (!actions) {
      return fail(ErrorCode::corrupt,
                  fmt::format("table {}: version {} is missing from the log", directory_, version));
    }
    for (const AddFile& add : actions->adds) paths.insert(add.path);
  }
  return paths;
}

Result<std::int64_t> DeltaLog::oldest_version() {
  VORTEX_TRY(const auto listing, list_log(files_, directory_));
  const auto oldest = listing.oldest_readable();
  if (!oldest) {
    return fail(ErrorCode::corrupt, fmt::format("table {}: its first version is missing from the "
                                                "log",
                                                directory_));
  }
  return *oldest;
}

// Timestamps rise from version to version, so that the search can go by halves.
Result<std::int64_t> DeltaLog::version_at(TimePoint time) {
  const auto wanted_ms =
      std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
  VORTEX_TRY(const std::int64_t oldest, oldest_version());
  std::int64_t found = oldest - 1;
  for (std::int64_t end = version() + 1; found + 1 < end;) {
    const std::int64_t middle = found + ((end - found) / 2);
    VORTEX_TRY(const auto note, note_of(middle));
    if (!note && middle != oldest) {
      return fail(ErrorCode::corrupt,
                  fmt::format("table {}: version {} is missing from the log", directory_, middle));
    }
    if (note && note->timestamp_ms <= wanted_ms) {
      found = middle;
    } else {
      end = middle;
    }
  }
  if (found >= oldest) return found;
  VORTEX_TRY(const auto first, note_of(oldest));
  const TimePoint made{std::chrono::milliseconds{first ? first->timestamp_ms : 0}};
  return fail(ErrorCode::not_found,
              fmt::format("table {} has no version at {}: the oldest{}, {}, was made at {}",
                          directory_, format_time(time), oldest > 0 ? " that was kept" : "", oldest,
                          first ? format_time(made) : "an unknown time"));
}

Result<std::optional<VersionNote>> DeltaLog::note_of(std::int64_t wanted) {
  if (const auto it = notes_.find(wanted); it != notes_.end()) return it->second;
  if (wanted < 0 || wanted > version()) return std::nullopt;
  VORTEX_TRY(const auto actions, read_commit(wanted));
  if (!actions) return std::nullopt;
  remember(wanted, *actions);
  return notes_[wanted];
}

}  // namespace vortex
