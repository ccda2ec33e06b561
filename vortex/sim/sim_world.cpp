#include "vortex/sim/sim_world.hpp"

#include <utility>

namespace vortex {

SimWorld::SimWorld(std::string_view provider, const Clock& clock, Market market, FaultScript faults,
                   SimWorldOptions options)
    : provider_(provider),
      clock_(&clock),
      script_since_(clock.monotonic()),
      market_(std::move(market)),
      faults_(std::move(faults)),
      options_(std::move(options)) {}

void SimWorld::arrived(std::string_view kind, std::string_view symbol) {
  last_fault_.reset();
  counts_.request(provider_, kind, symbol);
}

const FaultRule* SimWorld::draw_fault(std::string_view symbol, std::string_view path) {
  const auto since = std::chrono::duration_cast<Duration>(clock_->monotonic() - script_since_);
  const FaultRule* rule =
      faults_.decide({.provider = provider_, .symbol = symbol, .path = path, .since_start = since});
  if (rule == nullptr) return nullptr;
  counts_.fault(provider_, to_string(rule->kind));
  last_fault_ = rule->kind;
  return rule;
}

bool SimWorld::is_within_limit() {
  if (!options_.limit || options_.limit->admit(clock_->monotonic())) return true;
  violated();
  return false;
}

ServerReply SimWorld::answered(ServerReply reply) {
  const bool silent = reply.hang || (reply.reset && reply.close_after_bytes.value_or(0) == 0U);
  counts_.answered(provider_, silent ? 0 : reply.status);
  return reply;
}

}  // namespace vortex
