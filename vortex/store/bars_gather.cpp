// gather_partitions: from batches of series to sorted columns.

#include <algorithm>
#include <numeric>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/core.h>

#include "vortex/store/bars_upsert.hpp"

namespace vortex {
namespace {

using Batches = std::vector<const arrow::RecordBatch*>;

struct SeriesRows {
  std::size_t series = 0;
  Batches batches;
};

const std::int64_t* stamps_of(const arrow::RecordBatch& batch) {
  return batch.column_data(kTimestamp)->GetValues<std::int64_t>(1);
}

bool strictly_ascending(const Batches& batches) {
  std::int64_t last = INT64_MIN;
  for (const arrow::RecordBatch* batch : batches) {
    const std::int64_t* stamps = stamps_of(*batch);
    for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
      if (stamps[i] <= last) return false;
      last = stamps[i];
    }
  }
  return true;
}

Result<void> append_all(const Batches& batches, BarColumns& rows) {
  for (const arrow::RecordBatch* batch : batches) {
    VORTEX_TRY_VOID(rows.append(BarColumns::source_of(*batch), 0, batch->num_rows()));
  }
  return {};
}

// Sorted by time; of rows with one time the last received stays.
Result<void> append_sorted(const Batches& batches, BarColumns& rows) {
  BarColumns received;
  VORTEX_TRY_VOID(append_all(batches, received));
  std::vector<std::size_t> order(received.rows());
  // NOLINTNEXTLINE(modernize-use-ranges): libstdc++ 12 has no std::ranges::iota
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {},
                    [&](std::size_t row) { return std::pair(received.timestamp[row], row); });
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool repeated =
        i + 1 < order.size() && received.timestamp[order[i]] == received.timestamp[order[i + 1]];
    if (!repeated) rows.append_rows(received, order[i], order[i] + 1);
  }
  return {};
}

Result<void> append_series(const SeriesRows& series, const SeriesKey& key,
                           BarsPartition& partition) {
  BarColumns& rows = partition.rows;
  const std::size_t begin = rows.rows();
  const std::int32_t number = rows.symbols.number_of(key.symbol);
  if (strictly_ascending(series.batches)) {
    VORTEX_TRY_VOID(append_all(series.batches, rows));
  } else {
    VORTEX_TRY_VOID(append_sorted(series.batches, rows));
  }
  for (std::size_t row = begin; row < rows.rows(); ++row) {
    if (rows.symbol[row] != number) {
      return fail(ErrorCode::mismatch, fmt::format("a row of {} says it is {}", key.symbol,
                                                   rows.symbols.text(rows.symbol[row])));
    }
  }
  partition.spans.push_back({.series = series.series, .begin = begin, .end = rows.rows()});
  return {};
}

}  // namespace

PartitionValues BarsPartition::values() const {
  return {{"provider", provider}, {"interval", std::string(to_string(interval))}};
}

Result<std::vector<BarsPartition>> gather_partitions(const std::vector<SeriesBatch>& batch) {
  std::map<std::pair<std::string_view, Interval>, std::map<std::string_view, SeriesRows>> sorted;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const SeriesKey& key = batch[i].key;
    auto& symbols = sorted[{key.provider, key.interval}];
    for (const auto& bars : batch[i].bars) {
      if (!bars || bars->num_rows() == 0) continue;
      // They mostly come in order.
      const auto series =
          symbols.try_emplace(symbols.end(), key.symbol, SeriesRows{.series = i, .batches = {}});
      series->second.batches.push_back(bars.get());
    }
  }
  std::erase_if(sorted, [](const auto& partition) { return partition.second.empty(); });
  std::vector<BarsPartition> partitions;
  for (const auto& [place, symbols] : sorted) {
    BarsPartition& partition = partitions.emplace_back();
    partition.provider = place.first;
    partition.interval = place.second;
    std::size_t total = 0;
    for (const auto& [symbol, series] : symbols) {
      for (const auto* bars : series.batches) total += static_cast<std::size_t>(bars->num_rows());
    }
    partition.rows.reserve(total);
    for (const auto& [symbol, series] : symbols) {
      VORTEX_TRY_VOID(append_series(series, batch[series.series].key, partition));
    }
    partition.states.assign(partition.rows.rows(), RowState::fresh);
  }
  return partitions;
}

}  // namespace vortex
