// What judging a clean million rows costs beside merely adding up the same six buffers, which is as
// fast as they can be read. The sums use enough accumulators to be bound by memory, not by latency.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>

#include <arrow/record_batch.h>
#include <benchmark/benchmark.h>

#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/codec/bar_view.hpp"
#include "vortex/quality/validator.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kRows = 1'000'000;
constexpr int kTries = 20;

std::shared_ptr<arrow::RecordBatch> clean_batch(bool with_bad_rows) {
  BarBatchBuilder builder;
  builder.reserve(kRows);
  for (std::int64_t n = 0; n < kRows; ++n) {
    const double price = 100 + static_cast<double>(n % 977) * 0.01;
    const bool bad = with_bad_rows && n % 10'000 == 0;
    builder.append({.timestamp = from_unix_seconds(1'000'000'020 + n * 60),
                    .open = price,
                    .high = bad ? price - 1 : price + 0.5,
                    .low = price - 0.5,
                    .close = price + 0.25,
                    .volume = static_cast<double>(n % 5000)});
  }
  return *builder.finish({.symbol = "AAPL", .provider = "bench", .interval = Interval::m1});
}

template <class Value>
Value sum_of(std::span<const Value> values) {
  constexpr std::size_t kLanes = 16;
  Value lanes[kLanes] = {};
  for (std::size_t i = 0; i + kLanes <= values.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += values[i + lane];
  }
  Value sum = 0;
  for (const Value lane : lanes) sum += lane;
  return sum;
}

double sum_buffers(const BarView& bars) {
  const auto rows = static_cast<std::size_t>(bars.rows());
  auto sum = static_cast<double>(sum_of(std::span(bars.timestamps(), rows)));
  for (const BarColumn column : {kOpen, kHigh, kLow, kClose, kVolume}) {
    sum += sum_of(std::span(bars.values(column), rows));
  }
  return sum;
}

template <class Work>
double best_ms(Work work) {
  double best = 1e9;
  for (int i = 0; i < kTries; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::milli> elapsed =
        std::chrono::steady_clock::now() - begin;
    best = std::min(best, elapsed.count());
  }
  return best;
}

void report_rows(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * kRows);
}

void sum_six_buffers(benchmark::State& state) {
  const auto batch = clean_batch(false);
  const BarView bars(*batch);
  for (auto _ : state) benchmark::DoNotOptimize(sum_buffers(bars));
  report_rows(state);
}
BENCHMARK(sum_six_buffers)->Unit(benchmark::kMillisecond);

void validate_clean(benchmark::State& state) {
  const auto batch = clean_batch(false);
  for (auto _ : state) benchmark::DoNotOptimize(validate(batch));
  report_rows(state);
}
BENCHMARK(validate_clean)->Unit(benchmark::kMillisecond);

void validate_one_bad_row_in_ten_thousand(benchmark::State& state) {
  const auto batch = clean_batch(true);
  for (auto _ : state) benchmark::DoNotOptimize(validate(batch));
  report_rows(state);
}
BENCHMARK(validate_one_bad_row_in_ten_thousand)->Unit(benchmark::kMillisecond);

// The target: validate ≤ 2 × sum, minimum of 20 tries each in one process.
void ratio_of_validate_to_sum(benchmark::State& state) {
  const auto batch = clean_batch(false);
  const BarView bars(*batch);
  for (auto _ : state) {
    const double sum = best_ms([&] { benchmark::DoNotOptimize(sum_buffers(bars)); });
    const double judged = best_ms([&] { benchmark::DoNotOptimize(validate(batch)); });
    state.counters["sum_ms"] = sum;
    state.counters["validate_ms"] = judged;
    state.counters["ratio"] = judged / sum;
  }
}
BENCHMARK(ratio_of_validate_to_sum)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vortex
