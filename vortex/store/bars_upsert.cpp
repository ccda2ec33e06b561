#include "vortex/store/bars_upsert.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/core.h>

#include "vortex/base/json.hpp"
#include "vortex/store/bars_files.hpp"
#include "vortex/store/parquet_file.hpp"
#include "vortex/store/table_schema.hpp"

namespace vortex {
namespace {

TimePoint to_time(std::int64_t us) {
  return TimePoint{Duration{us}};
}

// Two bars of one key, on one basis, hold the same. The rows' `adjusted` and `basis` stand beside
// the numbers, so that a difference a known split explains can be told apart here.
bool same_numbers(const BarColumns& stored, std::size_t stored_row, const BarColumns& incoming,
                  std::size_t row) {
  for (std::size_t i = 0; i < kNumberColumns.size(); ++i) {
    const double before = stored.numbers[i].at(stored_row);
    const double after = incoming.numbers[i].at(row);
    if (before != after && !(std::isnan(before) && std::isnan(after))) return false;
  }
  return true;
}

// Compares the rows of one file with a partition's.
class FileComparison {
 public:
  FileComparison(BarsPartition& partition, const AddFile& file)
      : partition_(partition), file_(file), hints_(partition.spans.size()) {
    for (std::size_t i = 0; i < hints_.size(); ++i) hints_[i] = partition.spans[i].begin;
  }

  // Row groups in which some key meets an incoming one, from times and symbols alone.
  Result<void> find(FileSystem& files) {
    const BarColumns& rows = partition_.rows;
    const auto [first, last] = std::ranges::minmax(rows.timestamp);
    const RowFilter filter{
        .symbol_min = rows.symbols.text(0),
        .symbol_max = rows.symbols.text(static_cast<std::int32_t>(rows.symbols.size() - 1)),
        .timestamp_min = to_time(first),
        .timestamp_max = to_time(last)};
    VORTEX_TRY(auto file,
               ParquetTableFile::open(files, std::string(bars_table().name) + "/" + file_.path));
    const std::size_t begin = partition_.matches.size();
    for (const auto& group : file.row_groups(filter)) {
      VORTEX_TRY_VOID(compare_group(file, group));
    }
    const std::size_t end = partition_.matches.size();
    if (end > begin) partition_.touched.push_back({.path = file_.path, .begin = begin, .end = end});
    return {};
  }

 private:
  struct Hit {
    std::int64_t group_row = 0;
    std::size_t row = 0;
  };

  Result<void> compare_group(const ParquetTableFile& file,
                             const ParquetTableFile::RowGroup& group) {
    VORTEX_TRY(const auto keys, file.read({group}, {"timestamp", "symbol"}));
    hits_.clear();
    VORTEX_TRY_VOID(find_hits(*keys));
    if (hits_.empty()) return {};
    VORTEX_TRY(const auto table, file.read({group}, {}));
    BarColumns stored;
    VORTEX_TRY_VOID(append_table(*table, stored));
    for (const Hit& hit : hits_) note(stored, group, hit);
    return {};
  }

  Result<void> find_hits(const arrow::Table& keys) {
    if (keys.num_rows() == 0) return {};
    const auto stamps = keys.GetColumnByName("timestamp");
    const auto symbols = keys.GetColumnByName("symbol");
    if (!stamps || !symbols || stamps->num_chunks() != 1) {
      return fail(ErrorCode::corrupt, fmt::format("{} lacks its key columns", file_.path));
    }
    const auto* times = dynamic_cast<const arrow::TimestampArray*>(stamps->chunk(0).get());
    if (times == nullptr) return fail(ErrorCode::corrupt, "timestamp has another type");
    std::int64_t group_row = 0;
    for (const auto& chunk : symbols->chunks()) {
      const auto* coded = dynamic_cast<const arrow::DictionaryArray*>(chunk.get());
      if (coded == nullptr) return fail(ErrorCode::corrupt, "symbol has another type");
      const std::vector<std::int32_t> spans = spans_of(*coded);
      const auto& indices = static_cast<const arrow::Int32Array&>(*coded->indices());
      for (std::int64_t i = 0; i < coded->length(); ++i, ++group_row) {
        if (coded->IsNull(i)) continue;
        const std::int32_t span = spans[static_cast<std::size_t>(indices.Value(i))];
        if (span >= 0) look_up(static_cast<std::size_t>(span), times->Value(group_row), group_row);
      }
    }
    return {};
  }

