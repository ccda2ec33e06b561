// For tests: lists of endpoints, and calls that are settled at once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "vortex/discovery/balancer.hpp"

namespace vortex {

inline std::vector<Endpoint> endpoints_of(const std::vector<std::pair<std::string, int>>& weights) {
  std::vector<Endpoint> list;
  list.reserve(weights.size());
  for (const auto& [url, weight] : weights)
    list.push_back({.base_url = url, .weight = weight, .source = "config"});
  return list;
}

// A balancer with a list, a clock and a seeded random of its own.
struct BalancerCase {
  explicit BalancerCase(Strategy strategy, const std::vector<std::pair<std::string, int>>& weights,
                        std::uint64_t seed = 1)
      : BalancerCase(BalancerOptions{.strategy = strategy}, weights, seed) {}
  BalancerCase(const BalancerOptions& options,
               const std::vector<std::pair<std::string, int>>& weights, std::uint64_t seed = 1)
      : balancer(options), random(seed) {
    balancer.update(endpoints_of(weights));
  }

  PickedEndpoint pick(AvoidList avoid = {}) { return balancer.pick(now, random, avoid); }
  // One call after the other; the endpoint that took it.
  std::string call(EndpointVerdict verdict = EndpointVerdict::good,
                   Duration latency = std::chrono::milliseconds(10)) {
    PickedEndpoint picked = pick();
    std::string url = picked.base_url();
    picked.settle(now, verdict, latency);
    return url;
  }
  std::map<std::string, int> calls(int count) {
    std::map<std::string, int> taken;
    for (int i = 0; i < count; ++i) ++taken[call()];
    return taken;
  }
  // So many calls to that endpoint end with this.
  void end_calls_of(const std::string& url, int count, EndpointVerdict verdict) {
    for (int i = 0; i < count; ++i) pick_of(url).settle(now, verdict, std::chrono::milliseconds(1));
  }
  // A call that reaches that endpoint because it avoids all others.
  PickedEndpoint pick_of(const std::string& url) {
    std::vector<EndpointId> others;
    for (;;) {
      PickedEndpoint picked = pick(others);
      if (picked.base_url() == url || others.size() == balancer.size()) return picked;
      others.push_back(picked.id());
    }
  }
  EndpointStatus status(const std::string& url) const {
    for (const EndpointStatus& one : balancer.snapshot(now)) {
      if (one.base_url == url) return one;
    }
    return {};
  }
  bool is_ejected(const std::string& url) const {
    return status(url).ejected_for > Duration::zero();
  }

  Balancer balancer;
  Random random;
  Monotonic now{std::chrono::hours(1)};
};

}  // namespace vortex
