// What holds for every seed: shares, no starvation, counts that balance, a pick without allocation.
#include <array>
#include <cstdlib>
#include <map>
#include <new>

#include <gtest/gtest.h>

#include "vortex/discovery/balancer_for_test.hpp"

namespace {
thread_local std::uint64_t allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
// A pair to the deletes below, for libraries that use it.
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace vortex {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::array kAllStrategies = {Strategy::round_robin, Strategy::least_requests,
                                       Strategy::p2c_ewma};
constexpr std::uint64_t kSeeds = 50;

std::vector<std::pair<std::string, int>> some_endpoints(Random& random, std::size_t count_max) {
  std::vector<std::pair<std::string, int>> list;
  const std::uint64_t count = 1 + random.below(count_max);
  list.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i)
    list.emplace_back("e" + std::to_string(i), static_cast<int>(1 + random.below(9)));
  return list;
}

TEST(BalancerPropertyTest, CallsOneAfterTheOtherFollowTheWeights) {
  for (const Strategy strategy : {Strategy::round_robin, Strategy::least_requests}) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      Random world(seed);
      const auto list = some_endpoints(world, 12);
      BalancerCase test(strategy, list, seed);
      double total = 0;
      for (const auto& [url, weight] : list) total += weight;
      auto taken = test.calls(2000);
      for (const auto& [url, weight] : list) {
        EXPECT_NEAR(taken[url], 2000 * weight / total, static_cast<double>(list.size()))
            << to_string(strategy) << " seed " << seed;
      }
    }
  }
}

TEST(BalancerPropertyTest, LeastRequestsKeepsTheLoadInProportion) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    Random world(seed);
    const auto list = some_endpoints(world, 8);
    BalancerCase test(Strategy::least_requests, list, seed);
    std::vector<PickedEndpoint> in_flight;
    for (int i = 0; i < 500; ++i) {
      in_flight.push_back(test.pick());
      if (world.below(3) == 0) in_flight[world.below(in_flight.size())] = test.pick();
    }
    double least = 1e9;
    double most = 0;
    for (const EndpointStatus& one : test.balancer.snapshot(test.now)) {
      least = std::min(least, (one.in_flight + 1.0) / one.weight);
      most = std::max(most, (one.in_flight - 1.0) / one.weight);
    }
    EXPECT_LE(most, least * 1.5) << "seed " << seed;
  }
}

TEST(BalancerPropertyTest, P2cGivesTheFastMoreAndTheSlowSome) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    BalancerCase test(Strategy::p2c_ewma, {{"fast", 1}, {"middle", 1}, {"slow", 1}}, seed);
    std::map<std::string, int> taken;
    for (int i = 0; i < 20'000; ++i) {
      PickedEndpoint picked = test.pick();
      const std::string& url = picked.base_url();
      ++taken[url];
      const Duration latency = milliseconds(url == "fast" ? 20 : url == "middle" ? 60 : 400);
      test.now += milliseconds(10);
      picked.settle(test.now, EndpointVerdict::good, latency);
    }
    EXPECT_GT(taken["fast"], taken["middle"]) << "seed " << seed;
    EXPECT_GT(taken["middle"], taken["slow"]) << "seed " << seed;
    EXPECT_GT(taken["slow"], 0) << "seed " << seed;
  }
}

// Random calls, failures, list changes and waits: whatever happens, every endpoint that is not put
// aside is called again, a pick is always there, and the counts balance in the end.
TEST(BalancerPropertyTest, NobodyStarvesAndNothingIsLost) {
  for (const Strategy strategy : kAllStrategies) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      Random world(seed);
      auto list = some_endpoints(world, 6);
      BalancerCase test(strategy, list, seed);
      std::vector<PickedEndpoint> in_flight;
      for (int step = 0; step < 3000; ++step) {
        test.now += milliseconds(world.below(200));
        if (world.below(500) == 0) {
          list = some_endpoints(world, 6);
          test.balancer.update(endpoints_of(list));
        }
        in_flight.push_back(test.pick());
        ASSERT_TRUE(in_flight.back());
        if (in_flight.size() < 8) continue;
        const std::size_t which = world.below(in_flight.size());
        const auto verdict = static_cast<EndpointVerdict>(world.below(3));
        in_flight[which].settle(test.now, verdict, milliseconds(1 + world.below(500)));
        std::swap(in_flight[which], in_flight.back());
        in_flight.pop_back();
      }
      in_flight.clear();
      for (const EndpointStatus& one : test.balancer.snapshot(test.now))
        EXPECT_EQ(one.in_flight, 0) << to_string(strategy) << " seed " << seed;
      std::map<std::string, int> taken;
      for (int i = 0; i < 5000; ++i) {
        ++taken[test.call()];
        test.now += milliseconds(100);
      }
      EXPECT_EQ(taken.size(), list.size()) << to_string(strategy) << " seed " << seed;
    }
  }
}

TEST(BalancerPropertyTest, SameSeedSameChoices) {
  for (const Strategy strategy : kAllStrategies) {
    BalancerCase one(strategy, {{"a", 1}, {"b", 2}, {"c", 3}}, 7);
    BalancerCase other(strategy, {{"a", 1}, {"b", 2}, {"c", 3}}, 7);
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(one.call(), other.call());
  }
}

TEST(BalancerPropertyTest, APickAllocatesNothing) {
  for (const Strategy strategy : kAllStrategies) {
    std::vector<std::pair<std::string, int>> list;
    list.reserve(100);
    for (int i = 0; i < 100; ++i) list.emplace_back("e" + std::to_string(i), 1);
    BalancerCase test(strategy, list);
    const std::array<EndpointId, 2> avoid = {1, 2};
    const std::uint64_t before = allocations;
    for (int i = 0; i < 10'000; ++i) {
      PickedEndpoint picked = test.pick(i % 2 == 0 ? AvoidList() : AvoidList(avoid));
      picked.settle(test.now, i % 3 == 0 ? EndpointVerdict::bad : EndpointVerdict::good,
                    milliseconds(5));
    }
    EXPECT_EQ(allocations, before) << to_string(strategy);
    EXPECT_GT(before, 0U) << "they are counted";
  }
}

}  // namespace
}  // namespace vortex
