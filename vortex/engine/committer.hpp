// Gathers what was decoded and commits it in batches: one dataset version for many symbols. A batch
// closes at its size or age. Belongs to the I/O thread; the commit itself runs on the CPU pool, one
// at a time, while the next batch fills.
#pragma once

#include <optional>
#include <vector>

#include "vortex/engine/slots.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/runtime/runtime.hpp"
#include "vortex/store/dataset.hpp"
#include "vortex/telemetry/event_bus.hpp"

namespace vortex {

class Committer {
 public:
  struct Limits {
    std::uint64_t bytes_max = 64ull << 20;  // decoded
    Duration age_max = std::chrono::seconds(60);
  };
  // All must outlive it; receipts are written into the report's items. `events` may be null.
  Committer(Runtime& runtime, Dataset& dataset, Limits limits, SyncReport& report,
            EventBus* events = nullptr);

  // Takes one series' batch for the item at that place of the report. Waits while a full batch is
  // being committed and the next one is full too. Storage trouble is noted in the report.
  boost::asio::awaitable<void> add(std::size_t item, SeriesBatch batch);

  // How the stored rows of a series are adjusted: its newest bar; none where it has no rows.
  Task<std::optional<Adjustment>> adjustment_of(SeriesKey key);

  // Commits what is left, and merges small files where it is worth it.
  boost::asio::awaitable<void> flush();

 private:
  bool is_due() const;
  boost::asio::awaitable<void> commit_pending();
  boost::asio::awaitable<void> compact();
  void note(const std::vector<std::size_t>& items, Result<CommitReceipt> receipt);
  void tell(const CommitReceipt& receipt, std::int64_t rows, Monotonic begun);

  Runtime& runtime_;
  Dataset& dataset_;
  Limits limits_;
  SyncReport& report_;
  EventBus* events_;
  Slots turn_;
  std::vector<SeriesBatch> pending_;
  std::vector<std::size_t> pending_items_;
  std::uint64_t pending_bytes_ = 0;
  Monotonic opened_at_;
};

}  // namespace vortex
