// What the guard costs a call as a coroutine, and how far simulated time runs ahead: the guard with
// a transport that answers at once.
#include <cstdlib>

#include <benchmark/benchmark.h>

#include "vortex/engine/account.hpp"
#include "vortex/resilience/memory_ledger.hpp"
#include "vortex/runtime/sleep.hpp"

namespace vortex {
namespace {

constexpr int kBatch = 1'000;

struct BenchAccount {
  explicit BenchAccount(AccountLimits limits)
      : account({.runtime = &runtime,
                 .ledger = &ledger,
                 .ledger_turn = &ledger_turn,
                 .all_calls = &all_calls,
                 .name = "bench",
                 .guard = {.name = "bench", .limits = std::move(limits)}}) {}
  ManualClock clock{*parse_time("2025-06-04T15:00Z")};
  Runtime runtime{SimulatedTime{.clock = &clock}};
  MemoryLedger ledger;
  Slots ledger_turn{runtime.io_executor(), 1};
  Slots all_calls{runtime.io_executor(), 16};
  Account account;
};

// The floor: a coroutine that returns the same kind of value and decides nothing.
Task<Permit> enter_nothing(Permit permit) {
  co_return permit;
}

boost::asio::awaitable<void> enter_and_leave(BenchAccount* bench) {
  for (int i = 0; i < kBatch; ++i) {
    Result<Account::Entry> entry = co_await bench->account.enter();
    if (!entry) std::abort();
    bench->account.leave(std::move(entry->permit), Verdict::success);
  }
}

boost::asio::awaitable<void> pass_through(BenchAccount* bench) {
  Result<Account::Entry> entry = co_await bench->account.enter();
  if (!entry) std::abort();
  Result<Permit> permit = std::move(entry->permit);
  for (int i = 0; i < kBatch; ++i) permit = co_await enter_nothing(std::move(*permit));
  bench->account.leave(std::move(*permit), Verdict::success);
}

boost::asio::awaitable<void> call_for_an_hour(BenchAccount* bench) {
  for (int i = 0; i < 3600; ++i) {
    Result<Account::Entry> entry = co_await bench->account.enter();
    if (!entry) std::abort();
    bench->account.leave(std::move(entry->permit), Verdict::success);
  }
  co_await bench->account.release();
}

void guard_as_coroutine(benchmark::State& state) {
  BenchAccount bench({});
  for (auto _ : state) bench.runtime.run(enter_and_leave(&bench));
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(guard_as_coroutine);

void bare_coroutine(benchmark::State& state) {
  BenchAccount bench({});
  for (auto _ : state) bench.runtime.run(pass_through(&bench));
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(bare_coroutine);

// One call a second, held back by the account's limit alone.
void guard_for_an_hour(benchmark::State& state) {
  for (auto _ : state) {
    BenchAccount bench({.rolling = {{.count = 1, .length = std::chrono::seconds(1)}}});
    bench.runtime.run(call_for_an_hour(&bench));
  }
  state.counters["sim_hours_per_cpu_s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(guard_for_an_hour)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vortex
