// What passing the Guard costs a call, `now` handed in: let in and out, refused, and watched. Each
// row counts the allocations of a call too.
#include <cstdlib>
#include <new>

#include <benchmark/benchmark.h>

#include "vortex/base/clock.hpp"
#include "vortex/resilience/guard_for_test.hpp"

namespace {
std::int64_t allocations = 0;

void* counted(std::size_t size) {
  ++allocations;
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

void* operator new(std::size_t size) {
  return counted(size);
}
void* operator new[](std::size_t size) {
  return counted(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

template <class Call>
void run_calls(benchmark::State& state, Call call) {
  const std::int64_t before = allocations;
  for (auto _ : state) call();
  state.counters["allocations"] = benchmark::Counter(static_cast<double>(allocations - before),
                                                     benchmark::Counter::kAvgIterations);
}

// A block of the size the ledger grants; the ledger's own work is not measured here.
void top_up(GuardWorld* world) {
  world->grant(LeasedPermits::kBlockMax);
}

void BM_EnterAndLeave(benchmark::State& state) {
  GuardWorld world;
  run_calls(state, [&world] {
    Admission admission = world.guard.try_enter(world.now);
    if (!admission) return top_up(&world);
    benchmark::DoNotOptimize(admission);
    world.guard.leave(std::move(*admission), world.now, Verdict::success);
  });
  if (world.guard.counters().refused[0] != 0) state.SkipWithError("refused");
}
BENCHMARK(BM_EnterAndLeave);

// As above, while every tenth call fails and time goes on, so that the window of outcomes moves.
void BM_EnterAndLeaveMixed(benchmark::State& state) {
  GuardWorld world;
  int number = 0;
  run_calls(state, [&world, &number] {
    world.now.elapsed += 10us;
    Admission admission = world.guard.try_enter(world.now);
    if (!admission) return top_up(&world);
    benchmark::DoNotOptimize(admission);
    const bool fails = ++number % 10 == 0;
    world.guard.leave(std::move(*admission), world.now,
                      fails ? Verdict::failure : Verdict::success);
  });
}
BENCHMARK(BM_EnterAndLeaveMixed);

// As the engine watches: counts read after each call, transitions published when there is one.
void BM_EnterAndLeaveWatched(benchmark::State& state) {
  GuardWorld world;
  std::uint64_t published = 0;
  std::uint64_t admitted = 0;
  run_calls(state, [&world, &published, &admitted] {
    Admission admission = world.guard.try_enter(world.now);
    if (!admission) return top_up(&world);
    benchmark::DoNotOptimize(admission);
    world.guard.leave(std::move(*admission), world.now, Verdict::success);
    admitted = world.guard.counters().admitted;
    benchmark::DoNotOptimize(admitted);
    if (world.guard.transitions_total() != published) {
      for (const BreakerTransition& move : world.guard.transitions_since(published)) {
        benchmark::DoNotOptimize(move.to);
      }
      published = world.guard.transitions_total();
    }
  });
}
BENCHMARK(BM_EnterAndLeaveWatched);

void BM_EnterAndLeaveTwoClockReads(benchmark::State& state) {
  GuardWorld world;
  const SystemClock clock;
  run_calls(state, [&world, &clock] {
    world.now.elapsed = clock.monotonic();
    Admission admission = world.guard.try_enter(world.now);
    if (!admission) return top_up(&world);
    benchmark::DoNotOptimize(admission);
    world.now.elapsed = clock.monotonic();
    world.guard.leave(std::move(*admission), world.now, Verdict::success);
  });
}
BENCHMARK(BM_EnterAndLeaveTwoClockReads);

void BM_EnterAndDrop(benchmark::State& state) {
  GuardWorld world;
  run_calls(state, [&world] {
    Admission admission = world.guard.try_enter(world.now);
    if (!admission) return top_up(&world);
    benchmark::DoNotOptimize(admission);
  });
}
BENCHMARK(BM_EnterAndDrop);

void BM_RefusedByTheOpenBreaker(benchmark::State& state) {
  GuardWorld world;
  world.open();
  run_calls(state, [&world] {
    Admission admission = world.guard.try_enter(world.now);
    benchmark::DoNotOptimize(admission);
  });
}
BENCHMARK(BM_RefusedByTheOpenBreaker);

void BM_RefusedByTheClosedLimiter(benchmark::State& state) {
  GuardWorld world;
  world.guard.accept({.refusal = LeaseRefusal{.code = ErrorCode::quota_exhausted,
                                              .rule = "25/day@America/New_York",
                                              .until = world.now.elapsed + 5h,
                                              .until_calendar = world.now.calendar + 5h}},
                     world.now);
  run_calls(state, [&world] {
    Admission admission = world.guard.try_enter(world.now);
    benchmark::DoNotOptimize(admission);
  });
}
BENCHMARK(BM_RefusedByTheClosedLimiter);

void BM_RefusedByTheFullBulkhead(benchmark::State& state) {
  GuardWorld world({.concurrency = 1});
  const Admission holder = world.enter();
  run_calls(state, [&world] {
    Admission admission = world.guard.try_enter(world.now);
    benchmark::DoNotOptimize(admission);
  });
}
BENCHMARK(BM_RefusedByTheFullBulkhead);

void BM_ClockRead(benchmark::State& state) {
  const SystemClock clock;
  run_calls(state, [&clock] {
    const Monotonic now = clock.monotonic();
    benchmark::DoNotOptimize(now);
  });
}
BENCHMARK(BM_ClockRead);

void BM_RetryDelay(benchmark::State& state) {
  GuardWorld world;
  Random random(1);
  const Error error{.code = ErrorCode::server};
  run_calls(state, [&world, &random, &error] {
    for (int i = 0; i < 5; ++i) world.guard.on_call();
    const auto delay = world.guard.retry_delay(error, 1, world.now, world.now.elapsed + 1h, random);
    benchmark::DoNotOptimize(delay);
  });
}
BENCHMARK(BM_RetryDelay);

}  // namespace
}  // namespace vortex
