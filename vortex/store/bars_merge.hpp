// Merging bars files: the same rows, sorted by symbol and timestamp, in as few files as their
// buckets allow. Streams: of each input a slice is in memory, of all outputs kOutputRowsMax rows. A
// foreign file that is not sorted is read whole. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/random.hpp"
#include "vortex/store/bars_statistics.hpp"
#include "vortex/store/bucket.hpp"
#include "vortex/store/delta_actions.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {

struct MergedFiles {
  std::vector<AddFile> adds;
  RowsDigest rows;
};

// Writes the task's rows anew and reads back what was written: `internal`, and nothing left behind,
// unless it is what was read. Rows of one key stay, in the order of the inputs.
Result<MergedFiles> merge_bars(FileSystem& files, Random& random, const MergeTask& task,
                               Interval interval, TimePoint now);

// Takes back files that no log names. Best effort: they are unseen, only in the way.
void discard_bars(FileSystem& files, const std::vector<AddFile>& adds);

}  // namespace vortex
