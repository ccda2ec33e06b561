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

#include "vortex/store/adjust.hpp"
#include "vortex/store/bars_files.hpp"
#include "vortex/store/bars_judge.hpp"
#include "vortex/store/parquet_file.hpp"
#include "vortex/store/table_schema.hpp"

namespace vortex {
namespace {

TimePoint to_time(std::int64_t us) {
  return TimePoint{Duration{us}};
}

// Rows that are kept between comparing and rewriting: about 80 bytes each.
constexpr std::size_t kDecodedRowsMax = std::size_t{3} << 19;

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
  FileComparison(BarsPartition& partition, const AddFile& file, SeriesKnowledge& knowledge,
                 Meetings& meetings)
      : partition_(partition),
        file_(file),
        knowledge_(knowledge),
        meetings_(meetings),
        hints_(partition.spans.size()) {
    for (std::size_t i = 0; i < hints_.size(); ++i) hints_[i] = partition.spans[i].begin;
    meetings_.files.push_back(file.path);
  }

  // Row groups in which some key meets an incoming one, from times and symbols alone.
  Result<void> find(FileSystem& files) {
    const BarColumns& rows = partition_.rows;
    const auto [first, last] = std::ranges::minmax(rows.timestamp);
    const RowFilter filter{
        .symbol_min = std::string(rows.symbols.text(0)),
        .symbol_max =
            std::string(rows.symbols.text(static_cast<std::int32_t>(rows.symbols.size() - 1))),
        .timestamp_min = to_time(first),
        .timestamp_max = to_time(last)};
    VORTEX_TRY(auto file,
               ParquetTableFile::open(files, std::string(bars_table().name) + "/" + file_.path));
    for (const auto& group : file.row_groups(filter)) {
      VORTEX_TRY_VOID(compare_group(file, group));
    }
    return {};
  }

 private:
  struct Hit {
    std::int64_t group_row = 0;
    std::size_t row = 0;
    std::size_t span = 0;
  };

  Result<void> compare_group(const ParquetTableFile& file,
                             const ParquetTableFile::RowGroup& group) {
    VORTEX_TRY(const auto keys, file.read({group}, {"timestamp", "symbol"}));
    hits_.clear();
    VORTEX_TRY_VOID(find_hits(*keys));
    if (hits_.empty()) return {};
    VORTEX_TRY(const auto table, file.read({group}, {}));
    BarColumns apart;
    DecodedFile* const kept = place_for(group);
    BarColumns& stored = kept == nullptr ? apart : kept->rows;
    first_row_ = stored.rows();
    VORTEX_TRY_VOID(append_table(*table, stored));
    if (kept != nullptr) kept->next_row += group.rows;
    for (const Hit& hit : hits_) VORTEX_TRY_VOID(note(stored, group, hit));
    return {};
  }

  // Where a group's rows are kept for rewriting the file: behind the groups before it, as long as
  // every group was read and there is room.
  DecodedFile* place_for(const ParquetTableFile::RowGroup& group) {
    auto held = static_cast<std::size_t>(group.rows);
    for (const auto& [path, file] : partition_.decoded) held += file.rows.rows();
    DecodedFile& file = partition_.decoded[file_.path];
    if (!file.whole || file.next_row != group.first_row || held > kDecodedRowsMax) {
      file = DecodedFile{.rows = {}, .next_row = 0, .whole = false};
      return nullptr;
    }
    return &file;
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
    hits_.push_back({.group_row = group_row, .row = row, .span = span_index});
  }

  Result<void> note(const BarColumns& stored, const ParquetTableFile::RowGroup& group,
                    const Hit& hit) {
    const BarColumns& rows = partition_.rows;
    const std::size_t stored_row = first_row_ + static_cast<std::size_t>(hit.group_row);
    ++meetings_.met[hit.span];
    const bool finalised = stored.final[stored_row] == 0 && rows.final[hit.row] != 0;
    const bool equal = same_numbers(stored, stored_row, rows, hit.row);
    if (equal && !finalised) {
      VORTEX_TRY(const bool one_basis, on_one_basis(stored, stored_row, hit));
      if (one_basis) {
        note_equal(hit);
        return {};
      }
    }
    Difference one{
        .span = hit.span, .file = meetings_.files.size() - 1, .equal_as_received = equal};
    VORTEX_TRY(one.stored, basis_of(stored, stored_row));
    one.match.file_row = group.first_row + hit.group_row;
    one.match.row = hit.row;
    one.match.old_capture =
        partition_.old_captures.number_of(stored.captures.text(stored.capture[stored_row]));
    one.match.finalised = finalised;
    for (std::size_t i = 0; i < kNumberColumns.size(); ++i) {
      one.match.old_numbers[i] = stored.numbers[i].at(stored_row);
    }
    meetings_.differences.push_back(one);
    return {};
  }

