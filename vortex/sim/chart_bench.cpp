// How fast the simulator answers: a client under test must never wait for it.
#include <benchmark/benchmark.h>

#include "vortex/sim/market.hpp"
#include "vortex/sim/yahoo_wire.hpp"

namespace vortex {
namespace {

const TimePoint kBenchNow = *parse_time("2025-06-04T15:00Z");

void daily_prices(benchmark::State& state) {
  Market market(1);
  const Listing listing = **market.find("S0001");
  const DateSpan dates{*parse_date("2005-07-20"), *parse_date("2025-06-03")};
  std::size_t rows = 0;
  for (auto _ : state) rows = market.daily(listing, dates, kBenchNow).size();
  state.counters["rows"] = static_cast<double>(rows);
}
BENCHMARK(daily_prices);

void chart(benchmark::State& state, const char* symbol, const QueryParams& params) {
  Market market(1);
  std::size_t bytes = 0;
  for (auto _ : state) bytes = chart_answer(market, {symbol, params, {}}, kBenchNow).body.size();
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK_CAPTURE(chart, daily_5000, "S0001",
                  {{"interval", "1d"},
                   {"period1", "1121817600"},
                   {"period2", "1748995200"},
                   {"events", "div,splits"}});
BENCHMARK_CAPTURE(chart, hourly_crypto_729d, "BTC-USD", {{"interval", "1h"}, {"range", "729d"}});
BENCHMARK_CAPTURE(chart, minutes_5d, "AAPL", {{"interval", "1m"}, {"range", "5d"}});
BENCHMARK_CAPTURE(chart, last_5_days, "AAPL", {{"interval", "1d"}, {"range", "5d"}});

}  // namespace
}  // namespace vortex
