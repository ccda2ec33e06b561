// What a lease costs, without and with an fsync, and how exact the whole is at 20,000 calls a
// second with blocks of 100 ms: the rate over 10 s must be within 1 % of the rate asked.
#include <cstdlib>
#include <filesystem>

#include <benchmark/benchmark.h>
#include <poll.h>

#include "vortex/engine/sqlite_ledger.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

class LedgerScratch {
 public:
  LedgerScratch() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "vortex-ledger-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  LedgerScratch(const LedgerScratch&) = delete;
  LedgerScratch& operator=(const LedgerScratch&) = delete;
  ~LedgerScratch() { std::filesystem::remove_all(path); }
  std::string path;
};

Now reading(const Clock& clock) {
  return {.elapsed = clock.monotonic(), .calendar = clock.now()};
}

void lease_much(benchmark::State& state, const AccountLimits& limits) {
  const LedgerScratch scratch;
  const SystemClock clock;
  auto ledger = *SqliteLedger::open(scratch.path, clock);
  for (auto _ : state) {
    const auto lease = ledger->lease("bench", limits, {.permits = 10}, reading(clock));
    if (!lease || lease->permits == 0) state.SkipWithError("no lease");
  }
}

void lease_normal(benchmark::State& state) {
  lease_much(state, {.rolling = {{.count = 1'000'000'000, .length = 1s}}});
}
BENCHMARK(lease_normal)->Unit(benchmark::kMicrosecond)->UseRealTime();

void lease_durable(benchmark::State& state) {
  lease_much(state, {.days = {{.count = 1'000'000'000}}});
}
BENCHMARK(lease_durable)->Unit(benchmark::kMicrosecond)->UseRealTime();

void refuse_lease(benchmark::State& state) {
  const LedgerScratch scratch;
  const SystemClock clock;
  auto ledger = *SqliteLedger::open(scratch.path, clock);
  const AccountLimits limits{.rolling = {{.count = 1, .length = 24h}}};
  for (auto _ : state) {
    benchmark::DoNotOptimize(ledger->lease("bench", limits, {}, reading(clock)));
  }
}
BENCHMARK(refuse_lease)->Unit(benchmark::kMicrosecond)->UseRealTime();

// Counts from the moment the window is full for the first time: before that it is a burst.
void rate_of_20000(benchmark::State& state) {
  constexpr std::int64_t kRate = 20'000;
  const AccountLimits limits{.rolling = {{.count = kRate, .length = 1s}}};
  const SystemClock clock;
  for (auto _ : state) {
    const LedgerScratch scratch;
    auto ledger = *SqliteLedger::open(scratch.path, clock);
    std::int64_t got = 0;
    std::int64_t leases = 0;
    const Monotonic begin = clock.monotonic();
    while (clock.monotonic() - begin < 11s) {
      const auto lease = ledger->lease("bench", limits, {.permits = kRate / 10}, reading(clock));
      if (!lease) return state.SkipWithError(lease.error().message.c_str());
      ++leases;
      if (lease->permits > 0 && clock.monotonic() - begin >= 1s) got += lease->permits;
      const auto wait = lease->refusal ? lease->refusal->until - clock.monotonic() : 0ns;
      if (wait <= 0ns) continue;
      const timespec time{.tv_sec = 0,
                          .tv_nsec = std::min<std::int64_t>(wait.count(), 999'999'999)};
      ::ppoll(nullptr, 0, &time, nullptr);
    }
    state.counters["per_s"] = static_cast<double>(got) / 10;
    state.counters["of_asked"] = static_cast<double>(got) / (10 * kRate);
    state.counters["leases"] = static_cast<double>(leases);
  }
}
BENCHMARK(rate_of_20000)->Unit(benchmark::kSecond)->UseRealTime()->Iterations(1);

}  // namespace
}  // namespace vortex
