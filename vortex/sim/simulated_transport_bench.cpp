// How much simulated time passes in a second of CPU: the loop alone, a call a second over the
// simulated transport with an answer that costs nothing, and the same from many coroutines.
#include <benchmark/benchmark.h>

#include "vortex/runtime/sleep.hpp"
#include "vortex/runtime/task_group.hpp"
#include "vortex/sim/simulated_transport.hpp"

namespace vortex {
namespace {

using boost::asio::awaitable;

constexpr int kSeconds = 3600;

struct BenchWorld {
  BenchWorld() {
    net.serve("fake", "fake.invalid",
              [](const HttpCall&, TimePoint) { return HttpReply{.status = 200}; });
  }
  ManualClock clock{*parse_time("2025-06-04T15:00Z")};
  SimulatedNet net{clock, {}};
  Runtime runtime{SimulatedTime{.clock = &clock}};
  SimulatedTransport transport{runtime, net};
  HttpRoute route{.base_url = "http://fake.invalid"};
};

awaitable<void> sleep_an_hour(BenchWorld* world) {
  for (int i = 0; i < kSeconds; ++i)
    (void)co_await sleep_for(world->runtime, std::chrono::seconds(1));
}

awaitable<void> call_for_an_hour(BenchWorld* world, std::int64_t* failed) {
  const HttpCall call{.path = "/bars/AAPL", .query = {{"interval", "1d"}}};
  Monotonic next = world->clock.monotonic();
  for (int i = 0; i < kSeconds; ++i) {
    next += std::chrono::seconds(1);
    (void)co_await sleep_until(world->runtime, next);
    const auto reply = co_await world->transport.send(
        world->route, call, Deadline::after(world->clock.monotonic(), std::chrono::seconds(30)));
    if (!reply) ++*failed;
  }
}

awaitable<void> call_by_many(BenchWorld* world, int streams, std::int64_t* failed) {
  TaskGroup tasks(world->runtime);
  for (int i = 0; i < streams; ++i) (void)tasks.spawn(call_for_an_hour(world, failed));
  co_await tasks.join();
}

void report(benchmark::State& state, double hours_each) {
  state.counters["sim_hours_per_cpu_s"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * hours_each, benchmark::Counter::kIsRate);
}

void sleeps(benchmark::State& state) {
  BenchWorld world;
  for (auto _ : state) world.runtime.run(sleep_an_hour(&world));
  report(state, 1);
}
BENCHMARK(sleeps)->Unit(benchmark::kMillisecond);

void calls(benchmark::State& state) {
  const int streams = static_cast<int>(state.range(0));
  std::int64_t failed = 0;
  for (auto _ : state) {
    BenchWorld world;
    world.runtime.run(call_by_many(&world, streams, &failed));
  }
  if (failed != 0) state.SkipWithError("a call failed");
  report(state, static_cast<double>(streams));
}
BENCHMARK(calls)->Arg(1)->Arg(20)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vortex
