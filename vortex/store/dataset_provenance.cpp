// Where rows came from: revisions, quarantine and captures as they stand in the side tables, the
// bodies behind them, and rows behind which there is none.

#include <algorithm>
#include <functional>
#include <map>
#include <unordered_set>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <fmt/core.h>

#include "vortex/store/coverage.hpp"
#include "vortex/store/dataset_impl.hpp"
#include "vortex/store/file_system.hpp"
#include "vortex/store/parquet_file.hpp"
#include "vortex/store/provenance.hpp"
#include "vortex/store/table_schema.hpp"

namespace vortex {
namespace {

std::string text_at(const arrow::RecordBatch& rows, const char* name, std::int64_t row) {
  return std::string(ColumnReader(rows, name).text(row));
}

std::optional<TimePoint> moment_at(const arrow::RecordBatch& rows, const char* name,
                                   std::int64_t row) {
  return ColumnReader(rows, name).moment(row);
}

bool is_of(const arrow::RecordBatch& rows, std::int64_t row, const SeriesKey& key) {
  return ColumnReader(rows, "symbol").text(row) == key.symbol &&
         ColumnReader(rows, "provider").text(row) == key.provider &&
         ColumnReader(rows, "interval").text(row) == to_string(key.interval);
}

// Equal ones stay in their order. (std::stable_sort of libstdc++ 12 draws a deprecation warning.)
template <class Row, class Projection>
void sort_stably(std::vector<Row>& rows, Projection projection) {
  std::vector<std::size_t> order(rows.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {},
                    [&](std::size_t i) { return std::pair(std::invoke(projection, rows[i]), i); });
  std::vector<Row> sorted;
  sorted.reserve(rows.size());
  for (const std::size_t i : order) sorted.push_back(std::move(rows[i]));
  rows = std::move(sorted);
}

bool overlap(TimeRange a, TimeRange b) {
  return a.start < b.end && b.start < a.end;
}

RevisionRow revision_at(const arrow::RecordBatch& rows, std::int64_t row, const SeriesKey& key) {
  RevisionRow out{.key = key,
                  .timestamp = moment_at(rows, "timestamp", row).value_or(TimePoint{}),
                  .kind = text_at(rows, "kind", row),
                  .old_capture_id = text_at(rows, "old_capture_id", row),
                  .new_capture_id = text_at(rows, "new_capture_id", row),
                  .noticed_at = moment_at(rows, "noticed_at", row),
                  .bars_version = ColumnReader(rows, "bars_version").whole(row)};
  for (std::size_t i = 0; i < kRevisedFields.size(); ++i) {
    const std::string field(kRevisedFields[i]);
    out.before[i] = ColumnReader(rows, ("old_" + field).c_str()).number(row);
    out.after[i] = ColumnReader(rows, ("new_" + field).c_str()).number(row);
  }
  return out;
}

QuarantineRow quarantined_at(const arrow::RecordBatch& rows, std::int64_t row,
                             const SeriesKey& key) {
  return {.key = key,
          .timestamp = moment_at(rows, "timestamp", row),
          .reasons = text_at(rows, "reasons", row),
          .row_text = text_at(rows, "row_text", row),
          .capture_id = text_at(rows, "capture_id", row),
          .noticed_at = moment_at(rows, "noticed_at", row),
          .bars_version = ColumnReader(rows, "bars_version").whole(row)};
}

Result<CaptureRow> capture_at(const arrow::RecordBatch& rows, std::int64_t row) {
  const auto whole = [&](const char* name) {
    return ColumnReader(rows, name).whole(row);
  };
  CaptureRow out{
      .key = {.provider = text_at(rows, "provider", row), .symbol = text_at(rows, "symbol", row)},
      .id = text_at(rows, "capture_id", row),
      .sha256 = text_at(rows, "sha256", row),
      .pack = text_at(rows, "pack", row),
      .offset = static_cast<std::uint64_t>(whole("offset")),
      .length = static_cast<std::uint64_t>(whole("length")),
      .body_bytes = static_cast<std::uint64_t>(whole("body_bytes")),
      .range = {moment_at(rows, "from", row).value_or(TimePoint{}),
                moment_at(rows, "to", row).value_or(TimePoint{})},
      .request = text_at(rows, "request", row),
      .status = static_cast<int>(whole("status")),
      .headers = text_at(rows, "headers", row),
      .received_at = moment_at(rows, "received_at", row).value_or(TimePoint{}),
      .bars_version = whole("bars_version")};
  VORTEX_TRY(out.key.interval, parse_interval(text_at(rows, "interval", row)));
  const ColumnReader coverage(rows, "coverage");
  if (!coverage.is_null(row)) {
    VORTEX_TRY(out.coverage, parse_marks(coverage.text(row)));
  }
  return out;
}

// Groups of one commit's captures, found while their files are walked through oldest first.
class GroupFinder {
 public:
  void add(const std::string& path, std::int64_t version, std::string_view commit) {
    if (last_ < groups_.size() && groups_[last_].bars_version == version &&
        groups_[last_].commit_id == commit && groups_[last_].files.back() == path) {
      return;
    }
    // Commits that changed no bars have no name of their own, nor has what a merge of the table's
    // files settled: one for each file and version.
    const auto key = std::pair(version, commit.empty() ? path : std::string(commit));
    const auto [found, is_new] = by_commit_.try_emplace(key, groups_.size());
    if (is_new) {
      groups_.push_back({.bars_version = version, .commit_id = std::string(commit)});
    }
    last_ = found->second;
    auto& files = groups_[last_].files;
    if (files.empty() || files.back() != path) files.push_back(path);
  }

