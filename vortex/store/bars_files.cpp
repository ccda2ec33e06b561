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

BucketRows fresh_by_bucket(const BarsPartition& partition, TimePoint now) {
  BucketRows counts;
  TimeRange bucket{TimePoint::max(), TimePoint::max()};
  std::int64_t* count = nullptr;
  for (std::size_t row = 0; row < partition.states.size(); ++row) {
    if (partition.states[row] != RowState::fresh) continue;
    const TimePoint time{Duration{partition.rows.timestamp[row]}};
    if (!bucket.holds(time)) {
      bucket = bucket_of(partition.interval, time, now);
      count = &counts[bucket.start];
    }
    ++*count;
  }
  return counts;
}

// The fresh rows of one file's time.
BarColumns fresh_rows(const BarsPartition& partition, const FileCut& cut) {
  BarColumns rows;
  rows.reserve(static_cast<std::size_t>(cut.rows));
  const auto& stamps = partition.rows.timestamp;
  const auto from = [&](const SeriesSpan& span, TimePoint time) {
    const auto begin = stamps.begin() + static_cast<std::ptrdiff_t>(span.begin);
    const auto end = stamps.begin() + static_cast<std::ptrdiff_t>(span.end);
    const auto found = std::lower_bound(begin, end, time.time_since_epoch().count());
    return static_cast<std::size_t>(found - stamps.begin());
  };
  for (const SeriesSpan& span : partition.spans) {
    const std::size_t last = from(span, cut.range.end);
    for (std::size_t begin = from(span, cut.range.start); begin < last;) {
      std::size_t end = begin;
      while (end < last && partition.states[end] == RowState::fresh) ++end;
      if (end > begin) rows.append_rows(partition.rows, begin, end);
      begin = end + 1;
    }
  }
  return rows;
}

// Where all rows are fresh and one file takes them, without a copy.
Result<void> write_fresh(FileSystem& files, Random& random, const BarsPartition& partition,
                         TimePoint now, CommitActions& actions) {
  const BucketRows buckets = fresh_by_bucket(partition, now);
  if (buckets.empty()) return {};
  for (const FileCut& cut : cut_into_files(buckets)) {
    BarColumns some;
    const bool all = cut.rows == static_cast<std::int64_t>(partition.rows.rows());
    if (!all) some = fresh_rows(partition, cut);
    VORTEX_TRY(auto add,
               write_bars_file(files, random, partition.values(), all ? partition.rows : some));
    actions.adds.push_back(std::move(add));
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
