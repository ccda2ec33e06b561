#include "vortex/store/bars_files.hpp"

#include <algorithm>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/core.h>

#include "vortex/store/bars_statistics.hpp"
#include "vortex/store/bars_upsert.hpp"
#include "vortex/store/bucket.hpp"
#include "vortex/store/parquet_file.hpp"
#include "vortex/store/table_schema.hpp"

namespace vortex {
const ParquetLayout& bars_layout() {
  static const ParquetLayout kLayout{.sorted_by = {"symbol", "timestamp"},
                                     .dictionary = {"symbol", "adjusted", "capture_id"},
                                     .statistics = {"symbol", "timestamp"}};
  return kLayout;
}

std::string statistics_json(const BarColumns& rows) {
  BarsStatistics statistics;
  statistics.add(rows);
  return statistics.to_json();
}

Result<void> append_table(const arrow::Table& table, BarColumns& out) {
  arrow::TableBatchReader reader(table);  // slices at chunk borders, without a copy
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    if (const auto status = reader.ReadNext(&batch); !status.ok()) {
      return fail(ErrorCode::corrupt, "bars file: " + untrusted(status.message()));
    }
    if (!batch) return {};
    VORTEX_TRY_VOID(out.append(BarColumns::source_of(*batch->schema(), batch->columns()), 0,
                               batch->num_rows()));
  }
}

Result<AddFile> write_bars_file(FileSystem& files, Random& random, const PartitionValues& values,
                                const BarColumns& rows) {
  const std::string table(bars_table().name);
  const std::string folder = partition_folder(values, bars_table());
  VORTEX_TRY_VOID(files.make_directories(table + "/" + folder));
  AddFile add;
  add.path = fmt::format("{}/part-{}.parquet", folder, random.uuid());
  add.partition_values = values;
  VORTEX_TRY(const auto batch, rows.to_file_batch());
  VORTEX_TRY(const auto written,
             write_parquet(files, table + "/" + add.path, *batch, bars_layout()));
  add.size = written.size;
  add.tags[kChecksumTag] = written.checksum;
  add.stats_json = statistics_json(rows);
  add.stats = parse_statistics(add.stats_json);
  return add;
}

RemoveFile remove_of(const AddFile& file) {
  return {.path = file.path,
          .partition_values = file.partition_values,
          .size = file.size,
          .deletion_ms = 0,
          .data_change = true};
}