  void note_equal(const Hit& hit) {
    RowState& state = partition_.states[hit.row];
    if (state == RowState::fresh) state = RowState::unchanged;
    std::int64_t& first = meetings_.first_equal[hit.span];
    first = std::min(first, partition_.rows.timestamp[hit.row]);
  }

  // The same basis, or two without a known split that could lie between.
  Result<bool> on_one_basis(const BarColumns& stored, std::size_t stored_row, const Hit& hit) {
    const BarColumns& rows = partition_.rows;
    const bool same_adjustment = stored.adjustments.text(stored.adjusted[stored_row]) ==
                                 rows.adjustments.text(rows.adjusted[hit.row]);
    std::int32_t day = std::min(stored.basis[stored_row], rows.basis[hit.row]);
    if (same_adjustment && stored.basis[stored_row] == rows.basis[hit.row]) return true;
    if (!same_adjustment) {  // one may stand on the shares of its own day
      day = static_cast<std::int32_t>(
          date_of(to_time(rows.timestamp[hit.row])).time_since_epoch().count() - 1);
    }
    VORTEX_TRY(const bool splits, knowledge_.splits_after(partition_, partition_.spans[hit.span],
                                                          Date{std::chrono::days{day}}));
    return !splits;
  }

  BarsPartition& partition_;
  const AddFile& file_;
  SeriesKnowledge& knowledge_;
  Meetings& meetings_;
  std::vector<std::size_t> hints_;  // by span: where the next hit is likely
  std::vector<Hit> hits_;
  std::size_t first_row_ = 0;  // of the group in the columns it was read into
};

// Could the file hold a key of the partition, by its statistics?
bool may_meet(const AddFile& file, const BarsPartition& partition) {
  const FileStatistics& stats = file.stats;
  const auto& stamps = partition.rows.timestamp;
  const auto meets = [&](const SeriesSpan& span) {
    if (stats.timestamp_max && to_time(stamps[span.begin]) > *stats.timestamp_max) return false;
    return !stats.timestamp_min || to_time(stamps[span.end - 1]) >= *stats.timestamp_min;
  };
  const auto symbol = [&](const SeriesSpan& span) {
    return partition.symbol_of(span);
  };
  auto begin = partition.spans.begin();
  auto end = partition.spans.end();
  if (stats.symbol_min) begin = std::ranges::lower_bound(begin, end, *stats.symbol_min, {}, symbol);
  if (stats.symbol_max) end = std::ranges::upper_bound(begin, end, *stats.symbol_max, {}, symbol);
  return std::any_of(begin, end, meets);
}

}  // namespace

Result<void> compare_with_stored(FileSystem& files, const DeltaLog& log, BarsPartition& partition,
                                 SeriesKnowledge& knowledge) {
  std::ranges::fill(partition.states, RowState::fresh);
  partition.matches.clear();
  partition.touched.clear();
  partition.decoded.clear();
  partition.splits.clear();
  partition.refused.clear();
  if (partition.rows.rows() == 0) return {};
  const std::size_t spans = partition.spans.size();
  Meetings meetings{.files = {},
                    .differences = {},
                    .met = std::vector<std::int64_t>(spans),
                    .first_equal = std::vector<std::int64_t>(spans, INT64_MAX)};
  const PartitionValues values = partition.values();
  for (const auto& [path, file] : log.snapshot().files) {
    if (file->partition_values != values || !may_meet(*file, partition)) continue;
    VORTEX_TRY_VOID(FileComparison(partition, *file, knowledge, meetings).find(files));
  }
  VORTEX_TRY_VOID(judge(partition, meetings, knowledge));
  std::erase_if(partition.decoded, [&](const auto& file) {
    return std::ranges::find(partition.touched, file.first, &TouchedFile::path) ==
           partition.touched.end();
  });
  return {};
}

}  // namespace vortex
