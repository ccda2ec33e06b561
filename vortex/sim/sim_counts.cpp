#include "vortex/sim/sim_counts.hpp"

#include "vortex/base/json.hpp"

namespace vortex {
namespace {

using Tally = std::map<std::string, std::int64_t, std::less<>>;

constexpr std::size_t kNamesMax = 100'000;  // of symbols; later ones are counted together

void add(Tally& tally, std::string_view name) {
  const auto found = tally.find(name);
  if (found != tally.end()) {
    ++found->second;
  } else {
    ++tally[tally.size() < kNamesMax ? std::string(name) : "(others)"];
  }
}

void write(JsonWriter& json, std::string_view name, const Tally& tally) {
  json.key(name);
  json.begin_object();
  for (const auto& [key, count] : tally) json.member(key, count);
  json.end_object();
}

}  // namespace

SimCounts::Provider& SimCounts::of(std::string_view provider) {
  const auto found = providers_.find(provider);
  return found != providers_.end() ? found->second : providers_[std::string(provider)];
}

void SimCounts::request(std::string_view provider, std::string_view kind, std::string_view symbol) {
  Provider& counts = of(provider);
  ++counts.requests;
  add(counts.kinds, kind);
  if (!symbol.empty()) add(counts.symbols, symbol);
}

void SimCounts::answered(std::string_view provider, int status) {
  add(of(provider).statuses, std::to_string(status));
}

void SimCounts::fault(std::string_view provider, std::string_view kind) {
  add(of(provider).faults, kind);
}

void SimCounts::violation(std::string_view provider) {
  ++of(provider).violations;
}

std::string SimCounts::to_json() const {
  JsonWriter json;
  json.begin_object();
  json.member("schema_version", 1);
  json.key("providers");
  json.begin_object();
  for (const auto& [name, counts] : providers_) {
    json.key(name);
    json.begin_object();
    json.member("requests", counts.requests);
    json.member("violations", counts.violations);
    write(json, "kinds", counts.kinds);
    write(json, "statuses", counts.statuses);
    write(json, "symbols", counts.symbols);
    write(json, "faults", counts.faults);
    json.end_object();
  }
  json.end_object();
  json.end_object();
  return json.take();
}

}  // namespace vortex
