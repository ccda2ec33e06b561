// How far the whole engine runs ahead of the clock: one call a second, decoded, validated and
// committed every hour.
#include <cstdlib>
#include <string>

#include <benchmark/benchmark.h>

#include "tests/simulation/simulated_world.hpp"

namespace vortex {
namespace {

constexpr int kCallsAnHour = 3600;

// What the simulator says of one symbol, said of every one: making prices is not what is measured.
class Echo {
 public:
  explicit Echo(YahooImposter& yahoo) : yahoo_(yahoo) {}
  HttpReply operator()(const HttpCall& call, TimePoint /*now*/) {
    const std::string symbol = call.path.substr(call.path.rfind('/') + 1);
    if (body_.empty()) learn(call, symbol);
    std::string body = body_;
    for (std::size_t at = body.find(learnt_); at != std::string::npos;
         at = body.find(learnt_, at + symbol.size())) {
      body.replace(at, learnt_.size(), symbol);
    }
    return {.status = 200,
            .headers = {{"Content-Type", "application/json"}},
            .body = Body::take(std::move(body))};
  }

 private:
  void learn(const HttpCall& call, const std::string& symbol) {
    learnt_ = symbol;
    body_ = yahoo_.answer({.method = "GET", .path = call.path, .query = call.query}).body;
  }
  YahooImposter& yahoo_;
  std::string learnt_;
  std::string body_;
};

void engine_hours(benchmark::State& state) {
  std::int64_t hours = 0;
  for (auto _ : state) {
    SimulatedWorld world(
        {.limits = {{.count = 1, .window = std::chrono::seconds(1)}}, .events_kept = 1000});
    world.net.serve("yahoo", "", Echo(world.yahoo));
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
