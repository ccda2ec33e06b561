// Does the cost of a day's commit follow the day or the history? A thousand daily commits of 500
// symbols with captures, the automatic compaction after each: what those of the last year cost
// against the tenth of a dataset of nine days, in turns. `open_each_day`: as a nightly job does it,
// in a process of its own.

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
constexpr int kLastYear = 365;

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

struct Cost {
  double wall = 0;
  double processor = 0;
};

// A day's commit and the automatic compaction after it.
std::optional<Cost> store_day(std::optional<Dataset>& dataset, const std::string& path,
                              ManualClock& clock, int n, bool open_each_day) {
  clock.step(bench_day(n) + std::chrono::hours{22} - clock.now());
  auto batch = day_batch(n);
  const double wall = wall_ms();
  const double processor = processor_ms();
  if (open_each_day || !dataset) {
    dataset.reset();
    dataset.emplace(*Dataset::open_or_create(path, clock));
  }
  const auto done = dataset->commit(std::move(batch));
  const auto compacted = dataset->compact({.automatic = true});
  if (!done || !compacted) return std::nullopt;
  return Cost{.wall = wall_ms() - wall, .processor = processor_ms() - processor};
}

// A dataset of a few days, of which a copy takes its tenth as often as is asked: in turns with the
// old dataset's days, so that a machine whose speed changes is equally fast for both.
class YoungDataset {
 public:
  // Of a process that goes on the ninth is of the same one.
  explicit YoungDataset(bool open_each_day)
      : open_each_day_(open_each_day), days_(open_each_day ? kTenth - 1 : kTenth - 2) {
    std::optional<Dataset> dataset;
    ManualClock clock(bench_day(0));
    for (int n = 0; n < days_; ++n) store_day(dataset, few_days_.path, clock, n, false);
  }

  std::optional<Cost> tenth() const {
    const DailyScratch copy;
    std::filesystem::copy(few_days_.path, copy.path,
                          std::filesystem::copy_options::recursive |
                              std::filesystem::copy_options::overwrite_existing);
    std::optional<Dataset> dataset;
    ManualClock clock(bench_day(days_ - 1));
    for (int n = days_; n < kTenth - 1; ++n) store_day(dataset, copy.path, clock, n, false);
    return store_day(dataset, copy.path, clock, kTenth - 1, open_each_day_);
  }

 private:
  static constexpr int kTenth = 10;
  bool open_each_day_;
  int days_;
  DailyScratch few_days_;
};

// The last year as means, so that its share of merging days into months and months into years is in
// them; beside it what a day costs when nothing is merged.
void tell(benchmark::State& state, const std::string& clock, const std::vector<double>& olds,
          const std::vector<double>& youngs) {
  const int days = static_cast<int>(olds.size());
  const double tenth = mean(youngs, 0, days);
  state.counters[clock + "_10th"] = tenth;
  state.counters[clock + "_1000th"] = mean(olds, 0, days);
  state.counters[clock + "_ratio"] = mean(olds, 0, days) / tenth;
  state.counters[clock + "_median_ratio"] = median(olds, 0, days) / median(youngs, 0, days);
}

void daily_commits(benchmark::State& state, bool open_each_day) {
  const DailyScratch scratch;
  const YoungDataset young(open_each_day);
  ManualClock clock(bench_day(0));
  std::vector<double> old_wall;
  std::vector<double> old_processor;
  std::vector<double> young_wall;
  std::vector<double> young_processor;
  for (auto _ : state) {
    std::optional<Dataset> dataset;
    for (int n = 0; n < kDailyCommits; ++n) {
      const auto cost = store_day(dataset, scratch.path, clock, n, open_each_day);
      if (!cost) return state.SkipWithError("a commit or compaction failed");
      if (n < kDailyCommits - kLastYear) continue;
      const auto tenth = young.tenth();
      if (!tenth) return state.SkipWithError("a tenth commit failed");
      old_wall.push_back(cost->wall);
      old_processor.push_back(cost->processor);
      young_wall.push_back(tenth->wall);
      young_processor.push_back(tenth->processor);
    }
    state.counters["files"] = static_cast<double>(dataset->summary()->files);
  }
  tell(state, "wall", old_wall, young_wall);
  tell(state, "cpu", old_processor, young_processor);
}
BENCHMARK_CAPTURE(daily_commits, one_process, false)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK_CAPTURE(daily_commits, open_each_day, true)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace vortex
