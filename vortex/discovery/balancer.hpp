// Which endpoint of a service the next call takes. Endpoints that fail are put aside for a growing
// time, never the last one; when more than half of them are aside, all are used, because the rest
// would drown (fault I6). A pure state machine over a given `now`; a pick allocates nothing.
// Balancer and its picks belong to one thread; a pick may outlive its endpoint and the Balancer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/random.hpp"
#include "vortex/discovery/endpoint.hpp"
#include "vortex/discovery/endpoint_health.hpp"
#include "vortex/discovery/verdict.hpp"

namespace vortex {

enum class Strategy : std::uint8_t {
  round_robin,     // in turn, by weight
  least_requests,  // the one with the fewest calls in flight for its weight
  p2c_ewma         // of two taken at random, the one that should answer first
};
std::string_view to_string(Strategy strategy);
std::optional<Strategy> parse_strategy(std::string_view name);

struct BalancerOptions {
  Strategy strategy = Strategy::round_robin;
  HealthOptions health;
  double panic_share = 0.5;  // of healthy endpoints, below which all are used
  Duration failure_cost = std::chrono::seconds(1);  // a failure counts as an answer this slow
};

using EndpointId = std::uint64_t;  // never used twice by one Balancer

// Endpoints this call was sent to already: the next attempt goes to another where there is one.
using AvoidList = std::span<const EndpointId>;

struct BalancedEndpoint;

// The endpoint of one attempt, which counts as in flight there until it is settled or dropped.
class PickedEndpoint {
 public:
  PickedEndpoint() = default;
  PickedEndpoint(PickedEndpoint&& other) noexcept;
  PickedEndpoint& operator=(PickedEndpoint&& other) noexcept;
  PickedEndpoint(const PickedEndpoint&) = delete;
  PickedEndpoint& operator=(const PickedEndpoint&) = delete;
  ~PickedEndpoint() { drop(); }

  explicit operator bool() const { return endpoint_ != nullptr; }
  const std::string& base_url() const;  // until settled, even when the list has changed
  EndpointId id() const;

  // What became of it, and how long it took (or was waited for); the pick is empty afterwards. Of
  // an endpoint that has left the list, or was put aside since, nothing is learned.
  void settle(Monotonic now, EndpointVerdict verdict, Duration latency);

 private:
  friend class Balancer;
  explicit PickedEndpoint(BalancedEndpoint& endpoint);
  void drop();

  BalancedEndpoint* endpoint_ = nullptr;
  std::uint32_t epoch_ = 0;
};

// For `vortex status`.
struct EndpointStatus {
  std::string base_url;  // user name and secrets masked
  std::string source;
  int weight = 1;
  int in_flight = 0;
  std::uint64_t picks = 0;
  std::uint64_t failures = 0;
  int failures_in_row = 0;
  Duration ejected_for{};  // from now; zero: it is in use
  Duration latency{};      // zero: not known
};

class Balancer {
 public:
  explicit Balancer(const BalancerOptions& options);
  ~Balancer();
  Balancer(const Balancer&) = delete;
  Balancer& operator=(const Balancer&) = delete;

  // The list from now on, an address once. What is known of those that stay, stays known.
  void update(std::span<const Endpoint> endpoints);

  // Empty only when the list is.
  PickedEndpoint pick(Monotonic now, Random& random, AvoidList avoid = {});

  std::size_t size() const { return endpoints_.size(); }
  bool in_panic(Monotonic now) const;
  const BalancerOptions& options() const { return options_; }
  std::vector<EndpointStatus> snapshot(Monotonic now) const;

 private:
  friend class PickedEndpoint;
  using Candidates = std::span<BalancedEndpoint* const>;

  void settle(BalancedEndpoint& endpoint, Monotonic now, EndpointVerdict verdict, Duration latency);
  bool has_other_healthy(const BalancedEndpoint& endpoint, Monotonic now) const;
  Candidates candidates(Monotonic now, AvoidList avoid);
  BalancedEndpoint& in_turn(Candidates among, Monotonic now);
  BalancedEndpoint& least_loaded(Candidates among, Monotonic now);
  BalancedEndpoint& faster_of_two(Candidates among, Monotonic now, Random& random) const;
  double share(const BalancedEndpoint& endpoint, Monotonic now) const;
  double expected_cost(const BalancedEndpoint& endpoint, Monotonic now) const;

  BalancerOptions options_;
  std::vector<std::unique_ptr<BalancedEndpoint>> owned_;
  std::vector<BalancedEndpoint*> endpoints_;  // the same, in the list's order
  std::vector<BalancedEndpoint*> scratch_;    // of `candidates`; its room is taken in `update`
  Monotonic calm_from_ = Monotonic::min();    // from then on no ejection and no ramp is felt
  EndpointId ids_given_ = 0;
  bool is_first_turn_ = true;
};

}  // namespace vortex
