// Which bucket of time a data file belongs to, into which files a commit's rows go, and which files
// are worth merging into one. Closed
// days become months and closed months years; intraday one level finer. Pure functions of what the
// log says of the files and of `now`; docs/dataset.md gives the reasons of the sizes.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "vortex/base/time.hpp"
#include "vortex/model/interval.hpp"
#include "vortex/model/time_range.hpp"
#include "vortex/store/delta_actions.hpp"

namespace vortex {

// A bars file is closed at the first new symbol after so many rows: rewriting one takes ~0.4 s.
inline constexpr std::int64_t kFileRowsMax = std::int64_t{1} << 20;
// A commit's new rows become several files, cut between units of time, once each has so many:
// rewriting one takes ~50 ms, writing one more ~2 ms.
inline constexpr std::int64_t kCommitFileRowsMin = std::int64_t{1} << 17;
// Files over several buckets that lie over each other in time become one up to here, larger ones a
// file for each bucket: rewriting so much takes ~50 ms.
inline constexpr std::int64_t kWideBytesMax = std::int64_t{8} << 20;
// Side tables grow no file beyond this.
inline constexpr std::int64_t kSideBytesMax = std::int64_t{64} << 20;
// What a compaction after a sync may read.
inline constexpr std::int64_t kAutomaticBytesMax = std::int64_t{32} << 20;
// What one merge reads at once; more files take several rounds.
inline constexpr std::size_t kMergeFilesMax = 128;
inline constexpr std::int64_t kMergeBufferedMax = std::int64_t{128} << 20;

// When merging is worth a commit.
struct MergePolicy {
  std::size_t closed_files_min = 2;  // in a closed bucket
  std::size_t wide_files_min = 2;    // over several buckets, and over the same moment
  std::size_t open_files_min = 48;   // in the one that still grows: more than a month's commits
  std::int64_t bytes_max = INT64_MAX;
  static MergePolicy by_hand() { return {}; }
  static MergePolicy automatic() {
    return {.closed_files_min = 4,
            .wide_files_min = 32,
            .open_files_min = 48,
            .bytes_max = kAutomaticBytesMax};
  }
};

// The bucket that holds a bar's time, as things stand at `now`. Buckets tile all time; the last one
// is open and has no end.
TimeRange bucket_of(Interval interval, TimePoint time, TimePoint now);

// What a file of new rows takes whole: a closed bucket, or a day of the open one.
TimeRange unit_of(Interval interval, TimePoint time, TimePoint now);

// How many rows a commit brings to each unit, by the unit's start.
using UnitRows = std::map<TimePoint, std::int64_t>;

// One file of a commit's new rows: those of a time, and their number.
struct FileCut {
  TimeRange range;
  std::int64_t rows = 0;
  bool operator==(const FileCut&) const = default;
};

// From the newest unit back each file takes whole units until it has kCommitFileRowsMin rows;
// the oldest also takes what is left over, so a small commit is one file. Oldest first; they tile
// all time.
std::vector<FileCut> cut_into_files(const UnitRows& rows);

struct MergeTask {
  std::vector<const AddFile*> inputs;
  bool split = false;  // rows go to a file for each bucket; else all to one bucket's
  std::int64_t bytes() const;
};

// The merges of one partition: each file in one task at most. What is planned from the files that
// these leave behind comes to an end.
std::vector<MergeTask> plan_merges(const std::vector<const AddFile*>& files, Interval interval,
                                   TimePoint now, const MergePolicy& policy);

// Runs of neighbours in age of a side table, oldest first, each to become one file. `automatic`
// keeps the cost of a growing table at n log n.
std::vector<std::vector<const AddFile*>> plan_side_merges(std::vector<const AddFile*> files,
                                                          bool automatic);

}  // namespace vortex
