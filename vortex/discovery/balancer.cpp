#include "vortex/discovery/balancer.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "vortex/base/http_message.hpp"

namespace vortex {

// Lives until it has left the list and its last call is settled.
struct BalancedEndpoint {
  Balancer* owner = nullptr;  // null once it has left the list
  Endpoint endpoint;
  EndpointId id = 0;
  int in_flight = 0;
  double turn = 0;  // what round robin owes it
  EndpointHealth health;
  LatencyAverage latency;
  std::uint64_t picks = 0;
  std::uint64_t failures = 0;
};

namespace {

constexpr std::array<std::string_view, 3> kStrategyNames = {"round_robin", "least_requests",
                                                            "p2c_ewma"};
constexpr double kUnknownCostUs = 1e6;  // of an endpoint not measured yet that has calls in flight
constexpr double kLatencyMaxUs = 60e6;  // failures make an endpoint look slower, up to this

}  // namespace

std::string_view to_string(Strategy strategy) {
  return kStrategyNames.at(static_cast<std::size_t>(strategy));
}

std::optional<Strategy> parse_strategy(std::string_view name) {
  const auto found = std::ranges::find(kStrategyNames, name);
  if (found == kStrategyNames.end()) return std::nullopt;
  return static_cast<Strategy>(found - kStrategyNames.begin());
}

// --- the pick

PickedEndpoint::PickedEndpoint(BalancedEndpoint& endpoint)
    : endpoint_(&endpoint), epoch_(endpoint.health.epoch()) {
  ++endpoint.in_flight;
  ++endpoint.picks;
}

PickedEndpoint::PickedEndpoint(PickedEndpoint&& other) noexcept
    : endpoint_(std::exchange(other.endpoint_, nullptr)), epoch_(other.epoch_) {}

PickedEndpoint& PickedEndpoint::operator=(PickedEndpoint&& other) noexcept {
  if (this == &other) return *this;
  drop();
  endpoint_ = std::exchange(other.endpoint_, nullptr);
  epoch_ = other.epoch_;
  return *this;
}

const std::string& PickedEndpoint::base_url() const {
  return endpoint_->endpoint.base_url;
}

EndpointId PickedEndpoint::id() const {
  return endpoint_->id;
}

void PickedEndpoint::settle(Monotonic now, EndpointVerdict verdict, Duration latency) {
  if (endpoint_ == nullptr) return;
  const bool decides = endpoint_->owner != nullptr && endpoint_->health.epoch() == epoch_;
  if (decides) endpoint_->owner->settle(*endpoint_, now, verdict, latency);
  drop();
}

void PickedEndpoint::drop() {
  BalancedEndpoint* endpoint = std::exchange(endpoint_, nullptr);
  if (endpoint == nullptr) return;
  --endpoint->in_flight;
  if (endpoint->owner == nullptr && endpoint->in_flight == 0) {
    const std::unique_ptr<BalancedEndpoint> last(endpoint);
  }
}

// --- the list

namespace {

// Frees an endpoint that left the list, or leaves that to the last call still in flight.
void let_go(std::unique_ptr<BalancedEndpoint> endpoint) {
  endpoint->owner = nullptr;
  if (endpoint->in_flight > 0) (void)endpoint.release();
}

}  // namespace

Balancer::Balancer(const BalancerOptions& options) : options_(options) {}

Balancer::~Balancer() {
  for (auto& endpoint : owned_) let_go(std::move(endpoint));
}

void Balancer::update(std::span<const Endpoint> endpoints) {
  std::unordered_map<std::string, std::unique_ptr<BalancedEndpoint>> known;
  for (auto& endpoint : owned_) {
    std::string url = endpoint->endpoint.base_url;
    known.emplace(std::move(url), std::move(endpoint));
  }
  owned_.clear();
  endpoints_.clear();
  std::unordered_set<std::string_view> seen;
  for (const Endpoint& wanted : endpoints) {
    if (!seen.insert(wanted.base_url).second) continue;
    std::unique_ptr<BalancedEndpoint> endpoint;
    if (const auto found = known.find(wanted.base_url); found != known.end()) {
      endpoint = std::move(found->second);
    } else {
      endpoint = std::make_unique<BalancedEndpoint>();
      endpoint->owner = this;
      endpoint->id = ++ids_given_;
    }
    endpoint->endpoint = wanted;
    endpoint->endpoint.weight = std::clamp(wanted.weight, 1, kEndpointWeightMax);
    endpoints_.push_back(endpoint.get());
    owned_.push_back(std::move(endpoint));
  }
  for (auto& [url, endpoint] : known) {
    if (endpoint) let_go(std::move(endpoint));
  }
  scratch_.reserve(endpoints_.size());
}

bool Balancer::in_panic(Monotonic now) const {
  const auto healthy = std::ranges::count_if(
      endpoints_, [&](const auto* endpoint) { return !endpoint->health.is_ejected(now); });
  return static_cast<double>(healthy) <
         options_.panic_share * static_cast<double>(endpoints_.size());
}

std::vector<EndpointStatus> Balancer::snapshot(Monotonic now) const {
  std::vector<EndpointStatus> statuses;
  for (const BalancedEndpoint* one : endpoints_) {
    const double latency_us = one->latency.at(now, options_.health.latency_decay);
    const bool is_ejected = one->health.is_ejected(now);
    statuses.push_back(
        {.base_url = redact_url(one->endpoint.base_url),
         .source = one->endpoint.source,
         .weight = one->endpoint.weight,
         .in_flight = one->in_flight,
         .picks = one->picks,
         .failures = one->failures,
         .failures_in_row = one->health.failures_in_row(),
         .ejected_for = is_ejected ? std::chrono::ceil<Duration>(one->health.ejected_until() - now)
                                   : Duration::zero(),
         .latency = Duration(static_cast<std::int64_t>(latency_us))});
  }
  return statuses;
}

// --- what calls teach

void Balancer::settle(BalancedEndpoint& endpoint, Monotonic now, EndpointVerdict verdict,
                      Duration latency) {
  const HealthOptions& health = options_.health;
  if (verdict == EndpointVerdict::good) {
    endpoint.latency.observe(latency, now, health.latency_decay);
    endpoint.health.succeeded(now);
    if (endpoint.health.ejections() > 0)
      calm_from_ = std::max(calm_from_, endpoint.health.settled_at(health));
  }
  if (verdict == EndpointVerdict::ignored) {
    // A call given up says that an answer takes longer than that.
    const bool is_slower =
        Duration(static_cast<std::int64_t>(endpoint.latency.at(now, health.latency_decay))) <
        latency;
    if (is_slower) endpoint.latency.observe(latency, now, health.latency_decay);
  }
  if (verdict != EndpointVerdict::bad) return;
  ++endpoint.failures;
  // A refused connection is quick; it must not look like a quick answer.
  const double looks_like =
      std::min(2 * endpoint.latency.at(now, health.latency_decay), kLatencyMaxUs);
  const Duration cost =
      std::max({latency, options_.failure_cost, Duration(static_cast<std::int64_t>(looks_like))});
  endpoint.latency.observe(cost, now, health.latency_decay);
  if (!endpoint.health.failed(now, health) || !has_other_healthy(endpoint, now)) return;
  endpoint.health.eject(now, health);
  calm_from_ = std::max(calm_from_, endpoint.health.settled_at(health));
}

bool Balancer::has_other_healthy(const BalancedEndpoint& endpoint, Monotonic now) const {
  return std::ranges::any_of(endpoints_, [&](const auto* other) {
    return other != &endpoint && !other->health.is_ejected(now);
  });
}

// --- choosing

PickedEndpoint Balancer::pick(Monotonic now, Random& random, AvoidList avoid) {
  if (endpoints_.empty()) return {};
  if (is_first_turn_) {
    // Processes that start together must not all begin with the same endpoint.
    is_first_turn_ = false;
    for (BalancedEndpoint* endpoint : endpoints_)
      endpoint->turn = -random.uniform() * endpoint->endpoint.weight;
  }
  const Candidates among = candidates(now, avoid);
  if (among.size() == 1) return PickedEndpoint(*among.front());
  switch (options_.strategy) {
    case Strategy::round_robin: break;
    case Strategy::least_requests: return PickedEndpoint(least_loaded(among, now));
    case Strategy::p2c_ewma: return PickedEndpoint(faster_of_two(among, now, random));
  }
  return PickedEndpoint(in_turn(among, now));
}

// Those to choose from: in use and not tried by this call; else any not tried, because the same
// endpoint again teaches nothing; else those in use.
Balancer::Candidates Balancer::candidates(Monotonic now, AvoidList avoid) {
  if (avoid.empty() && now >= calm_from_) return endpoints_;
  const bool use_all = in_panic(now);
  const auto take = [&](auto&& wanted) {
    scratch_.clear();
    std::ranges::copy_if(endpoints_, std::back_inserter(scratch_), wanted);
    return !scratch_.empty();
  };
  const auto in_use = [&](const BalancedEndpoint* one) {
    return use_all || !one->health.is_ejected(now);
  };
  const auto is_new = [&](const BalancedEndpoint* one) {
    return std::ranges::find(avoid, one->id) == avoid.end();
  };
  const auto both = [&](const BalancedEndpoint* one) {
    return in_use(one) && is_new(one);
  };
  if (take(both) || take(is_new) || take(in_use)) return scratch_;
  return endpoints_;
}

double Balancer::share(const BalancedEndpoint& endpoint, Monotonic now) const {
  const double ramp = now >= calm_from_ ? 1 : endpoint.health.ramp(now, options_.health);
  return ramp * endpoint.endpoint.weight;
}

// Smooth weighted round robin: each gets its share in every round, never in a lump.
BalancedEndpoint& Balancer::in_turn(Candidates among, Monotonic now) {
  double total = 0;
  BalancedEndpoint* next = among.front();
  for (BalancedEndpoint* one : among) {
    const double own = share(*one, now);
    one->turn += own;
    total += own;
    if (one->turn > next->turn) next = one;
  }
  next->turn -= total;
  return *next;
}

// Ties, as between idle endpoints, are broken in turn: the heaviest would take all otherwise.
BalancedEndpoint& Balancer::least_loaded(Candidates among, Monotonic now) {
  const auto load = [&](const BalancedEndpoint* one) {
    return one->in_flight == 0 ? 0 : one->in_flight / share(*one, now);
  };
  BalancedEndpoint* next = *std::ranges::min_element(among, {}, load);
  const double least = load(next);
  double total = 0;
  for (BalancedEndpoint* one : among) {
    if (load(one) > least) continue;
    const double own = share(*one, now);
    one->turn += own;
    total += own;
    if (one->turn > next->turn) next = one;
  }
  next->turn -= total;
  return *next;
}

double Balancer::expected_cost(const BalancedEndpoint& endpoint, Monotonic now) const {
  if (!endpoint.latency.is_known() && endpoint.in_flight == 0) return 0;
  const double each = endpoint.latency.is_known()
                          ? endpoint.latency.at(now, options_.health.latency_decay)
                          : kUnknownCostUs;
  return each * (endpoint.in_flight + 1) / share(endpoint, now);
}

BalancedEndpoint& Balancer::faster_of_two(Candidates among, Monotonic now, Random& random) const {
  const std::uint64_t first = random.below(among.size());
  std::uint64_t second = random.below(among.size() - 1);
  if (second >= first) ++second;
  BalancedEndpoint& a = *among[first];
  BalancedEndpoint& b = *among[second];
  return expected_cost(a, now) <= expected_cost(b, now) ? a : b;
}

}  // namespace vortex
