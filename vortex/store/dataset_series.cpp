// What a dataset knows of its series beside their bars' values: all instruments at once, and the
// stored stamps, which are what coverage and calendars are held against.
#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>

#include "vortex/store/dataset_impl.hpp"
#include "vortex/store/parquet_file.hpp"
#include "vortex/store/table_schema.hpp"

namespace vortex {
namespace {

using Wanted = std::map<std::string_view, std::vector<TimePoint>*>;  // by symbol

// The series of one partition that are wanted.
struct WantedPart {
  Wanted symbols;
  RowFilter filter;
};

Result<void> add_stamps(const arrow::RecordBatch& rows, const WantedPart& wanted) {
  const auto symbol_column = rows.GetColumnByName("symbol");
  const auto* coded = dynamic_cast<const arrow::DictionaryArray*>(symbol_column.get());
  const auto stamp_column = rows.GetColumnByName("timestamp");
  const auto* stamps = dynamic_cast<const arrow::TimestampArray*>(stamp_column.get());
  if (coded == nullptr || stamps == nullptr)
    return fail(ErrorCode::corrupt, "a bars file has key columns of another type");
  const auto& texts = static_cast<const arrow::StringArray&>(*coded->dictionary());
  std::vector<std::vector<TimePoint>*> series(static_cast<std::size_t>(texts.length()), nullptr);
  for (std::int64_t i = 0; i < texts.length(); ++i) {
    const auto found = wanted.symbols.find(texts.GetView(i));
    if (found != wanted.symbols.end()) series[static_cast<std::size_t>(i)] = found->second;
  }
  for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
    if (!coded->IsValid(row)) continue;
    auto* place = series[static_cast<std::size_t>(coded->GetValueIndex(row))];
    if (place != nullptr) place->emplace_back(Duration{stamps->Value(row)});
  }
  return {};
}

bool cannot_hold(const FileStatistics& stats, const RowFilter& filter) {
  return (stats.symbol_min && *filter.symbol_max < *stats.symbol_min) ||
         (stats.symbol_max && *filter.symbol_min > *stats.symbol_max);
}

Result<void> read_stamps(FileSystem& files, const std::string& path, const WantedPart& wanted) {
  VORTEX_TRY(const auto file,
             ParquetTableFile::open(files, std::string(bars_table().name) + "/" + path));
  for (const auto& group : file.row_groups(wanted.filter)) {
    VORTEX_TRY(const auto table, file.read({group}, {"symbol", "timestamp"}));
    arrow::TableBatchReader reader(*table);
    std::shared_ptr<arrow::RecordBatch> rows;
    while (reader.ReadNext(&rows).ok() && rows) VORTEX_TRY_VOID(add_stamps(*rows, wanted));
  }
  return {};
}

}  // namespace

Result<std::vector<std::vector<TimePoint>>> Dataset::stamps(const std::vector<SeriesKey>& keys) {
  std::vector<std::vector<TimePoint>> found(keys.size());
  std::map<PartitionValues, WantedPart> parts;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const SeriesKey& key = keys[i];
    WantedPart& part =
        parts[{{"provider", key.provider}, {"interval", std::string(to_string(key.interval))}}];
    part.symbols[key.symbol] = &found[i];
    RowFilter& filter = part.filter;
    filter.symbol_min = std::min(filter.symbol_min.value_or(key.symbol), key.symbol);
    filter.symbol_max = std::max(filter.symbol_max.value_or(key.symbol), key.symbol);
  }
  for (const auto& [path, file] : impl_->bars.snapshot().files) {
    const auto part = parts.find(file->partition_values);
    if (part == parts.end() || cannot_hold(file->stats, part->second.filter)) continue;
    VORTEX_TRY_VOID(read_stamps(*impl_->files, file->path, part->second));
  }
  for (std::vector<TimePoint>& stamps : found) {
    std::ranges::sort(stamps);
    const auto repeated = std::ranges::unique(stamps);
    stamps.erase(repeated.begin(), repeated.end());
  }
  return found;
}

Result<InstrumentTable> Dataset::instruments() {
  VORTEX_TRY_VOID(impl_->instruments.refresh());
  InstrumentTable all;
  const auto visit = [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
    for (const std::int64_t row : kept) {
      Instrument one = instrument_at(rows, row);
      auto& place = all[{one.provider, one.symbol}];
      place = std::move(one);
    }
  };
  VORTEX_TRY_VOID(impl_->instruments.scan(impl_->counting(version()), "", visit));
  return all;
}

}  // namespace vortex