namespace {

// Every row of a file: those the comparison read, where it read all of them.
Result<BarColumns> rows_of(FileSystem& files, const AddFile& file, BarsPartition& partition) {
  VORTEX_TRY(const auto stored,
             ParquetTableFile::open(files, std::string(bars_table().name) + "/" + file.path));
  const auto decoded = partition.decoded.find(file.path);
  if (decoded != partition.decoded.end() && decoded->second.whole &&
      decoded->second.next_row == stored.rows()) {
    BarColumns rows = std::move(decoded->second.rows);
    partition.decoded.erase(decoded);
    return rows;
  }
  VORTEX_TRY(const auto table, stored.read(stored.row_groups({}), {}));
  BarColumns rows;
  rows.reserve(static_cast<std::size_t>(table->num_rows()));
  VORTEX_TRY_VOID(append_table(*table, rows));
  return rows;
}

Result<AddFile> rewrite_file(FileSystem& files, Random& random, const AddFile& file,
                             BarsPartition& partition, const TouchedFile& touched) {
  VORTEX_TRY(auto rows, rows_of(files, file, partition));
  for (std::size_t i = touched.begin; i < touched.end; ++i) {
    const StoredMatch& match = partition.matches[i];
    rows.replace(static_cast<std::size_t>(match.file_row), partition.rows, match.row);
  }
  return write_bars_file(files, random, file.partition_values, rows);
}

// The first row of a span from `row` on that is not before `time`.
std::size_t row_at(const BarsPartition& partition, const SeriesSpan& span, std::size_t row,
                   TimePoint time) {
  const auto& stamps = partition.rows.timestamp;
  const auto found = std::lower_bound(stamps.begin() + static_cast<std::ptrdiff_t>(row),
                                      stamps.begin() + static_cast<std::ptrdiff_t>(span.end),
                                      time.time_since_epoch().count());
  return static_cast<std::size_t>(found - stamps.begin());
}

std::int64_t count_fresh(const BarsPartition& partition, std::size_t begin, std::size_t end) {
  const auto first = partition.states.begin();
  return std::count(first + static_cast<std::ptrdiff_t>(begin),
                    first + static_cast<std::ptrdiff_t>(end), RowState::fresh);
}

UnitRows fresh_by_unit(const BarsPartition& partition, TimePoint now) {
  UnitRows counts;
  std::map<TimePoint, TimePoint> starts;  // of the units met, by their end
  for (const SeriesSpan& span : partition.spans) {
    for (std::size_t row = span.begin; row < span.end;) {
      const TimePoint time{Duration{partition.rows.timestamp[row]}};
      auto met = starts.upper_bound(time);
      if (met == starts.end() || met->second > time) {
        const TimeRange unit = unit_of(partition.interval, time, now);
        met = starts.emplace(unit.end, unit.start).first;
      }
      const std::size_t end = row_at(partition, span, row, met->first);
      const std::int64_t fresh = count_fresh(partition, row, end);
      if (fresh > 0) counts[met->second] += fresh;
      row = end;
    }
  }
  return counts;
}

void append_fresh(const BarsPartition& partition, std::size_t begin, std::size_t end,
                  BarColumns& out) {
  while (begin < end) {
    std::size_t next = begin;
    while (next < end && partition.states[next] == RowState::fresh) ++next;
    if (next > begin) out.append_rows(partition.rows, begin, next);
    begin = next + 1;
  }
}

// The fresh rows of each file, in one pass.
std::vector<BarColumns> fresh_by_file(const BarsPartition& partition,
                                      const std::vector<FileCut>& cuts) {
  std::vector<BarColumns> rows(cuts.size());
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    rows[i].reserve(static_cast<std::size_t>(cuts[i].rows));
  }
  for (const SeriesSpan& span : partition.spans) {
    std::size_t row = span.begin;
    for (std::size_t i = 0; i < cuts.size() && row < span.end; ++i) {
      const std::size_t end = row_at(partition, span, row, cuts[i].range.end);
      append_fresh(partition, row, end, rows[i]);
      row = end;
    }
  }
  return rows;
}

Result<void> write_fresh(FileSystem& files, Random& random, const BarsPartition& partition,
                         TimePoint now, CommitActions& actions) {
  const UnitRows units = fresh_by_unit(partition, now);
  if (units.empty()) return {};
  const auto cuts = cut_into_files(units);
  if (cuts.front().rows == static_cast<std::int64_t>(partition.rows.rows())) {  // without a copy
    VORTEX_TRY(auto add, write_bars_file(files, random, partition.values(), partition.rows));
    actions.adds.push_back(std::move(add));
    return {};
  }
  for (BarColumns& rows : fresh_by_file(partition, cuts)) {
    VORTEX_TRY(auto add, write_bars_file(files, random, partition.values(), rows));
    actions.adds.push_back(std::move(add));
    rows = BarColumns{};
  }
  return {};
}

}  // namespace

Result<void> write_partition(FileSystem& files, const DeltaLog& log, Random& random,
                             BarsPartition& partition, TimePoint now, CommitActions& actions) {
  VORTEX_TRY_VOID(write_fresh(files, random, partition, now, actions));
  for (const TouchedFile& touched : partition.touched) {
    const auto file = log.snapshot().files.find(touched.path);
    if (file == log.snapshot().files.end()) {
      return fail(ErrorCode::internal, "a matched file is not in the snapshot: " + touched.path);
    }
    VORTEX_TRY(auto add, rewrite_file(files, random, *file->second, partition, touched));
    actions.removes.push_back(remove_of(*file->second));
    actions.adds.push_back(std::move(add));
  }
  return {};
}

}  // namespace vortex
