// gather_partitions: from batches of series to sorted columns.

#include <algorithm>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/core.h>

#include "vortex/store/bars_upsert.hpp"

namespace vortex {
namespace {

using Batches = std::vector<const arrow::RecordBatch*>;

// One batch of a series.
struct Piece {
  const SeriesKey* key = nullptr;
  std::size_t series = 0;
  std::size_t order = 0;  // as it came
  const arrow::RecordBatch* batch = nullptr;
};

const std::int64_t* stamps_of(const arrow::RecordBatch& batch) {
  return batch.column_data()[kTimestamp]->GetValues<std::int64_t>(1);
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

Result<void> append_series(std::size_t series, const SeriesKey& key, const Batches& batches,
                           BarsPartition& partition) {
  BarColumns& rows = partition.rows;
  const std::size_t begin = rows.rows();
  const std::int32_t number = rows.symbols.number_of(key.symbol);
  if (strictly_ascending(batches)) {
    VORTEX_TRY_VOID(append_all(batches, rows));
  } else {
    VORTEX_TRY_VOID(append_sorted(batches, rows));
  }
  for (std::size_t row = begin; row < rows.rows(); ++row) {
    if (rows.symbol[row] != number) {
      return fail(ErrorCode::mismatch, fmt::format("a row of {} says it is {}", key.symbol,
                                                   rows.symbols.text(rows.symbol[row])));
    }
  }
  partition.spans.push_back({.series = series, .begin = begin, .end = rows.rows()});
  return {};
}

bool same_partition(const Piece& a, const Piece& b) {
  return a.key->interval == b.key->interval && a.key->provider == b.key->provider;
}

// By partition and symbol; those of one series in the order they came.
std::vector<Piece> sorted_pieces(const std::vector<SeriesBatch>& batch) {
  std::vector<Piece> pieces;
  pieces.reserve(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    for (const auto& bars : batch[i].bars) {
      if (!bars || bars->num_rows() == 0) continue;
      pieces.push_back(
          {.key = &batch[i].key, .series = i, .order = pieces.size(), .batch = bars.get()});
    }
  }
  const auto before = [](const Piece& a, const Piece& b) {
    return std::tie(a.key->provider, a.key->interval, a.key->symbol, a.order) <
           std::tie(b.key->provider, b.key->interval, b.key->symbol, b.order);
  };
  if (!std::ranges::is_sorted(pieces, before)) std::ranges::sort(pieces, before);
  return pieces;
}

Result<BarsPartition> gather_partition(std::span<const Piece> pieces) {
  BarsPartition partition;
  partition.provider = pieces.front().key->provider;
  partition.interval = pieces.front().key->interval;
  std::size_t total = 0;
  for (const Piece& piece : pieces) total += static_cast<std::size_t>(piece.batch->num_rows());
  partition.rows.reserve(total);
  partition.spans.reserve(pieces.size());
  Batches batches;
  for (std::size_t begin = 0; begin < pieces.size();) {
    const Piece& first = pieces[begin];
    std::size_t end = begin;
    batches.clear();
    while (end < pieces.size() && pieces[end].key->symbol == first.key->symbol) {
      batches.push_back(pieces[end++].batch);
    }
    VORTEX_TRY_VOID(append_series(first.series, *first.key, batches, partition));
    begin = end;
  }
  partition.states.assign(partition.rows.rows(), RowState::fresh);
  return partition;
}

}  // namespace

PartitionValues BarsPartition::values() const {
  return {{"provider", provider}, {"interval", std::string(to_string(interval))}};
}

Result<std::vector<BarsPartition>> gather_partitions(const std::vector<SeriesBatch>& batch) {
  const auto pieces = sorted_pieces(batch);
  std::vector<BarsPartition> partitions;
  for (std::span<const Piece> rest(pieces); !rest.empty();) {
    const auto end = std::ranges::find_if_not(
        rest, [&](const Piece& piece) { return same_partition(piece, rest.front()); });
    const auto count = static_cast<std::size_t>(end - rest.begin());
    VORTEX_TRY(auto partition, gather_partition(rest.first(count)));
    partitions.push_back(std::move(partition));
    rest = rest.subspan(count);
  }
  return partitions;
}

}  // namespace vortex
