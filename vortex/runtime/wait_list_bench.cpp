// What a deadline costs whoever waits with one: handed down and registered once, against the same
// wait without it, in real time.
#include <benchmark/benchmark.h>

#include "vortex/runtime/task_group.hpp"
#include "vortex/runtime/wait_list.hpp"

namespace vortex {
namespace {

constexpr int kRounds = 10'000;

// Two coroutines that wake each other.
struct Table {
  Runtime* runtime = nullptr;
  bool with_deadline = false;
  WaitList here{*runtime};
  WaitList there{*runtime};
};

Deadline deadline_of(const Table& table) {
  if (!table.with_deadline) return Deadline::never();
  return Deadline::after(table.runtime->clock().monotonic(), std::chrono::seconds(30));
}

boost::asio::awaitable<void> answer(Table* table) {
  for (int i = 0; i < kRounds; ++i) {
    co_await table->there.wait(deadline_of(*table));
    table->here.wake_one();
  }
}

boost::asio::awaitable<void> play(Table* table) {
  TaskGroup group(*table->runtime, {.tasks_max = 1});
  if (!group.spawn(answer(table))) co_return;
  for (int i = 0; i < kRounds; ++i) {
    table->there.wake_one();
    co_await table->here.wait(deadline_of(*table));
  }
  co_await group.join();
}

void play_rounds(benchmark::State& state, bool with_deadline) {
  const SystemClock clock;
  Runtime runtime(clock, 1);
  for (auto _ : state) {
    Table table{.runtime = &runtime, .with_deadline = with_deadline};
    runtime.run(play(&table));
  }
  state.SetItemsProcessed(state.iterations() * kRounds * 2);
}

void wait_without_deadline(benchmark::State& state) {
  play_rounds(state, false);
}
BENCHMARK(wait_without_deadline);

void wait_with_deadline(benchmark::State& state) {
  play_rounds(state, true);
}
BENCHMARK(wait_with_deadline);

// A layer that looks at its deadline and shortens it.
void look_and_shorten(benchmark::State& state) {
  const SystemClock clock;
  Deadline deadline = Deadline::after(clock.monotonic(), std::chrono::hours(1));
  const Monotonic now = clock.monotonic();
  for (auto _ : state) {
    benchmark::DoNotOptimize(deadline.passed(now));
    deadline = deadline.sooner(now, std::chrono::minutes(30));
    benchmark::DoNotOptimize(deadline);
  }
}
BENCHMARK(look_and_shorten);

}  // namespace
}  // namespace vortex
