#include "tests/simulation/simulated_world.hpp"

#include <utility>

#include <fmt/format.h>

namespace vortex {
namespace {

Settings settings_of(const SimulatedWorldOptions& options) {
  Settings settings{.store_uri = "/simulated", .cpu_threads = 1};
  settings.batch_age_max = std::chrono::hours(1);
  settings.providers["yahoo"] = {.limits = options.limits, .concurrency = options.concurrency};
  return settings;
}

Subscription log_of(EventBus& events, std::size_t capacity) {
  return std::move(*events.subscribe({.name = "log", .capacity = capacity}));
}

// Tells the world of every call on its way to the provider.
class CountingTransport final : public HttpTransport {
 public:
  CountingTransport(SimulatedWorld& world, Runtime& runtime)
      : world_(world), inner_(runtime, world.net) {}
  Task<HttpReply> send(HttpRoute route, HttpCall call, Deadline deadline) override {
    ++world_.sent;
    if (world_.on_send) world_.on_send(world_.sent);
    return inner_.send(std::move(route), std::move(call), deadline);
  }

 private:
  SimulatedWorld& world_;
  SimulatedTransport inner_;
};

}  // namespace

SimulatedWorld::SimulatedWorld(const SimulatedWorldOptions& options)
    : clock(options.start),
      settings(settings_of(options)),
      net(clock, {.seed = options.seed}),
      yahoo(SimWorld("yahoo", clock, Market(options.seed),
                     std::move(*FaultScript::parse(options.faults, options.seed)),
                     {.seed = options.seed}),
            {.require_crumb = options.require_crumb}),
      options_(options),
      seeds_(options.seed),
      log_(log_of(events, options.events_kept)) {
  net.serve("yahoo", "", yahoo);
}

SimulatedWorld::~SimulatedWorld() = default;

SimulatedWorld::Process SimulatedWorld::start() {
  const std::string holder = fmt::format("process {}", ++processes_);
  EngineParts parts{
      .runtime = std::make_unique<Runtime>(SimulatedTime{
          .clock = &clock, .late_max = options_.timers_late_max, .seed = seeds_.next()}),
      .ledger = make_ledger ? make_ledger() : std::make_unique<MemoryLedger>(accounts, holder),
      .events = &events,
      .seed = seeds_.next()};
  Runtime* const runtime = parts.runtime.get();
  parts.transport = std::make_unique<CountingTransport>(*this, *runtime);
  if (wrap_transport) parts.transport = wrap_transport(std::move(parts.transport));
  parts.open_dataset = [this, seed = seeds_.next()](const std::string& path, const Clock& given) {
    std::unique_ptr<FileSystem> files = open_memory_file_system(disk, given);
    if (over_files) files = over_files(std::move(files));
    return Dataset::open_on(std::move(files), path, given, Random(seed));
  };
  return {.engine = std::move(*Engine::create(settings, clock, std::move(parts))),
          .runtime = runtime};
}

SyncRequest SimulatedWorld::request(const std::vector<std::string>& symbols, int days) const {
  SyncRequest request;
  for (const std::string& symbol : symbols) {
    request.items.push_back({.symbol = *Symbol::parse(symbol),
                             .providers = {"yahoo"},
                             .since = midnight(date_of(clock.now()) - std::chrono::days(days))});
  }
  return request;
}

std::vector<std::string> SimulatedWorld::symbols(int count) {
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) names.push_back(fmt::format("S{:04}", i));
  return names;
}

const std::string& SimulatedWorld::event_log() {
  while (auto next = log_.try_next()) log_text_ += to_json_line(next->event) + "\n";
  return log_text_;
}

}  // namespace vortex
