// How far the whole engine runs ahead of the clock: one call a second, decoded, validated and
// committed every hour.
#include <cstdlib>

#include <benchmark/benchmark.h>

#include "tests/simulation/simulated_world.hpp"

namespace vortex {
namespace {

constexpr int kCallsAnHour = 3600;

void engine_hours(benchmark::State& state) {
  std::int64_t hours = 0;
  for (auto _ : state) {
    SimulatedWorld world({.limits = {{.count = 1, .window = std::chrono::seconds(1)}}});
    const auto process = world.start();
    const auto report =
        process.engine->sync(world.request(SimulatedWorld::symbols(2 * kCallsAnHour)));
    if (!report || report->status() != "ok") std::abort();
    hours += 2;
  }
  state.counters["sim_hours_per_cpu_s"] =
      benchmark::Counter(static_cast<double>(hours), benchmark::Counter::kIsRate);
}
BENCHMARK(engine_hours)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace vortex
