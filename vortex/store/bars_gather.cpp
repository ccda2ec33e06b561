// gather_partitions: from batches of series to sorted columns.

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>

#include <arrow/array.h>
#include <arrow/buffer.h>
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

// Does every row of the batch say it is of that symbol?
bool all_of_symbol(const arrow::RecordBatch& batch, std::string_view symbol) {
  const arrow::ArrayData& data = *batch.column_data()[kSymbol];
  if (data.type->id() != arrow::Type::DICTIONARY || !data.dictionary) return false;
  if (data.GetNullCount() != 0) return false;
  const arrow::ArrayData& texts = *data.dictionary;
  const auto is_ours = [&](std::int32_t number) {
    const auto* offsets = texts.GetValues<std::int32_t>(1) + number;
    const auto size = static_cast<std::size_t>(offsets[1] - offsets[0]);
    return size == symbol.size() && (size == 0 || std::memcmp(texts.buffers[2]->data() + offsets[0],
                                                              symbol.data(), size) == 0);
  };
  if (texts.length == 1) return is_ours(0);
  const auto* numbers = data.GetValues<std::int32_t>(1);
  return std::all_of(numbers, numbers + data.length, is_ours);
}

Result<void> append_symbols(const Batches& batches, const std::string& symbol, std::int32_t number,
                            BarColumns& rows) {
  for (const arrow::RecordBatch* batch : batches) {
    if (!all_of_symbol(*batch, symbol)) {
      return fail(ErrorCode::mismatch, fmt::format("a row of {} says it is another's", symbol));
    }
    rows.symbol.insert(rows.symbol.end(), static_cast<std::size_t>(batch->num_rows()), number);
  }
  return {};
}

// Sorted by time; of rows with one time the last received stays.
Result<void> append_sorted(const Batches& batches, const std::string& symbol, BarColumns& rows) {
  BarColumns received;
  VORTEX_TRY_VOID(received.append_but_symbols(batches));
  VORTEX_TRY_VOID(append_symbols(batches, symbol, received.symbols.add(symbol), received));
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

// Ten thousand small batches lie all over memory, and waiting for it is most of what gathering them
// costs: what is read some pieces later is fetched now, one pointer further on each step.
class FetchAhead {
 public:
  explicit FetchAhead(std::span<const Piece> pieces) : pieces_(pieces) {}

  void before(std::size_t i) const {
    if (const auto* batch = at(i + 4 * kStep)) fetch(batch, 2);
    if (const auto* batch = at(i + 3 * kStep)) fetch(batch->column_data().data(), 5);
    if (const auto* batch = at(i + 2 * kStep)) {
      for (const BarColumn column : kOwn) fetch(data_of(*batch, column), 3);
    }
    const auto* batch = at(i + kStep);
    if (batch == nullptr) return;
    for (const BarColumn column : kOwn) fetch(data_of(*batch, column)->buffers.data(), 1);
    fetch(data_of(*batch, kTimestamp)->buffers[1].get(), 1);
    fetch(data_of(*batch, kSymbol)->dictionary.get(), 3);
  }

 private:
  static constexpr std::size_t kStep = 6;  // pieces between a pointer and what it points to
  // What batches do not share.
  static constexpr std::array kOwn = {kTimestamp, kOpen, kHigh, kLow, kClose, kVolume, kSymbol};

  const arrow::RecordBatch* at(std::size_t i) const {
    return i < pieces_.size() ? pieces_[i].batch : nullptr;
  }
  static const arrow::ArrayData* data_of(const arrow::RecordBatch& batch, BarColumn column) {
    return batch.column_data()[static_cast<std::size_t>(column)].get();
  }
  static void fetch(const void* memory, std::size_t lines) {
    constexpr std::size_t kLine = 64;
    for (std::size_t i = 0; i < lines; ++i) {
      __builtin_prefetch(static_cast<const char*>(memory) + i * kLine);
    }
  }

  std::span<const Piece> pieces_;
};

// Series one after another. Those in order wait until one is not, and are appended together.
class Gathering {
 public:
  explicit Gathering(BarsPartition& partition) : partition_(partition) {}

  Result<void> add(const Piece& first, const Batches& batches) {
    const std::string& symbol = first.key->symbol;
    BarColumns& rows = partition_.rows;
    if (!strictly_ascending(batches)) {
      VORTEX_TRY_VOID(append_waiting());
      begin_ = rows.rows();
      VORTEX_TRY_VOID(append_sorted(batches, symbol, rows));
      add_span(first.series, rows.rows());
      return {};
    }
    VORTEX_TRY_VOID(append_symbols(batches, symbol, rows.symbols.add(symbol), rows));
    waiting_.insert(waiting_.end(), batches.begin(), batches.end());
    add_span(first.series, rows.symbol.size());
    return waiting_.size() < kTogether ? Result<void>{} : append_waiting();
  }

  Result<void> append_waiting() {
    VORTEX_TRY_VOID(partition_.rows.append_but_symbols(waiting_));
    waiting_.clear();
    return {};
  }

 private:
  void add_span(std::size_t series, std::size_t end) {
    partition_.spans.push_back({.series = series, .begin = begin_, .end = end});
    begin_ = end;
  }

  static constexpr std::size_t kTogether = 64;  // what of them is looked at stays in the cache

  BarsPartition& partition_;
  Batches waiting_;
  std::size_t begin_ = 0;  // of the next series
};

Result<BarsPartition> gather_partition(std::span<const Piece> pieces) {
  BarsPartition partition;
  partition.provider = pieces.front().key->provider;
  partition.interval = pieces.front().key->interval;
  std::size_t total = 0;
  for (const Piece& piece : pieces) total += static_cast<std::size_t>(piece.batch->num_rows());
  partition.rows.reserve(total);
  partition.spans.reserve(pieces.size());
  Gathering gathering(partition);
  const FetchAhead ahead(pieces);
  Batches batches;
  for (std::size_t begin = 0; begin < pieces.size();) {
    const Piece& first = pieces[begin];
    std::size_t end = begin;
    batches.clear();
    while (end < pieces.size() && pieces[end].key->symbol == first.key->symbol) {
      ahead.before(end);
      batches.push_back(pieces[end++].batch);
    }
    VORTEX_TRY_VOID(gathering.add(first, batches));
    begin = end;
  }
  VORTEX_TRY_VOID(gathering.append_waiting());
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
