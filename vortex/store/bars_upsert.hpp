// What a batch of series means for the bars table: which rows are new, which are there already and
// which differ from what is stored. One pass over the files whose statistics let them hold such
// rows, whatever the number of symbols. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/random.hpp"
#include "vortex/store/bar_columns.hpp"
#include "vortex/store/dataset.hpp"
#include "vortex/store/delta_log.hpp"

namespace vortex {

enum class RowState : std::uint8_t { fresh, unchanged, restated };

// One series' rows inside a BarsPartition: [begin, end), ascending by time, each time once.
struct SeriesSpan {
  std::size_t series = 0;  // index of the first SeriesBatch with this key
  std::size_t begin = 0;
  std::size_t end = 0;
};

// A stored row that an incoming one replaces.
struct StoredMatch {
  std::int64_t file_row = 0;
  std::size_t row = 0;  // of the partition's rows
  std::array<double, kNumberColumns.size()> old_numbers{};
  std::int32_t old_capture = 0;  // in BarsPartition::old_captures
  bool finalised = false;        // the stored bar could still change; this one cannot
};

// A data file with rows to replace: matches [begin, end) of the partition.
struct TouchedFile {
  std::string path;
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The incoming rows of one provider and interval, sorted by symbol and time. Span i's symbol is
// number i of rows.symbols.
struct BarsPartition {
  std::string provider;
  Interval interval = Interval::d1;
  BarColumns rows;
  std::vector<SeriesSpan> spans;
  std::vector<RowState> states;  // of rows; all fresh until compared
  std::vector<StoredMatch> matches;
  std::vector<TouchedFile> touched;
  TextPool old_captures;

  PartitionValues values() const;
};

// Sorts a batch's rows into partitions. Of equal keys the row received last wins. mismatch when a
// row's symbol is not its series'.
Result<std::vector<BarsPartition>> gather_partitions(const std::vector<SeriesBatch>& batch);

// Compares with the stored rows of the snapshot and sets states and matches anew.
Result<void> compare_with_stored(FileSystem& files, const DeltaLog& log, BarsPartition& partition);

// Writes the files this partition needs: one with its fresh rows, and a rewritten copy of each file
// that holds a restated row.
Result<void> write_partition(FileSystem& files, const DeltaLog& log, Random& random,
                             const BarsPartition& partition, CommitActions& actions);

// The statistics of a data file, as Delta wants them: the maximum time rounded up to its
// millisecond.
std::string statistics_json(const BarColumns& rows);

}  // namespace vortex
