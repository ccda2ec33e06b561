// What a batch of series means for the bars table: which rows are new, which are there already and
// which differ from what is stored. One pass over the files whose statistics let them hold such
// rows, whatever the number of symbols. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/random.hpp"
#include "vortex/store/bar_columns.hpp"
#include "vortex/store/dataset.hpp"
#include "vortex/store/delta_log.hpp"
#include "vortex/store/share_basis.hpp"

namespace vortex {

// refused: of a series whose answer cannot stand beside what is stored.
enum class RowState : std::uint8_t { fresh, unchanged, restated, refused };

// One series' rows inside a BarsPartition: [begin, end), ascending by time, each time once.
struct SeriesSpan {
  std::size_t series = 0;  // index of the first SeriesBatch with this key
  std::size_t begin = 0;
  std::size_t end = 0;
};

// A stored row that an incoming one replaces.
struct StoredMatch {
  std::int64_t file_row = 0;
  std::size_t row = 0;           // of the partition's rows
  BarNumbers old_numbers{};      // as stored
  BarNumbers new_numbers{};      // brought to the stored row's shares
  std::int32_t old_capture = 0;  // in BarsPartition::old_captures
  bool finalised = false;        // the stored bar could still change; this one cannot
  bool replaces = false;         // judged so
};

// The rows of a data file that the comparison had to read whole, kept for rewriting it.
struct DecodedFile {
  BarColumns rows;
  std::int64_t next_row = 0;  // of the file: rows before it are there, if none was passed over
  bool whole = true;
};

// A known split that explains why stored and incoming rows of a series differ.
struct SplitShown {
  std::size_t span = 0;
  Split split;
  std::size_t row = 0;           // of the partition's rows: the newest that shows it
  std::int32_t old_capture = 0;  // of the stored row it met
};

// A series of which nothing is stored, and why.
struct SpanRefused {
  std::size_t span = 0;
  Error error;
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
  std::map<std::string, DecodedFile> decoded;  // by path, of touched files; those that fit
  std::vector<SplitShown> splits;
  std::vector<SpanRefused> refused;
  TextPool old_captures;

  PartitionValues values() const;
  std::string_view symbol_of(const SeriesSpan& span) const {
    return rows.symbols.text(rows.symbol[span.begin]);
  }
};

// What a comparison must know beyond the rows that meet; asked only where it matters.
class SeriesKnowledge {
 public:
  virtual ~SeriesKnowledge() = default;
  // Is a split of this series known after that day? Asked row by row, so it must be cheap.
  virtual Result<bool> splits_after(const BarsPartition& partition, const SeriesSpan& span,
                                    Date day) = 0;
  virtual Result<SeriesSplits> splits(const BarsPartition& partition, const SeriesSpan& span) = 0;
  virtual Result<std::int64_t> rows_stored(const BarsPartition& partition,
                                           const SeriesSpan& span) = 0;
};

// Sorts a batch's rows into partitions. Of equal keys the row received last wins. mismatch when a
// row's symbol is not its series'.
Result<std::vector<BarsPartition>> gather_partitions(const std::vector<SeriesBatch>& batch);

// Compares with the stored rows of the snapshot and sets states, matches, splits and refusals anew.
Result<void> compare_with_stored(FileSystem& files, const DeltaLog& log, BarsPartition& partition,
                                 SeriesKnowledge& knowledge);

// Writes the files this partition needs: its fresh rows, cut by time as things stand at `now`,
// and a rewritten copy of each file that holds a restated row.
Result<void> write_partition(FileSystem& files, const DeltaLog& log, Random& random,
                             BarsPartition& partition, TimePoint now, CommitActions& actions);

// The statistics of a data file, as Delta wants them: the maximum time rounded up to its
// millisecond.
std::string statistics_json(const BarColumns& rows);

}  // namespace vortex
