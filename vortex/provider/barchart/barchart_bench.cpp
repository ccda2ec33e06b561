// A file of 1 M rows → batch: the way an import takes, from bytes to the finished page. With
// VORTEX_BENCH_BARCHART=FILE (minutes or days of ZCZ26, as the website writes them) that file is
// read instead; the counters are what bench/barchart_peers.py sets beside CSV readers of others.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include <arrow/record_batch.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "vortex/base/random.hpp"
#include "vortex/base/resident_memory.hpp"
#include "vortex/provider/barchart/barchart_adapter.hpp"
#include "vortex/provider/barchart/barchart_saved.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kBarchartRows = 1'000'000;
constexpr int kBarchartRuns = 7;
constexpr int kMinutesASession = 390;

// A random walk of sessions from 08:30 on, newest first, as the website writes it.
std::string make_barchart_file() {
  Random random(7);
  std::vector<std::string> lines;
  double close = 100;
  Date day{std::chrono::year(2015) / 1 / 5};
  for (std::int64_t i = 0; i < kBarchartRows; ++i) {
    const int minute = static_cast<int>(i % kMinutesASession);
    if (i > 0 && minute == 0) day += std::chrono::days(1);
    const double open = close;
    close *= std::exp(random.normal() * 2e-4);
    lines.push_back(fmt::format("{} {:02}:{:02},{:.4f},{:.4f},{:.4f},{:.4f},0.1,0.1%,{}\n",
                                format_date(day), (510 + minute) / 60, (510 + minute) % 60, open,
                                std::max(open, close) + 0.01, std::min(open, close) - 0.01, close,
                                random.below(100'000)));
  }
  std::string text = "Time,Open,High,Low,Last,Change,%Chg,Volume\n";
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) text += *line;
  return text + "\"Downloaded from Barchart.com as of 11-22-2026 08:00am CST\"\n";
}

const HttpReply& barchart_reply() {
  static const HttpReply reply = [] {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    const char* path = std::getenv("VORTEX_BENCH_BARCHART");
    std::string text;
    if (path == nullptr) {
      text = make_barchart_file();
    } else {
      // In one piece: a string that grew would hide what decoding takes.
      text.reserve(std::filesystem::file_size(path) + Body::kBodyPadding);
      text.resize(std::filesystem::file_size(path));
      std::ifstream file(path, std::ios::binary);
      file.read(text.data(), static_cast<std::streamsize>(text.size()));
    }
    return HttpReply{
        .status = 200,
        .headers = {{.name = "Content-Type", .value = std::string(kBarchartSavedType)}},
        .body = Body::take(std::move(text)),
        .received_at = from_unix_seconds(2'000'000'000)};
  }();
  return reply;
}

std::int64_t decode_barchart() {
  const std::string_view text = barchart_reply().body.view();
  const bool minutes = text.substr(0, 120).contains(':');
  const BarchartAdapter adapter;
  const BarsRequest request{.symbol = Symbol::parse("ZCZ26").value(),
                            .interval = minutes ? Interval::m1 : Interval::d1,
                            .range = {TimePoint::min(), TimePoint::max()}};
  const auto page = adapter.decode(request, barchart_reply());
  return page ? page->bars->num_rows() : -1;
}

// What one decode takes at its most beside the file, in batches of the rows it gives.
double batches_taken() {
  constexpr double kRowBytes = 6 * 8 + 8 + 4;  // six columns, and two constant ones written
  forget_memory_peak();
  const std::int64_t before = resident_memory("VmRSS");
  const std::int64_t rows = decode_barchart();
  return static_cast<double>(resident_memory("VmHWM") - before) /
         (kRowBytes * static_cast<double>(rows));
}

void BarchartCsvBest(benchmark::State& state) {
  static_cast<void>(barchart_reply());
  state.counters["batches"] = batches_taken();  // the first: nothing is kept of another yet
  double best_wall = std::numeric_limits<double>::max();
  double best_processor = best_wall;
  std::int64_t rows = 0;
  for (auto _ : state) {
    for (int i = 0; i < kBarchartRuns; ++i) {
      const auto start = std::chrono::steady_clock::now();
      const std::clock_t ticks = std::clock();
      rows = decode_barchart();
      const std::chrono::duration<double, std::milli> wall =
          std::chrono::steady_clock::now() - start;
      best_wall = std::min(best_wall, wall.count());
      best_processor = std::min(best_processor,
                                static_cast<double>(std::clock() - ticks) * 1000 / CLOCKS_PER_SEC);
    }
  }
  if (rows < kBarchartRows * 98 / 100) state.SkipWithError("decode lost rows");
  state.counters["wall_ms"] = best_wall;
  state.counters["processor_ms"] = best_processor;
  state.counters["rows"] = static_cast<double>(rows);
  state.counters["payload_mib"] =
      static_cast<double>(barchart_reply().body.size()) / (1024.0 * 1024.0);
}
BENCHMARK(BarchartCsvBest)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace vortex
