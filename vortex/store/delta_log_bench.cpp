// Opening a table of a thousand commits, and asking it for its past: what it costs by age.

#include <cstdlib>
#include <filesystem>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/store/dataset.hpp"
#include "vortex/store/delta_log.hpp"

namespace vortex {
namespace {

constexpr int kSymbols = 5;

TimePoint day(int n) {
  return midnight(*parse_date("2020-01-01")) + std::chrono::days{n};
}

SeriesBatch series_of(int symbol, int n) {
  SeriesBatch series;
  series.key = {
      .provider = "bench", .symbol = fmt::format("S{:05}", symbol), .interval = Interval::d1};
  BarBatchBuilder builder;
  builder.append({.timestamp = day(n), .open = 1, .high = 2, .low = 1, .close = 2, .volume = 9});
  series.bars.push_back(*builder.finish({.symbol = series.key.symbol,
                                         .provider = "bench",
                                         .adjusted = Adjustment::split,
                                         .basis = date_of(day(0)),
                                         .transform_timestamp = day(n),
                                         .capture_id = "0123456789abcdef"}));
  HttpReply reply;
  reply.status = 200;
  reply.body = Body::copy_of(fmt::format("body {} {}", symbol, n));
  reply.received_at = day(n);
  series.captures.push_back(*make_capture(reply, "GET https://bench.test/x", {day(n), day(n + 1)}));
  series.actions.push_back(
      {.kind = ActionKind::dividend, .ex_date = date_of(day(n)), .amount = 0.01});
  return series;
}

// A dataset of so many daily commits, each with captures and actions; made once for each size.
class Made {
 public:
  explicit Made(int commits) : clock(day(0)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "vortex-bench-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
    auto dataset = *Dataset::open_or_create(path, clock);
    for (int n = 1; n < commits; ++n) {
      clock.advance(std::chrono::hours{24});
      std::vector<SeriesBatch> batch;
      for (int symbol = 0; symbol < kSymbols; ++symbol) batch.push_back(series_of(symbol, n));
      if (!dataset.commit(std::move(batch))) std::abort();
    }
  }
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;
  ~Made() { std::filesystem::remove_all(path); }

  static const Made& of(int commits) {
    static const Made kFew(20);
    static const Made kMany(1000);
    return commits == 20 ? kFew : kMany;
  }

  ManualClock clock;
  std::string path;
};

void open_dataset(benchmark::State& state) {
  const Made& made = Made::of(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    auto dataset = Dataset::open(made.path, made.clock);
    if (!dataset || !dataset->all_states()) state.SkipWithError("not opened");
    benchmark::DoNotOptimize(dataset);
  }
}
BENCHMARK(open_dataset)->Arg(20)->Arg(1000)->Unit(benchmark::kMillisecond)->UseRealTime();

// The bars' log and every side table's.
void load_logs(benchmark::State& state) {
  const Made& made = Made::of(static_cast<int>(state.range(0)));
  const auto files = open_posix_file_system(made.path);
  for (auto _ : state) {
    for (const char* table : {"bars", "captures", "corporate_actions"}) {
      DeltaLog log(*files, table);
      if (!log.load().value_or(false)) state.SkipWithError("not loaded");
    }
  }
}
BENCHMARK(load_logs)->Arg(20)->Arg(1000)->Unit(benchmark::kMillisecond)->UseRealTime();

void version_by_time(benchmark::State& state) {
  const Made& made = Made::of(1000);
  const auto files = open_posix_file_system(made.path);
  for (auto _ : state) {
    state.PauseTiming();
    DeltaLog log(*files, "bars");
    if (!log.load().value_or(false)) state.SkipWithError("not loaded");
    state.ResumeTiming();
    benchmark::DoNotOptimize(log.version_at(day(333)));
  }
}
BENCHMARK(version_by_time)->Unit(benchmark::kMillisecond)->UseRealTime();

void snapshot_of_the_middle(benchmark::State& state) {
  const Made& made = Made::of(1000);
  const auto files = open_posix_file_system(made.path);
  DeltaLog log(*files, "bars");
  if (!log.load().value_or(false)) state.SkipWithError("not loaded");
  for (auto _ : state) benchmark::DoNotOptimize(log.snapshot_at(505));
}
BENCHMARK(snapshot_of_the_middle)->Unit(benchmark::kMillisecond)->UseRealTime();

void refresh_without_news(benchmark::State& state) {
  const Made& made = Made::of(1000);
  const auto files = open_posix_file_system(made.path);
  DeltaLog log(*files, "bars");
  if (!log.load().value_or(false)) state.SkipWithError("not loaded");
  for (auto _ : state) benchmark::DoNotOptimize(log.refresh());
}
BENCHMARK(refresh_without_news)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
}  // namespace vortex
