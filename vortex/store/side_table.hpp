// A small table beside the bars (captures, revisions, quarantine, corporate_actions, instruments):
// rows are added, never changed; of several rows of one key the last added counts. Every row names
// the bars commit it belongs to; rows whose commit never came are passed over. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"
#include "vortex/base/random.hpp"
#include "vortex/store/delta_log.hpp"
#include "vortex/store/maintenance.hpp"
#include "vortex/store/parquet_file.hpp"
#include "vortex/store/table_schema.hpp"

namespace vortex {

// Which side rows count: those of the commits `bars` has, up to a version.
struct RowsThatCount {
  DeltaLog& bars;
  std::int64_t version_max;
  bool others_too = false;  // those of commits that did not come, and of later ones
};

class SideTable {
 public:
  SideTable(FileSystem& files, const TableDefinition& table);

  // Reads commits of others; an absent table is empty.
  Result<void> refresh();
  const DeltaLog& log() const { return log_; }
  DeltaLog& log() { return log_; }
  const TableDefinition& definition() const { return table_; }

  // Adds the rows in one durable commit. `replaces`: paths of files an earlier attempt at the same
  // rows added, taken out again by this commit. Gives the path of the new file.
  Result<std::string> add(const arrow::RecordBatch& rows, const CommitNote& note, TimePoint now,
                          Random& random, const std::vector<std::string>& replaces);

  // Merges small files into fewer (side_table_merge.cpp); one entry a commit. `bars` must be up to
  // date: it says which rows' commits came.
  Result<std::vector<TableCompaction>> merge(DeltaLog& bars, bool automatic, const CommitNote& note,
                                             TimePoint now, Random& random);

  // Calls `visit` with the rows that count, oldest commit first: a batch and the row numbers in it.
  // `symbol` passes over files that cannot hold it; empty: all.
  using Visit = std::function<void(const arrow::RecordBatch&, const std::vector<std::int64_t>&)>;
  Result<void> scan(RowsThatCount counting, std::string_view symbol, const Visit& visit);

  // Takes out the rows of bars commits that never came and never can: to be done before the bars'
  // log is cleaned, whose notes tell them apart. Done again it changes nothing.
  Result<void> settle(DeltaLog& bars, TimePoint now, Random& random);
  // The paths of the table's files, oldest commit first, and the rows that count of one of them.
  // `columns` are read besides bars_version and commit_id; empty: all. A path that has left the
  // table meanwhile has no rows.
  std::vector<std::string> files_by_age() const;
  Result<void> scan_one(const std::string& path, RowsThatCount counting,
                        const std::vector<std::string>& columns, const Visit& visit);

 private:
  class Merging;
  Result<TableCompaction> merge_run(DeltaLog& bars, const std::vector<const AddFile*>& inputs,
                                    CommitNote note, TimePoint now, Random& random);
  // Files that a commit takes out; with `all` it fails as a lost race when one has gone already.
  struct Replaced {
    std::vector<std::string> paths;
    bool all = false;
    std::optional<std::int64_t> modification_ms;  // the new file stands in the old one's turn
  };
  Result<std::string> add_rows(const arrow::RecordBatch& rows, const CommitNote& note,
                               TimePoint now, Random& random, const Replaced& replaced);
  Result<CommitActions> actions_of(const AddFile& file, const CommitNote& note,
                                   const Replaced& replaced) const;
  Result<void> settle_file(const std::string& path, DeltaLog& bars, TimePoint now, Random& random);
  Result<void> scan_file(const AddFile& file, RowsThatCount counting,
                         const std::vector<std::string>& columns, const Visit& visit);

  FileSystem& files_;
  const TableDefinition& table_;
  DeltaLog log_;
};

// How files of a side table are laid out, and their statistics.
ParquetLayout side_layout(const TableDefinition& table);
std::string symbol_statistics(std::string_view lowest, std::string_view highest, std::int64_t rows);

// A new table's protocol and metadata.
void describe_table(CommitActions& actions, const TableDefinition& table, Random& random,
                    TimePoint now);

}  // namespace vortex
