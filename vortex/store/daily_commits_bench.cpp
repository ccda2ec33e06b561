// Does the cost of a day's commit follow the day or the history? A thousand daily commits of 500
// symbols with captures, the automatic compaction after each: what the last hundred cost against
// the first ones. `open_each_day`: as a nightly job does it, in a process of its own.

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex {
namespace {

constexpr int kDailySymbols = 500;
constexpr int kDailyCommits = 1000;

struct DailyScratch {
  DailyScratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "vortex-bench-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  DailyScratch(const DailyScratch&) = delete;
  DailyScratch& operator=(const DailyScratch&) = delete;
  ~DailyScratch() { std::filesystem::remove_all(path); }
  std::string path;
};

TimePoint bench_day(int n) {
  return midnight(*parse_date("2022-01-03")) + std::chrono::days{n};
}

// One bar of each symbol and five that were there before, as a sync with overlap brings them.
std::vector<SeriesBatch> day_batch(int n) {
  std::vector<SeriesBatch> batch(kDailySymbols);
  for (int i = 0; i < kDailySymbols; ++i) {
    SeriesBatch& series = batch[static_cast<std::size_t>(i)];
    series.key = {.provider = "bench", .symbol = fmt::format("S{:05}", i)};
    BarBatchBuilder builder;
    for (int day = std::max(0, n - 5); day <= n; ++day) {
      const double close = 100 + (i * 7 + day * 13) % 50;
      builder.append({.timestamp = bench_day(day),
                      .open = close,
                      .high = close + 1,
                      .low = close - 1,
                      .close = close,
                      .volume = 1000});
    }
    const TimePoint received = bench_day(n) + std::chrono::hours{22};
    HttpReply reply;
    reply.status = 200;
    reply.body = Body::copy_of(fmt::format("{{\"symbol\":{},\"day\":{}}}", i, n));
    reply.received_at = received;
    const TimeRange asked{bench_day(std::max(0, n - 5)), bench_day(n + 1)};
    series.captures.push_back(*make_capture(reply, "GET https://example.test/chart", asked));
    series.coverage.push_back({.range = asked, .state = CoverageState::have, .reason = {}});
    series.bars.push_back(*builder.finish({.symbol = series.key.symbol,
                                           .provider = "bench",
                                           .adjusted = Adjustment::split,
                                           .basis = date_of(received),
                                           .transform_timestamp = received,
                                           .capture_id = series.captures[0].id}));
  }
  return batch;
}

double mean(const std::vector<double>& costs, int begin, int end) {
  double sum = 0;
  for (int i = begin; i < end; ++i) sum += costs[static_cast<std::size_t>(i)];
  return sum / (end - begin);
}

double median(std::vector<double> costs, int begin, int end) {
  const auto first = costs.begin() + begin;
  const auto last = costs.begin() + end;
  std::sort(first, last);
  return *(first + (last - first) / 2);
}

// Of the whole process: Arrow's threads count.
double processor_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double wall_ms() {
  const std::chrono::duration<double, std::milli> since_start =
      std::chrono::steady_clock::now().time_since_epoch();
  return since_start.count();
}

// The tenth with its neighbours; the last hundred and the last year as means, so that their share
// of merging days into months and months into years is in them.
void tell(benchmark::State& state, const std::string& clock, const std::vector<double>& costs) {
  const double tenth = median(costs, 5, 16);
  const double year = mean(costs, kDailyCommits - 365, kDailyCommits);
  state.counters[clock + "_10th"] = tenth;
  state.counters[clock + "_1000th"] = median(costs, kDailyCommits - 100, kDailyCommits);
  state.counters[clock + "_last_100"] = mean(costs, kDailyCommits - 100, kDailyCommits);
  state.counters[clock + "_last_year"] = year;
  state.counters[clock + "_ratio"] = year / tenth;
}

void daily_commits(benchmark::State& state, bool open_each_day) {
  const DailyScratch scratch;
  ManualClock clock(bench_day(0));
  std::vector<double> by_wall;
  std::vector<double> by_processor;
  for (auto _ : state) {
    std::optional<Dataset> dataset;
    for (int n = 0; n < kDailyCommits; ++n) {
      clock.step(bench_day(n) + std::chrono::hours{22} - clock.now());
      auto batch = day_batch(n);
      const double wall = wall_ms();
      const double processor = processor_ms();
      if (open_each_day || !dataset) {
        dataset.reset();
        dataset.emplace(*Dataset::open_or_create(scratch.path, clock));
      }
      const auto done = dataset->commit(std::move(batch));
      const auto compacted = dataset->compact({.automatic = true});
      by_wall.push_back(wall_ms() - wall);
      by_processor.push_back(processor_ms() - processor);
      if (!done || !compacted) state.SkipWithError("a commit or compaction failed");
    }
    state.counters["files"] = static_cast<double>(dataset->summary()->files);
  }
  tell(state, "wall", by_wall);
  tell(state, "cpu", by_processor);
}
BENCHMARK_CAPTURE(daily_commits, one_process, false)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK_CAPTURE(daily_commits, open_each_day, true)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace vortex
