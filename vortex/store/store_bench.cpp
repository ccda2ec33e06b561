// Kernels of the store, fsync included: writing 5,000 × 250 rows, restating a day of them;
// appending a day for 10,000 symbols with their captures behind 250 days, and reading one of them.
// The clock stands behind the last of the 250 days, as when a history was loaded and goes on: the
// load is cut into months, the restated day is in the newest file.

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <arrow/table.h>
#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vortex/base/random.hpp"
#include "vortex/base/resident_memory.hpp"
#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex {
namespace {

constexpr int kDays = 250;
constexpr int kFewSymbols = 5'000;  // × 250 days: 1.25 M rows
constexpr int kSymbols = 10'000;

struct Scratch {
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "vortex-bench-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::filesystem::remove_all(path); }
  std::string path;
};

TimePoint day(int n) {
  return midnight(*parse_date("2024-01-01")) + std::chrono::days{n};
}

ManualClock clock_after_load() {
  return ManualClock(day(kDays));
}

struct Wanted {
  int symbols = kSymbols;
  int first_day = 0;
  int days = 1;
  double shift = 0;
};

// An answer of a few bars, as it is kept.
Capture capture_of(const std::string& symbol, int day_asked) {
  HttpReply reply;
  reply.status = 200;
  reply.body = Body::copy_of(fmt::format(
      R"({{"chart":{{"result":[{{"meta":{{"symbol":"{}"}},"timestamp":[{}],"close":[{}]}}]}}}})",
      symbol, day_asked, day_asked * 1.25));
  reply.received_at = day(day_asked);
  return *make_capture(reply, fmt::format("GET https://example.test/chart/{}", symbol),
                       {day(day_asked), day(day_asked + 1)});
}

std::vector<SeriesBatch> batch_of(const Wanted& wanted, bool captures = false) {
  Random random(7 + static_cast<std::uint64_t>(wanted.first_day));
  std::vector<SeriesBatch> batch(static_cast<std::size_t>(wanted.symbols));
  for (int i = 0; i < wanted.symbols; ++i) {
    SeriesBatch& series = batch[static_cast<std::size_t>(i)];
    series.key = {
        .provider = "bench", .symbol = fmt::format("S{:05}", i), .interval = Interval::d1};
    BarBatchBuilder builder;
    for (int n = wanted.first_day; n < wanted.first_day + wanted.days; ++n) {
      const double close = 100 + 5 * random.normal() + wanted.shift;
      builder.append({.timestamp = day(n),
                      .open = close,
                      .high = close + 1,
                      .low = close - 1,
                      .close = close,
                      .volume = 1000});
    }
    series.bars.push_back(*builder.finish({.symbol = series.key.symbol,
                                           .provider = "bench",
                                           .adjusted = Adjustment::split,
                                           .basis = date_of(day(0)),
                                           .transform_timestamp = day(0),
                                           .capture_id = "0123456789abcdef"}));
    if (captures) {
      series.captures.push_back(capture_of(series.key.symbol, wanted.first_day));
      series.coverage.push_back({.range = {day(wanted.first_day), day(wanted.first_day + 1)},
                                 .state = CoverageState::have,
                                 .reason = {}});
    }
  }
  return batch;
}

void commit(benchmark::State& state, Dataset& dataset, std::vector<SeriesBatch> batch) {
  const auto receipt = dataset.commit(std::move(batch));
  if (!receipt) state.SkipWithError(receipt.error().to_line().c_str());
}

void write_much(benchmark::State& state) {
  const ManualClock clock = clock_after_load();
  for (auto _ : state) {
    state.PauseTiming();
    const Scratch scratch;
    auto dataset = *Dataset::open_or_create(scratch.path, clock);
    auto batch = batch_of({.symbols = kFewSymbols, .days = kDays});
    state.ResumeTiming();
    commit(state, dataset, std::move(batch));
    state.PauseTiming();
    {
      auto gone = std::move(dataset);
    }
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kFewSymbols * kDays);
}
BENCHMARK(write_much)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(4);

// The days before the one appended, by another process: what it took is not the append's memory.
bool fill_apart(const std::string& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    const SystemClock clock;
    auto dataset = Dataset::open_or_create(path, clock);
    const bool done = dataset && dataset->commit(batch_of({.days = kDays}));
    ::_exit(done ? 0 : 1);
  }
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void append_day(benchmark::State& state) {
  const ManualClock clock = clock_after_load();
  const Scratch scratch;
  if (!fill_apart(scratch.path)) return state.SkipWithError("the days before cannot be stored");
  auto dataset = *Dataset::open(scratch.path, clock);
  forget_memory_peak();
  int next = kDays;
  for (auto _ : state) {
    state.PauseTiming();
    auto batch = batch_of({.first_day = next++}, /*captures=*/true);
    state.ResumeTiming();
    commit(state, dataset, std::move(batch));
  }
  state.SetItemsProcessed(state.iterations() * kSymbols);
  state.counters["peak_mb"] = static_cast<double>(resident_memory("VmHWM")) / (1 << 20);
}
BENCHMARK(append_day)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(10);

void restate_day(benchmark::State& state) {
  const ManualClock clock = clock_after_load();
  const Scratch scratch;
  auto dataset = *Dataset::open_or_create(scratch.path, clock);
  commit(state, dataset, batch_of({.symbols = kFewSymbols, .days = kDays}));
  double shift = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto batch = batch_of({.symbols = kFewSymbols, .first_day = kDays - 1, .shift = shift += 1});
    state.ResumeTiming();
    commit(state, dataset, std::move(batch));
  }
  state.SetItemsProcessed(state.iterations() * kFewSymbols);
}
BENCHMARK(restate_day)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);

void read_symbol(benchmark::State& state) {
  const ManualClock clock = clock_after_load();
  const Scratch scratch;
  auto dataset = *Dataset::open_or_create(scratch.path, clock);
  commit(state, dataset, batch_of({.days = kDays}));
  for (auto _ : state) {
    const auto table =
        dataset.read({.key = {.provider = "bench", .symbol = "S05000", .interval = Interval::d1}});
    if (!table) state.SkipWithError(table.error().to_line().c_str());
    benchmark::DoNotOptimize(table);
  }
}
BENCHMARK(read_symbol)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace vortex
