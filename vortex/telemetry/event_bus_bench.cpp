// What handing an event to three subscribers costs, over a million events: nobody reads; three
// threads read; every event replaces another. Figures are the publisher's time per delivery (per
// event and subscriber), by the wall and by its own CPU, which alone means something on a busy
// machine, and what its thread allocated meanwhile.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include <benchmark/benchmark.h>
#include <time.h>

#include "vortex/base/clock.hpp"
#include "vortex/telemetry/event_bus.hpp"
#include "vortex/telemetry/event_listener.hpp"

namespace {

thread_local std::size_t allocations_of_thread = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations_of_thread;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace vortex {
namespace {

constexpr int kEvents = 1'000'000;
constexpr int kSubscribers = 3;

Event bench_event(int n) {
  static constexpr std::array<std::string_view, 8> kSymbols = {"AAPL", "MSFT", "BRK-B", "EURUSD=X",
                                                               "ES=F", "SPY",  "^VIX",  "BTC-USD"};
  return {.type = EventType::data_received,
          .provider = n % 2 == 0 ? "yahoo" : "alphavantage",
          .symbol = kSymbols[static_cast<std::size_t>(n) % kSymbols.size()],
          .text = "chart",
          .count = n,
          .measure = 12.5};
}

double cpu_ns_of_thread() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

void publish_a_million(benchmark::State& state, EventBus& bus, int subscribers) {
  std::vector<Event> events;
  events.reserve(1000);
  for (int n = 0; n < 1000; ++n) events.push_back(bench_event(n));
  std::size_t allocated = 0;
  double best_ns = 1e18;
  double best_cpu_ns = 1e18;
  for (auto _ : state) {
    const std::size_t before = allocations_of_thread;
    const double cpu_begin = cpu_ns_of_thread();
    const auto begin = std::chrono::steady_clock::now();
    for (int n = 0; n < kEvents; ++n) bus.publish(events[static_cast<std::size_t>(n) % 1000]);
    const std::chrono::duration<double, std::nano> elapsed =
        std::chrono::steady_clock::now() - begin;
    best_cpu_ns = std::min(best_cpu_ns, cpu_ns_of_thread() - cpu_begin);
    allocated += allocations_of_thread - before;
    best_ns = std::min(best_ns, elapsed.count());
  }
  state.SetItemsProcessed(state.iterations() * kEvents);
  const double deliveries = kEvents * static_cast<double>(std::max(subscribers, 1));
  state.counters["wall_ns_each"] = best_ns / deliveries;
  state.counters["cpu_ns_each"] = best_cpu_ns / deliveries;
  state.counters["allocations"] = static_cast<double>(allocated);
}

void publish_to_nobody(benchmark::State& state) {
  EventBus bus;
  publish_a_million(state, bus, 0);
}
BENCHMARK(publish_to_nobody)->Unit(benchmark::kMillisecond)->Iterations(5)->UseRealTime();

void publish_undrained(benchmark::State& state, OverflowPolicy policy) {
  EventBus bus;
  std::vector<Subscription> kept;
  for (int i = 0; i < kSubscribers; ++i)
    kept.push_back(std::move(*bus.subscribe({.policy = policy})));
  publish_a_million(state, bus, kSubscribers);
}
BENCHMARK_CAPTURE(publish_undrained, drop_oldest, OverflowPolicy::drop_oldest)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(5)
    ->UseRealTime();
BENCHMARK_CAPTURE(publish_undrained, conflate, OverflowPolicy::conflate)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(5)
    ->UseRealTime();

void publish_drained(benchmark::State& state, OverflowPolicy policy, std::size_t capacity) {
  const SystemClock clock;
  EventBus bus;
  std::atomic<std::uint64_t> seen{0};
  std::vector<std::unique_ptr<EventListener>> listeners;
  for (int i = 0; i < kSubscribers; ++i) {
    auto subscription = bus.subscribe(
        {.policy = policy, .capacity = capacity, .block_max = std::chrono::seconds(10)});
    listeners.push_back(std::move(*EventListener::start(
        "bench", std::move(*subscription),
        [&](const Delivery&) { seen.fetch_add(1, std::memory_order_relaxed); }, clock)));
  }
  publish_a_million(state, bus, kSubscribers);
  std::uint64_t dropped = 0;
  for (const auto& listener : listeners) {
    listener->stop();
    dropped += listener->queue_counts().dropped;
  }
  const auto offered = static_cast<double>(state.iterations()) * kEvents * kSubscribers;
  state.counters["handled_share"] = static_cast<double>(seen) / offered;
  state.counters["dropped_share"] = static_cast<double>(dropped) / offered;
}
BENCHMARK_CAPTURE(publish_drained, drop_oldest_1k, OverflowPolicy::drop_oldest, 1024)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(5)
    ->UseRealTime();
BENCHMARK_CAPTURE(publish_drained, drop_oldest_64k, OverflowPolicy::drop_oldest, 65'536)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(5)
    ->UseRealTime();
BENCHMARK_CAPTURE(publish_drained, conflate_1k, OverflowPolicy::conflate, 1024)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(5)
    ->UseRealTime();
BENCHMARK_CAPTURE(publish_drained, block_64k, OverflowPolicy::block, 65'536)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(3)
    ->UseRealTime();

}  // namespace
}  // namespace vortex