  // In the order they were made: what stands on a version came after the commit that made it.
  std::vector<CaptureGroup> take() {
    sort_stably(groups_, [](const CaptureGroup& group) {
      return std::pair(group.bars_version, group.commit_id.empty());
    });
    return std::move(groups_);
  }

 private:
  std::vector<CaptureGroup> groups_;
  std::map<std::pair<std::int64_t, std::string>, std::size_t> by_commit_;
  std::size_t last_ = 0;
};

// Counts the rows of one data file whose capture is not among the known ones.
class RowsBehind {
 public:
  using Hashes = std::unordered_set<std::size_t>;
  RowsBehind(const Hashes& known, std::map<SeriesKey, RowsWithoutCapture>& found)
      : known_(known), found_(found) {}

  static std::size_t hash(std::string_view capture_id) {
    return std::hash<std::string_view>{}(capture_id);
  }

  Result<void> look(FileSystem& files, const AddFile& add) {
    SeriesKey key{.provider = value_of(add, "provider")};
    VORTEX_TRY(key.interval, parse_interval(value_of(add, "interval")));
    VORTEX_TRY(const auto file,
               ParquetTableFile::open(files, std::string(bars_table().name) + "/" + add.path));
    for (const auto& group : file.row_groups({})) {
      VORTEX_TRY(const auto table, file.read({group}, {"timestamp", "symbol", "capture_id"}));
      arrow::TableBatchReader reader(*table);
      std::shared_ptr<arrow::RecordBatch> rows;
      while (reader.ReadNext(&rows).ok() && rows) count(*rows, key);
    }
    return {};
  }

 private:
  static std::string value_of(const AddFile& add, const char* name) {
    const auto it = add.partition_values.find(name);
    return it == add.partition_values.end() || !it->second ? std::string() : *it->second;
  }

  void count(const arrow::RecordBatch& rows, SeriesKey& key) {
    const ColumnReader stamps(rows, "timestamp");
    const ColumnReader symbols(rows, "symbol");
    const ColumnReader captures(rows, "capture_id");
    std::string_view last;
    bool last_known = false;
    for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
      const std::string_view capture = captures.text(row);
      if (row == 0 || capture != last) {
        last = capture;
        last_known = known_.contains(hash(capture));
      }
      const auto stamp = stamps.moment(row);
      if (last_known || !stamp) continue;
      key.symbol = symbols.text(row);
      RowsWithoutCapture& found = found_[key];
      if (found.rows++ == 0) {
        found.key = key;
        found.range = {*stamp, *stamp};
      }
      found.range = {std::min(found.range.start, *stamp), std::max(found.range.end, *stamp)};
    }
  }

  const Hashes& known_;
  std::map<SeriesKey, RowsWithoutCapture>& found_;
};

}  // namespace

Result<std::vector<RevisionRow>> Dataset::revisions_of(const SeriesKey& key, TimeRange range) {
  VORTEX_TRY_VOID(impl_->revisions.refresh());
  std::vector<RevisionRow> out;
  const auto visit = [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
    const ColumnReader stamps(rows, "timestamp");
    for (const std::int64_t row : kept) {
      const auto stamp = stamps.moment(row);
      if (!stamp || !range.holds(*stamp) || !is_of(rows, row, key)) continue;
      out.push_back(revision_at(rows, row, key));
    }
  };
  VORTEX_TRY_VOID(impl_->revisions.scan(impl_->counting(version()), key.symbol, visit));
  sort_stably(out,
              [](const RevisionRow& row) { return std::pair(row.bars_version, row.timestamp); });
  return out;
}

Result<std::vector<QuarantineRow>> Dataset::quarantine_of(const SeriesKey& key, TimeRange range) {
  VORTEX_TRY_VOID(impl_->quarantine.refresh());
  std::vector<QuarantineRow> out;
  const auto visit = [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
    const ColumnReader stamps(rows, "timestamp");
    for (const std::int64_t row : kept) {
      const auto stamp = stamps.moment(row);
      if ((stamp && !range.holds(*stamp)) || !is_of(rows, row, key)) continue;
      out.push_back(quarantined_at(rows, row, key));
    }
  };
  VORTEX_TRY_VOID(impl_->quarantine.scan(impl_->counting(version()), key.symbol, visit));
  sort_stably(out,
              [](const QuarantineRow& row) { return std::pair(row.bars_version, row.timestamp); });
  return out;
}

