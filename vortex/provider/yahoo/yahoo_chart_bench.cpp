// Decode of a 1 M-row chart against a bare walk of the same values with simdjson, in one process.
// The counter `ratio` of Decode is its time over the walk's, each the best of its runs. With
// VORTEX_BENCH_CHART=FILE (1 M minute bars of AAPL) that payload is read instead; the counters
// of DecodeBest are what bench/peers.py sets beside programs of others on the same file.
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
#include <simdjson.h>

#include "vortex/base/json.hpp"
#include "vortex/base/random.hpp"
#include "vortex/provider/yahoo/yahoo_adapter.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kRows = 1'000'000;
constexpr std::int64_t kFirstSecond = 946'684'800;
constexpr int kRuns = 7;

double rounded(double value) {
  return std::round(value * 10'000) / 10'000;
}

// Minute bars of a random walk; one slot in a hundred is null.
std::string make_payload() {
  Random random(7);
  std::string columns[5];
  std::string stamps;
  double close = 100;
  for (std::int64_t i = 0; i < kRows; ++i) {
    const double open = close;
    close = rounded(close * std::exp(random.normal() * 2e-4));
    const double high = rounded(std::max(open, close) + std::abs(random.normal()) * 0.02);
    const double low = rounded(std::min(open, close) - std::abs(random.normal()) * 0.02);
    const double row[5] = {open, high, low, close, static_cast<double>(random.below(100'000))};
    const bool missing = random.below(100) == 0;
    const char* comma = i == 0 ? "" : ",";
    stamps += comma + std::to_string(kFirstSecond + 60 * i);
    for (int column = 0; column < 5; ++column) {
      columns[column] += comma;
      if (missing)
        columns[column] += "null";
      else
        append_double(columns[column], row[column]);
    }
  }
  constexpr const char* kNames[5] = {"open", "high", "low", "close", "volume"};
  std::string body =
      R"({"chart":{"result":[{"meta":{"currency":"USD","symbol":"AAPL","exchangeName":"NMS",)"
      R"("instrumentType":"EQUITY","exchangeTimezoneName":"America/New_York",)"
      R"("dataGranularity":"1m"},"timestamp":[)";
  body += stamps + R"(],"indicators":{"quote":[{)";
  for (int column = 0; column < 5; ++column) {
    body += std::string(column == 0 ? "" : ",") + "\"" + kNames[column] + "\":[" + columns[column] +
            "]";
  }
  return body + R"(}]}}],"error":null}})";
}

std::string payload() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  const char* path = std::getenv("VORTEX_BENCH_CHART");
  if (path == nullptr) return make_payload();
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

const HttpReply& big_reply() {
  static const HttpReply reply{.status = 200,
                               .body = Body::take(payload()),
                               .received_at = from_unix_seconds(2'000'000'000)};
  return reply;
}

double walk_once(const Body& body) {
  namespace json = simdjson::ondemand;
  json::parser parser;
  json::document document = parser
                                .iterate(simdjson::padded_string_view(
                                    body.data(), body.size(), body.size() + Body::kBodyPadding))
                                .value();
  double sum = 0;
  for (auto element : document["chart"]["result"].get_array().value()) {
    json::object result = element.get_object().value();
    for (auto stamp : result["timestamp"].get_array().value()) {
      sum += static_cast<double>(stamp.get_int64().value());
    }
    for (auto quote : result["indicators"]["quote"].get_array().value()) {
      for (auto field : quote.get_object().value()) {
        for (auto value : field.value().get_array().value()) {
          if (!value.is_null().value()) sum += value.get_double().value();
        }
      }
    }
  }
  return sum;
}

std::int64_t decode_once() {
  const YahooAdapter adapter;
  const BarsRequest request{.symbol = Symbol::parse("AAPL").value(),
                            .interval = Interval::m1,
                            .range = {TimePoint{}, from_unix_seconds(1'900'000'000)}};
  const auto page = adapter.decode(request, big_reply());
  return page ? page->bars->num_rows() : -1;
}

template <class Run>
double processor_seconds(Run run) {
  const std::clock_t start = std::clock();
  benchmark::DoNotOptimize(run());
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

void Walk(benchmark::State& state) {
  const Body& body = big_reply().body;
  for (auto _ : state) benchmark::DoNotOptimize(walk_once(body));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(Walk)->Unit(benchmark::kMillisecond);

void Decode(benchmark::State& state) {
  for (auto _ : state) {
    if (decode_once() < kRows * 98 / 100) state.SkipWithError("decode lost rows");
  }
  state.SetItemsProcessed(state.iterations() * kRows);
  double walk = std::numeric_limits<double>::max();
  double decode = walk;
  for (int i = 0; i < kRuns; ++i) {
    walk = std::min(walk, processor_seconds([] { return walk_once(big_reply().body); }));
    decode = std::min(decode, processor_seconds([] { return decode_once(); }));
  }
  state.counters["ratio"] = decode / walk;
}
BENCHMARK(Decode)->Unit(benchmark::kMillisecond)->Iterations(5);

// The best of five, by the wall and by the processor's time: how the floor times itself.
void DecodeBest(benchmark::State& state) {
  constexpr int kFloorRuns = 5;
  double best_wall = std::numeric_limits<double>::max();
  double best_processor = best_wall;
  for (auto _ : state) {
    for (int i = 0; i < kFloorRuns; ++i) {
      const auto start = std::chrono::steady_clock::now();
      const double processor = processor_seconds([&] {
        const std::int64_t rows = decode_once();
        if (rows < kRows * 98 / 100) state.SkipWithError("decode lost rows");
        return rows;
      });
      const std::chrono::duration<double, std::milli> wall =
          std::chrono::steady_clock::now() - start;
      best_wall = std::min(best_wall, wall.count());
      best_processor = std::min(best_processor, processor * 1000);
    }
  }
  state.counters["wall_ms"] = best_wall;
  state.counters["processor_ms"] = best_processor;
}
BENCHMARK(DecodeBest)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace vortex
