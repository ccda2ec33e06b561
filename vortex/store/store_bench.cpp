// Kernels of the store, fsync included: writing, appending a day, restating a day, reading a
// symbol.

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <arrow/table.h>
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include "vortex/base/random.hpp"
#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex {
namespace {

constexpr int kSymbols = 10'000;
constexpr int kDays = 125;  // × 10,000 symbols: 1.25 M rows

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

std::vector<SeriesBatch> batch_of(int first_day, int days, double shift) {
  Random random(7);
  std::vector<SeriesBatch> batch(kSymbols);
  for (int i = 0; i < kSymbols; ++i) {
    SeriesBatch& series = batch[static_cast<std::size_t>(i)];
    series.key = {
        .provider = "bench", .symbol = fmt::format("S{:05}", i), .interval = Interval::d1};
    BarBatchBuilder builder;
    for (int n = first_day; n < first_day + days; ++n) {
      const double close = 100 + 5 * random.normal() + shift;
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
  }
  return batch;
}

void commit(benchmark::State& state, Dataset& dataset, std::vector<SeriesBatch> batch) {
  const auto receipt = dataset.commit(std::move(batch));
  if (!receipt) state.SkipWithError(receipt.error().to_line().c_str());
}

void write_much(benchmark::State& state) {
  const SystemClock clock;
  for (auto _ : state) {
    state.PauseTiming();
    const Scratch scratch;
    auto dataset = *Dataset::open_or_create(scratch.path, clock);
    auto batch = batch_of(0, kDays, 0);
    state.ResumeTiming();
    commit(state, dataset, std::move(batch));
    state.PauseTiming();
    {
      auto gone = std::move(dataset);
    }
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kSymbols * kDays);
}
BENCHMARK(write_much)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(4);

void append_day(benchmark::State& state) {
  const SystemClock clock;
  const Scratch scratch;
  auto dataset = *Dataset::open_or_create(scratch.path, clock);
  commit(state, dataset, batch_of(0, kDays, 0));
  int next = kDays;
  for (auto _ : state) {
    state.PauseTiming();
    auto batch = batch_of(next++, 1, 0);
    state.ResumeTiming();
    commit(state, dataset, std::move(batch));
  }
  state.SetItemsProcessed(state.iterations() * kSymbols);
}
BENCHMARK(append_day)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(10);

void restate_day(benchmark::State& state) {
  const SystemClock clock;
  const Scratch scratch;
  auto dataset = *Dataset::open_or_create(scratch.path, clock);
  commit(state, dataset, batch_of(0, kDays, 0));
  double shift = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto batch = batch_of(kDays - 1, 1, shift += 1);
    state.ResumeTiming();
    commit(state, dataset, std::move(batch));
  }
  state.SetItemsProcessed(state.iterations() * kSymbols);
}
BENCHMARK(restate_day)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);

void read_symbol(benchmark::State& state) {
  const SystemClock clock;
  const Scratch scratch;
  auto dataset = *Dataset::open_or_create(scratch.path, clock);
  commit(state, dataset, batch_of(0, kDays, 0));
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