Result<std::vector<CaptureRow>> Dataset::captures_of(const SeriesKey& key, TimeRange range) {
  VORTEX_TRY_VOID(impl_->captures.refresh());
  std::vector<CaptureRow> out;
  Result<void> outcome;
  const auto visit = [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
    for (const std::int64_t row : kept) {
      if (!is_of(rows, row, key)) continue;
      auto one = capture_at(rows, row);
      if (!one) {
        if (outcome) outcome = std::unexpected(std::move(one).error());
      } else if (overlap(one->range, range)) {
        out.push_back(*std::move(one));
      }
    }
  };
  VORTEX_TRY_VOID(impl_->captures.scan(impl_->counting(version()), key.symbol, visit));
  VORTEX_TRY_VOID(outcome);
  sort_stably(out, &CaptureRow::received_at);
  return out;
}

Result<std::shared_ptr<arrow::Table>> Dataset::stored_bars(const SeriesKey& key, TimeRange range) {
  VORTEX_TRY(auto rows, impl_->read_rows(impl_->bars.snapshot(), key, range));
  VORTEX_TRY(auto batch,
             std::move(rows).to_bar_batch(key.provider, std::string(to_string(key.interval))));
  const auto table = arrow::Table::FromRecordBatches({batch});
  if (!table.ok()) return fail(ErrorCode::internal, table.status().message());
  return *table;
}

Result<std::vector<CaptureGroup>> Dataset::capture_groups() {
  SideTable& captures = impl_->captures;
  VORTEX_TRY_VOID(captures.refresh());
  GroupFinder finder;
  for (const std::string& path : captures.files_by_age()) {
    const auto visit = [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
      const ColumnReader versions(rows, "bars_version");
      const ColumnReader commits(rows, "commit_id");
      for (const std::int64_t row : kept) {
        finder.add(path, versions.whole(row), commits.text(row));
      }
    };
    VORTEX_TRY_VOID(captures.scan_one(path, impl_->counting(version()), {"bars_version"}, visit));
  }
  auto groups = finder.take();
  std::int64_t last_version = -1;
  for (CaptureGroup& group : groups) {
    group.base_version = group.bars_version;
    // Only the first on a version can be the commit that made it.
    if (group.bars_version == std::exchange(last_version, group.bars_version)) continue;
    VORTEX_TRY(const auto note, impl_->bars.note_of(group.bars_version));
    if (note) group.committed_at = TimePoint{std::chrono::milliseconds{note->timestamp_ms}};
    const bool of_another =
        note &&
        (note->rearranges || (!group.commit_id.empty() && group.commit_id != note->commit_id));
    if (!of_another) --group.base_version;
  }
  return groups;
}

Result<std::vector<CaptureRow>> Dataset::captures_in(const CaptureGroup& group) {
  std::vector<CaptureRow> out;
  Result<void> outcome;
  const auto visit = [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
    const ColumnReader versions(rows, "bars_version");
    const ColumnReader commits(rows, "commit_id");
    for (const std::int64_t row : kept) {
      const bool ours =
          versions.whole(row) == group.bars_version && commits.text(row) == group.commit_id;
      if (!ours) continue;
      auto one = capture_at(rows, row);
      if (one) {
        out.push_back(*std::move(one));
      } else if (outcome) {
        outcome = std::unexpected(std::move(one).error());
      }
    }
  };
  for (const std::string& path : group.files) {
    VORTEX_TRY_VOID(impl_->captures.scan_one(path, impl_->counting(version()), {}, visit));
  }
  VORTEX_TRY_VOID(outcome);
  return out;
}

Result<std::string> Dataset::body_of(const CaptureRow& capture) {
  VORTEX_TRY(const auto stat, impl_->files->stat(capture.pack));
  if (!stat) {
    return fail(ErrorCode::not_found, fmt::format("the raw body is gone: {} is no longer kept",
                                                  untrusted(capture.pack, 80)));
  }
  return read_capture(*impl_->files,
                      {.pack = capture.pack, .offset = capture.offset, .length = capture.length},
                      capture.sha256);
}

Result<std::vector<RowsWithoutCapture>> Dataset::rows_without_capture() {
  VORTEX_TRY_VOID(impl_->captures.refresh());
  RowsBehind::Hashes known;
  const auto visit = [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
    const ColumnReader ids(rows, "capture_id");
    for (const std::int64_t row : kept) known.insert(RowsBehind::hash(ids.text(row)));
  };
  for (const std::string& path : impl_->captures.files_by_age()) {
    VORTEX_TRY_VOID(
        impl_->captures.scan_one(path, impl_->counting(version()), {"capture_id"}, visit));
  }
  std::map<SeriesKey, RowsWithoutCapture> found;
  RowsBehind behind(known, found);
  for (const auto& [path, add] : impl_->bars.snapshot().files) {
    VORTEX_TRY_VOID(behind.look(*impl_->files, *add));
  }
  std::vector<RowsWithoutCapture> out;
  for (auto& [key, rows] : found) {
    rows.range.end += Duration{1};  // behind the last stamp
    out.push_back(std::move(rows));
  }
  return out;
}

}  // namespace vortex
