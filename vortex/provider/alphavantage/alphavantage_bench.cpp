// Decode of a 1 M-row answer against a bare walk of the same bytes with simdjson, in one process.
// The counter `ratio` of AvDecode is its time over the walk's, each the best of its runs. With
// VORTEX_BENCH_ALPHAVANTAGE=FILE (1 M minute bars of IBM) that payload is read instead; the
// counters of AvDecodeBest are what bench/peers.py sets beside a bare parse by orjson. AvMemory
// counts what a decode takes at its peak, beside the payload, in batches.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include <arrow/record_batch.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <simdjson.h>

#include "vortex/base/random.hpp"
#include "vortex/base/resident_memory.hpp"
#include "vortex/provider/alphavantage/alphavantage_adapter.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kAvRows = 1'000'000;
constexpr std::int64_t kAvFirstSecond = 946'684'800;
constexpr int kAvRuns = 5;

// A random walk, newest first, spaced as Python's json writes it.
std::string make_av_payload() {
  Random random(7);
  std::string body = R"j({"Meta Data": {"1. Information": "Intraday (1min)", "2. Symbol": "IBM", )j"
                     R"j("6. Time Zone": "US/Eastern"}, "Time Series (1min)": {)j";
  double close = 100;
  for (std::int64_t i = kAvRows - 1; i >= 0; --i) {
    const double open = close;
    close *= std::exp(random.normal() * 2e-4);
    std::string stamp = format_time(from_unix_seconds(kAvFirstSecond + 60 * i)).substr(0, 19);
    stamp[10] = ' ';
    body +=
        fmt::format(R"({}"{}": {{"1. open": "{:.4f}", "2. high": "{:.4f}", "3. low": "{:.4f}", )"
                    R"("4. close": "{:.4f}", "5. volume": "{}"}})",
                    i == kAvRows - 1 ? "" : ", ", stamp, open, std::max(open, close) + 0.01,
                    std::min(open, close) - 0.01, close, random.below(100'000));
  }
  return body + "}}";
}

const HttpReply& av_reply() {
  static const HttpReply reply = [] {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    const char* path = std::getenv("VORTEX_BENCH_ALPHAVANTAGE");
    std::string body;
    if (path == nullptr) {
      body = make_av_payload();
    } else {
      std::ifstream file(path, std::ios::binary);
      body.assign(std::istreambuf_iterator<char>(file), {});
    }
    return HttpReply{.status = 200,
                     .body = Body::take(std::move(body)),
                     .received_at = from_unix_seconds(2'000'000'000)};
  }();
  return reply;
}

std::int64_t av_decode_once() {
  const AlphaVantageAdapter adapter;
  const BarsRequest request{.symbol = Symbol::parse("IBM").value(),
                            .interval = Interval::m1,
                            .range = {TimePoint{}, from_unix_seconds(1'900'000'000)}};
  const auto page = adapter.decode(request, av_reply());
  return page ? page->bars->num_rows() : -1;
}

// Every key and value touched, nothing made of them.
std::int64_t av_walk_once() {
  namespace json = simdjson::ondemand;
  const Body& body = av_reply().body;
  json::parser parser;
  json::document document = parser
                                .iterate(simdjson::padded_string_view(
                                    body.data(), body.size(), body.size() + Body::kBodyPadding))
                                .value();
  std::int64_t bytes = 0;
  for (auto row : document["Time Series (1min)"].get_object().value()) {
    for (auto field : row.value().get_object().value()) {
      bytes += static_cast<std::int64_t>(field.value().raw_json_token().value().size());
    }
  }
  return bytes;
}

template <class Run>
double av_processor_seconds(Run run) {
  const std::clock_t start = std::clock();
  benchmark::DoNotOptimize(run());
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

void AvWalk(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(av_walk_once());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(av_reply().body.size()));
}
BENCHMARK(AvWalk)->Unit(benchmark::kMillisecond)->Iterations(5);

void AvDecode(benchmark::State& state) {
  for (auto _ : state) {
    if (av_decode_once() != kAvRows) state.SkipWithError("decode lost rows");
  }
  state.SetItemsProcessed(state.iterations() * kAvRows);
  double walk = std::numeric_limits<double>::max();
  double decode = walk;
  for (int i = 0; i < kAvRuns; ++i) {
    walk = std::min(walk, av_processor_seconds([] { return av_walk_once(); }));
    decode = std::min(decode, av_processor_seconds([] { return av_decode_once(); }));
  }
  state.counters["ratio"] = decode / walk;
}
BENCHMARK(AvDecode)->Unit(benchmark::kMillisecond)->Iterations(5);

void AvDecodeBest(benchmark::State& state) {
  double best_wall = std::numeric_limits<double>::max();
  double best_processor = best_wall;
  for (auto _ : state) {
    for (int i = 0; i < kAvRuns; ++i) {
      const auto start = std::chrono::steady_clock::now();
      const double processor = av_processor_seconds([] { return av_decode_once(); });
      const std::chrono::duration<double, std::milli> wall =
          std::chrono::steady_clock::now() - start;
      best_wall = std::min(best_wall, wall.count());
      best_processor = std::min(best_processor, processor * 1000);
    }
  }
  state.counters["wall_ms"] = best_wall;
  state.counters["processor_ms"] = best_processor;
}
BENCHMARK(AvDecodeBest)->Unit(benchmark::kMillisecond)->Iterations(1);

void AvMemory(benchmark::State& state) {
  constexpr std::int64_t kRowBytes = 6 * 8 + 8 + 4;  // six columns, and two constant ones written
  const std::int64_t payload = static_cast<std::int64_t>(av_reply().body.size());
  for (auto _ : state) {
    forget_memory_peak();
    const std::int64_t before = resident_memory("VmRSS");
    if (av_decode_once() != kAvRows) state.SkipWithError("decode lost rows");
    const std::int64_t taken = resident_memory("VmHWM") - before;
    state.counters["batches"] = static_cast<double>(taken) / (kRowBytes * kAvRows);
    state.counters["peak_of_payload"] = static_cast<double>(taken + payload) / payload;
  }
}
BENCHMARK(AvMemory)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace vortex
