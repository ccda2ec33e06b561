#include "vortex/engine/committer.hpp"

#include <utility>

#include <arrow/record_batch.h>
#include <arrow/table.h>

#include "vortex/base/log.hpp"
#include "vortex/codec/arrow_error.hpp"
#include "vortex/codec/bar_schema.hpp"
#include "vortex/codec/bar_view.hpp"
#include "vortex/runtime/run_on_pool.hpp"

namespace vortex {
namespace {

// Six 8-byte columns vary by row; the rest of a decoded row is next to nothing.
constexpr std::uint64_t kBytesPerRow = 56;

std::uint64_t size_of(const SeriesBatch& batch) {
  std::uint64_t bytes = 0;
  for (const auto& bars : batch.bars)
    bytes += static_cast<std::uint64_t>(bars->num_rows()) * kBytesPerRow;
  for (const Capture& capture : batch.captures) bytes += capture.frame.size();
  return bytes;
}

Result<std::optional<Adjustment>> stored_adjustment(Dataset& dataset, const SeriesKey& key) {
  VORTEX_TRY(const auto states, dataset.states({key}));
  if (states.front().last_bars.empty()) return std::nullopt;
  const TimePoint last = states.front().last_bars.back();
  VORTEX_TRY(const auto bars, dataset.stored_bars(key, {last, last + Duration(1)}));
  if (bars->num_rows() == 0) return std::nullopt;
  VORTEX_TRY(const auto batch, to_result(bars->CombineChunksToBatch(), ErrorCode::storage));
  VORTEX_TRY(const Adjustment adjusted, parse_adjustment(BarView(*batch).text(kAdjusted, 0)));
  return adjusted;
}

}  // namespace

Committer::Committer(Runtime& runtime, Dataset& dataset, Limits limits, SyncReport& report,
                     EventBus* events)
    : runtime_(runtime),
      dataset_(dataset),
      limits_(limits),
      report_(report),
      events_(events),
      turn_(runtime.io_executor(), 1) {}

bool Committer::is_due() const {
  if (pending_.empty()) return false;
  return pending_bytes_ >= limits_.bytes_max ||
         runtime_.clock().monotonic() - opened_at_ >= std::chrono::nanoseconds(limits_.age_max);
}

boost::asio::awaitable<void> Committer::add(std::size_t item, SeriesBatch batch) {
  if (pending_.empty()) opened_at_ = runtime_.clock().monotonic();
  pending_bytes_ += size_of(batch);
  pending_.push_back(std::move(batch));
  pending_items_.push_back(item);
  if (!is_due()) co_return;
  auto turn = co_await turn_.take();
  if (!turn) co_return;                     // stopped: flush commits it
  if (is_due()) co_await commit_pending();  // else somebody did while this one waited
}

Task<std::optional<Adjustment>> Committer::adjustment_of(SeriesKey key) {
  VORTEX_CO_TRY(auto turn, co_await turn_.take());
  Dataset* dataset = &dataset_;
  co_return co_await run_on_pool(
      runtime_, [dataset, key = std::move(key)] { return stored_adjustment(*dataset, key); });
}

boost::asio::awaitable<void> Committer::flush() {
  auto turn = co_await turn_.take();
  if (turn && !pending_.empty()) co_await commit_pending();
  if (turn && report_.committed && !report_.interrupted) co_await compact();
}

// Only what pays for itself (CompactOptions::automatic). What was committed stays committed
// whatever comes of it.
boost::asio::awaitable<void> Committer::compact() {
  Dataset* dataset = &dataset_;
  const auto done =
      co_await run_on_pool(runtime_, [dataset] { return dataset->compact({.automatic = true}); });
  if (!done)
    log::warning("compaction: {}; tried again after the next sync", done.error().to_line());
}

boost::asio::awaitable<void> Committer::commit_pending() {
  std::vector<SeriesBatch> batch = std::exchange(pending_, {});
  const std::vector<std::size_t> items = std::exchange(pending_items_, {});
  pending_bytes_ = 0;
  const Monotonic begun = runtime_.clock().monotonic();
  const std::int64_t rows_before = report_.rows.fresh + report_.rows.restated;
  Dataset* dataset = &dataset_;
  auto receipt = co_await run_on_pool(runtime_, [dataset, batch = std::move(batch)]() mutable {
    return dataset->commit(std::move(batch));
  });
  const std::optional<CommitReceipt> done = receipt ? std::optional(*receipt) : std::nullopt;
  note(items, std::move(receipt));
  if (done && done->committed)
    tell(*done, report_.rows.fresh + report_.rows.restated - rows_before, begun);
}

void Committer::tell(const CommitReceipt& receipt, std::int64_t rows, Monotonic begun) {
  if (events_ == nullptr) return;
  const std::chrono::duration<double, std::milli> elapsed = runtime_.clock().monotonic() - begun;
  events_->publish({.time = runtime_.clock().now(),
                    .type = EventType::dataset_committed,
                    .provider = "store",
                    .count = rows,
                    .of = receipt.version,
                    .measure = elapsed.count()});
}

void Committer::note(const std::vector<std::size_t>& items, Result<CommitReceipt> receipt) {
  if (!receipt) {
    for (const std::size_t item : items) {
      report_.items[item].status = ItemStatus::failed;
      report_.items[item].error = receipt.error();
    }
    report_.storage_error = std::move(receipt).error();
    return;
  }
  report_.table_version = receipt->version;
  report_.committed = report_.committed || receipt->committed;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const SeriesReceipt& series = receipt->series[i];
    ItemReport& item = report_.items[items[i]];
    if (series.refused) {
      item.status = ItemStatus::failed;
      item.error = series.refused;
    }
    item.rows_new += series.rows_new;
    item.rows_unchanged += series.rows_unchanged;
    item.rows_restated += series.rows_restated;
    item.rows_quarantined += series.rows_quarantined;
    report_.rows.fresh += series.rows_new;
    report_.rows.unchanged += series.rows_unchanged;
    report_.rows.restated += series.rows_restated;
    report_.rows.quarantined += series.rows_quarantined;
  }
}

}  // namespace vortex
