// SideTable::settle: rows whose commit never came are known by the bars' log; before that log is
// cleaned they are taken out. Mostly a whole file goes: a commit's rows stand in a file of their
// own until files are merged.
#include <algorithm>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <fmt/core.h>

#include "vortex/base/log.hpp"
#include "vortex/codec/arrow_error.hpp"
#include "vortex/store/parquet_file.hpp"
#include "vortex/store/row_columns.hpp"
#include "vortex/store/side_table.hpp"

namespace vortex {
namespace {

constexpr int kAttemptsMax = 20;

// Did another commit take this version? Versions that are still to come may yet be ours.
Result<bool> never_came(DeltaLog& bars, std::int64_t version, std::string_view commit) {
  if (commit.empty() || version > bars.version()) return false;
  VORTEX_TRY(const auto note, bars.note_of(version));
  return note && note->commit_id != commit;
}

// The runs of rows that stay, as slices.
Result<arrow::RecordBatchVector> rows_to_keep(const arrow::RecordBatch& rows, DeltaLog& bars) {
  const ColumnReader versions(rows, "bars_version");
  const ColumnReader commits(rows, "commit_id");
  arrow::RecordBatchVector kept;
  for (std::int64_t begin = 0; begin < rows.num_rows();) {
    std::int64_t end = begin + 1;
    while (end < rows.num_rows() && versions.whole(end) == versions.whole(begin) &&
           commits.text(end) == commits.text(begin)) {
      ++end;
    }
    VORTEX_TRY(const bool gone, never_came(bars, versions.whole(begin), commits.text(begin)));
    if (!gone) kept.push_back(rows.Slice(begin, end - begin));
    begin = end;
  }
  return kept;
}

std::int64_t count_rows(const arrow::RecordBatchVector& batches) {
  std::int64_t rows = 0;
  for (const auto& batch : batches) rows += batch->num_rows();
  return rows;
}

}  // namespace

// A lost race leaves the file's rows as they were; the next round looks at what took its place.
Result<void> SideTable::settle_file(const std::string& path, DeltaLog& bars, TimePoint now,
                                    Random& random) {
  VORTEX_TRY(const auto parquet,
             ParquetTableFile::open(files_, std::string(table_.name) + "/" + path));
  VORTEX_TRY(const auto table, parquet.read(parquet.row_groups({}), {}));
  VORTEX_TRY(const auto rows, to_result(table->CombineChunksToBatch(), ErrorCode::corrupt));
  VORTEX_TRY(const auto kept, rows_to_keep(*rows, bars));
  const std::int64_t dead = rows->num_rows() - count_rows(kept);
  if (dead == 0) return {};
  log::info("table {}: {} rows of commits that never came are taken out", table_.name, dead);
  const CommitNote note{.operation = "DELETE", .engine = "Vortex/" VORTEX_VERSION};
  const auto file = log_.snapshot().files.find(path);
  if (kept.empty()) {
    CommitActions actions;
    actions.note = note;
    actions.removes.push_back({.path = path, .size = file->second->size});
    return log_.commit(std::move(actions), now);
  }
  VORTEX_TRY(const auto left,
             to_result(arrow::Table::FromRecordBatches(rows->schema(), kept), ErrorCode::internal));
  VORTEX_TRY(const auto whole, to_result(left->CombineChunksToBatch(), ErrorCode::internal));
  VORTEX_TRY(
      [[maybe_unused]] const auto added,
      add_rows(*whole, note, now, random,
               {.paths = {path}, .all = true, .modification_ms = file->second->modification_ms}));
  return {};
}

Result<void> SideTable::settle(DeltaLog& bars, TimePoint now, Random& random) {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    VORTEX_TRY_VOID(refresh());
    std::vector<std::string> paths;
    for (const auto& [path, file] : log_.snapshot().files) paths.push_back(path);
    Result<void> done;
    for (const std::string& path : paths) {
      done = settle_file(path, bars, now, random);
      if (!done) break;
    }
    if (done || done.error().code != ErrorCode::commit_conflict) return done;
  }
  return fail(ErrorCode::commit_conflict,
              fmt::format("table {}: other writers were faster each time", table_.name));
}

}  // namespace vortex