  // The span of each symbol in a chunk's dictionary, -1 for those not asked about.
  std::vector<std::int32_t> spans_of(const arrow::DictionaryArray& coded) const {
    const auto& texts = static_cast<const arrow::StringArray&>(*coded.dictionary());
    std::vector<std::int32_t> spans(static_cast<std::size_t>(texts.length()));
    for (std::int64_t i = 0; i < texts.length(); ++i) {
      spans[static_cast<std::size_t>(i)] = partition_.rows.symbols.find(texts.GetView(i));
    }
    return spans;
  }

  // Stored rows come in time order, so the next hit is mostly right behind the last.
  void look_up(std::size_t span_index, std::int64_t stamp, std::int64_t group_row) {
    const SeriesSpan& span = partition_.spans[span_index];
    const auto& stamps = partition_.rows.timestamp;
    std::size_t row = hints_[span_index];
    if (row >= span.end || stamps[row] != stamp) {
      const auto begin = stamps.begin() + static_cast<std::ptrdiff_t>(span.begin);
      const auto end = stamps.begin() + static_cast<std::ptrdiff_t>(span.end);
      row = static_cast<std::size_t>(std::lower_bound(begin, end, stamp) - stamps.begin());
      if (row == span.end || stamps[row] != stamp) return;
    }
    hints_[span_index] = row + 1;
    hits_.push_back({.group_row = group_row, .row = row});
  }

  void note(const BarColumns& stored, const ParquetTableFile::RowGroup& group, const Hit& hit) {
    const auto stored_row = static_cast<std::size_t>(hit.group_row);
    const bool finalised = stored.final[stored_row] == 0 && partition_.rows.final[hit.row] != 0;
    RowState& state = partition_.states[hit.row];
    if (!finalised && same_numbers(stored, stored_row, partition_.rows, hit.row)) {
      if (state == RowState::fresh) state = RowState::unchanged;
      return;
    }
    state = RowState::restated;
    StoredMatch match{.file_row = group.first_row + hit.group_row,
                      .row = hit.row,
                      .old_numbers = {},
                      .old_capture = partition_.old_captures.number_of(
                          stored.captures.text(stored.capture[stored_row])),
                      .finalised = finalised};
    for (std::size_t i = 0; i < kNumberColumns.size(); ++i) {
      match.old_numbers[i] = stored.numbers[i].at(stored_row);
    }
    partition_.matches.push_back(match);
  }

  BarsPartition& partition_;
  const AddFile& file_;
  std::vector<std::size_t> hints_;  // by span: where the next hit is likely
  std::vector<Hit> hits_;
};

// Could the file hold a key of the partition, by its statistics?
bool may_meet(const AddFile& file, const BarsPartition& partition) {
  const FileStatistics& stats = file.stats;
  const auto& stamps = partition.rows.timestamp;
  const auto meets = [&](const SeriesSpan& span) {
    if (stats.timestamp_max && to_time(stamps[span.begin]) > *stats.timestamp_max) return false;
    return !stats.timestamp_min || to_time(stamps[span.end - 1]) >= *stats.timestamp_min;
  };
  const auto symbol = [&](const SeriesSpan& span) -> const std::string& {
    return partition.rows.symbols.text(partition.rows.symbol[span.begin]);
  };
  auto begin = partition.spans.begin();
  auto end = partition.spans.end();
  if (stats.symbol_min) begin = std::ranges::lower_bound(begin, end, *stats.symbol_min, {}, symbol);
  if (stats.symbol_max) end = std::ranges::upper_bound(begin, end, *stats.symbol_max, {}, symbol);
  return std::any_of(begin, end, meets);
}

}  // namespace

Result<void> compare_with_stored(FileSystem& files, const DeltaLog& log, BarsPartition& partition) {
  std::ranges::fill(partition.states, RowState::fresh);
  partition.matches.clear();
  partition.touched.clear();
  if (partition.rows.rows() == 0) return {};
  const PartitionValues values = partition.values();
  for (const auto& [path, file] : log.snapshot().files) {
    if (file->partition_values != values || !may_meet(*file, partition)) continue;
    VORTEX_TRY_VOID(FileComparison(partition, *file).find(files));
  }
  return {};
}

}  // namespace vortex
