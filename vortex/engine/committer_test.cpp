#include "vortex/engine/committer.hpp"

#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

#include "vortex/base/random.hpp"
#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/runtime/sleep.hpp"
#include "vortex/runtime/task_group.hpp"
#include "vortex/store/faulty_file_system.hpp"
#include "vortex/store/memory_file_system.hpp"

namespace vortex {
namespace {

constexpr int kSeries = 12;

// A disk whose writes take as long as the test wants.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    opened_.wait(lock, [this] { return open_; });
    --waiting_;
  }
  void open() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  void close() {
    const std::scoped_lock lock(mutex_);
    open_ = false;
  }
  int waiting() {
    const std::scoped_lock lock(mutex_);
    return waiting_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  int waiting_ = 0;
  bool open_ = true;
};

SeriesBatch one_bar(int number) {
  SeriesBatch batch;
  batch.key = {.provider = "p", .symbol = "S" + std::to_string(number), .interval = Interval::d1};
  BarBatchBuilder builder;
  builder.append({.timestamp = *parse_time("2024-01-02"),
                  .open = 1,
                  .high = 1,
                  .low = 1,
                  .close = 1,
                  .volume = 1});
  batch.bars.push_back(*builder.finish({.symbol = batch.key.symbol,
                                        .provider = "p",
                                        .interval = Interval::d1,
                                        .adjusted = Adjustment::split,
                                        .basis = *parse_date("2024-01-03"),
                                        .transform_timestamp = *parse_time("2024-01-03"),
                                        .capture_id = "c"}));
  return batch;
}

struct Ingestion {
  Runtime& runtime;
  Committer& committer;
  Gate& gate;
  int taken = 0;           // adds that returned
  int taken_at_gate = -1;  // while the disk stood still
};

boost::asio::awaitable<void> bring(Ingestion* ingestion, int number) {
  co_await ingestion->committer.add(static_cast<std::size_t>(number), one_bar(number));
  ++ingestion->taken;
}

boost::asio::awaitable<void> ingest(Ingestion* ingestion) {
  constexpr int kTurns = 50;
  TaskGroup tasks(ingestion->runtime);
  for (int n = 0; n < kSeries; ++n) EXPECT_TRUE(tasks.spawn(bring(ingestion, n)));
  while (ingestion->gate.waiting() == 0) {
    (void)co_await sleep_for(ingestion->runtime, std::chrono::milliseconds(1));
  }
  for (int turn = 0; turn < kTurns; ++turn) {
    (void)co_await sleep_for(ingestion->runtime, Duration::zero());
  }
  ingestion->taken_at_gate = ingestion->taken;
  ingestion->gate.open();
  co_await tasks.join();
  co_await ingestion->committer.flush();
}

// Whoever brings rows waits for the disk, and the loop goes on meanwhile.
TEST(CommitterTest, G11WhileTheDiskStandsStillNothingMoreIsTaken) {
  const SystemClock clock;
  Gate gate;
  const auto slow = std::make_shared<FaultPlan>();
  slow->before = [&gate] {
    gate.pass();
  };
  auto dataset =
      Dataset::open_on(std::make_unique<FaultyFileSystem>(
                           open_memory_file_system(std::make_shared<MemoryDisk>(), clock), slow),
                       "data", clock, Random(1));
  ASSERT_TRUE(dataset.has_value());
  gate.close();
  Runtime runtime(clock, 1);
  SyncReport report;
  report.items.resize(kSeries);
  Committer committer(runtime, *dataset, {.bytes_max = 1}, report);
  Ingestion ingestion{.runtime = runtime, .committer = committer, .gate = gate};
  runtime.run(ingest(&ingestion));
  EXPECT_EQ(ingestion.taken_at_gate, 0);
  EXPECT_EQ(ingestion.taken, kSeries);
  EXPECT_FALSE(report.storage_error.has_value());
  EXPECT_EQ(report.rows.fresh, kSeries);
  EXPECT_LE(dataset->version(), 2) << "what gathered meanwhile is one commit";
}

}  // namespace
}  // namespace vortex
