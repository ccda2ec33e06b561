// What choosing an endpoint costs a call: pick and settle, healthy endpoints, one call at a time.
#include <benchmark/benchmark.h>

#include "vortex/discovery/directory.hpp"
#include "vortex/discovery/static_source.hpp"

namespace vortex {
namespace {

constexpr Duration kLatency = std::chrono::milliseconds(20);

std::vector<std::string> bench_urls(std::int64_t count) {
  std::vector<std::string> urls;
  for (std::int64_t i = 0; i < count; ++i)
    urls.push_back("https://node" + std::to_string(i) + ".example");
  return urls;
}

void pick_and_settle(benchmark::State& state, Strategy strategy) {
  Balancer balancer({.strategy = strategy});
  balancer.update(equal_endpoints("bench", bench_urls(state.range(0))).endpoints);
  Random random(1);
  Monotonic now{std::chrono::hours(1)};
  for (auto _ : state) {
    now += std::chrono::microseconds(50);
    PickedEndpoint picked = balancer.pick(now, random);
    picked.settle(now, EndpointVerdict::good, kLatency);
  }
}
BENCHMARK_CAPTURE(pick_and_settle, round_robin, Strategy::round_robin)->Arg(1)->Arg(3)->Arg(100);
BENCHMARK_CAPTURE(pick_and_settle, least_requests, Strategy::least_requests)
    ->Arg(1)
    ->Arg(3)
    ->Arg(100);
BENCHMARK_CAPTURE(pick_and_settle, p2c_ewma, Strategy::p2c_ewma)->Arg(1)->Arg(3)->Arg(100);

// The same with one endpoint put aside: every pick looks at all of them.
void pick_with_one_aside(benchmark::State& state) {
  Balancer balancer({.strategy = Strategy::p2c_ewma, .health = {.ejection_failures = 1}});
  balancer.update(equal_endpoints("bench", bench_urls(state.range(0))).endpoints);
  Random random(1);
  const Monotonic now{std::chrono::hours(1)};
  balancer.pick(now, random).settle(now, EndpointVerdict::bad, kLatency);
  for (auto _ : state) {
    PickedEndpoint picked = balancer.pick(now, random);
    picked.settle(now, EndpointVerdict::good, kLatency);
  }
}
BENCHMARK(pick_with_one_aside)->Arg(3)->Arg(100);

void directory_pick(benchmark::State& state) {
  const auto source = std::make_shared<StaticSource>(
      "config", std::vector{equal_endpoints("yahoo", bench_urls(state.range(0)))});
  Directory directory({}, {{.service = "alphavantage", .sources = {source}},
                           {.service = "barchart", .sources = {source}},
                           {.service = "yahoo", .sources = {source}}});
  Monotonic now{std::chrono::hours(1)};
  (void)directory.refresh({.elapsed = now, .calendar = {}});
  Random random(1);
  for (auto _ : state) {
    now += std::chrono::microseconds(50);
    auto picked = directory.pick("yahoo", now, random);
    picked->settle(now, EndpointVerdict::good, kLatency);
  }
}
BENCHMARK(directory_pick)->Arg(1)->Arg(3)->Arg(100);

}  // namespace
}  // namespace vortex
