#include "vortex/discovery/balancer.hpp"

#include <array>
#include <memory>
#include <optional>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vortex/discovery/balancer_for_test.hpp"

namespace vortex {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::Pair;

constexpr std::array kStrategies = {Strategy::round_robin, Strategy::least_requests,
                                    Strategy::p2c_ewma};

TEST(StrategyTest, NamesReadBack) {
  for (const Strategy strategy : kStrategies)
    EXPECT_EQ(parse_strategy(to_string(strategy)), strategy);
  EXPECT_EQ(parse_strategy("roundrobin"), std::nullopt);
}

TEST(BalancerTest, AnEmptyListGivesAnEmptyPick) {
  for (const Strategy strategy : kStrategies) {
    BalancerCase test(strategy, {});
    EXPECT_FALSE(test.pick());
    EXPECT_FALSE(test.balancer.in_panic(test.now));
  }
}

TEST(BalancerTest, RoundRobinFollowsTheWeightsInEveryRound) {
  BalancerCase test(Strategy::round_robin, {{"a", 5}, {"b", 1}, {"c", 2}});
  for (int round = 0; round < 100; ++round)
    EXPECT_THAT(test.calls(8), ElementsAre(Pair("a", 5), Pair("b", 1), Pair("c", 2)));
}

TEST(BalancerTest, LeastRequestsTakesTheOneThatIsFree) {
  BalancerCase test(Strategy::least_requests, {{"a", 1}, {"b", 1}, {"c", 1}});
  const PickedEndpoint first = test.pick();
  const PickedEndpoint second = test.pick();
  std::set<std::string> busy = {first.base_url(), second.base_url()};
  ASSERT_EQ(busy.size(), 2U);
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(busy.contains(test.call()));
}

TEST(BalancerTest, P2cPrefersTheFastOne) {
  BalancerCase test(Strategy::p2c_ewma, {{"fast", 1}, {"slow", 1}});
  int fast = 0;
  for (int i = 0; i < 1000; ++i) {
    PickedEndpoint picked = test.pick();
    const bool is_fast = picked.base_url() == "fast";
    fast += is_fast ? 1 : 0;
    test.now += milliseconds(10);
    picked.settle(test.now, EndpointVerdict::good, is_fast ? milliseconds(10) : seconds(1));
  }
  EXPECT_GT(fast, 980);
}

TEST(BalancerTest, P2cDoesNotTakeAQuickRefusalForSpeed) {
  BalancerCase test(Strategy::p2c_ewma, {{"good", 1}, {"refuses", 1}});
  int refused = 0;
  for (int i = 0; i < 100; ++i) {
    PickedEndpoint picked = test.pick();
    const bool is_good = picked.base_url() == "good";
    refused += is_good ? 0 : 1;
    picked.settle(test.now, is_good ? EndpointVerdict::good : EndpointVerdict::bad,
                  is_good ? milliseconds(50) : milliseconds(1));
  }
  EXPECT_LE(refused, 2);
}

TEST(BalancerTest, A8AnEndpointThatHangsIsNotTakenForAnUnknownOne) {
  BalancerCase test(Strategy::p2c_ewma, {{"good", 1}, {"hangs", 1}});
  int hung = 0;
  for (int i = 0; i < 100; ++i) {
    PickedEndpoint picked = test.pick();
    const bool is_good = picked.base_url() == "good";
    hung += is_good ? 0 : 1;
    // Its callers go away after 2 s, which alone would say nothing of it.
    picked.settle(test.now, is_good ? EndpointVerdict::good : EndpointVerdict::ignored,
                  is_good ? milliseconds(50) : seconds(2));
  }
  EXPECT_LE(hung, 2);
}

TEST(BalancerTest, FailuresInARowPutAnEndpointAside) {
  for (const Strategy strategy : kStrategies) {
    BalancerCase test(strategy, {{"a", 1}, {"b", 1}, {"c", 1}});
    test.end_calls_of("b", 2, EndpointVerdict::bad);
    EXPECT_FALSE(test.is_ejected("b"));
    test.end_calls_of("b", 1, EndpointVerdict::bad);
    EXPECT_EQ(test.status("b").ejected_for, seconds(30));
    EXPECT_FALSE(test.calls(100).contains("b")) << to_string(strategy);
    test.now += seconds(30);
    EXPECT_FALSE(test.is_ejected("b"));
    test.end_calls_of("b", 1, EndpointVerdict::bad);
    EXPECT_EQ(test.status("b").ejected_for, seconds(60)) << "one failure on probation";
  }
}

TEST(BalancerTest, WhatSaysNothingOfTheEndpointIsNotCounted) {
  BalancerCase test(Strategy::round_robin, {{"a", 1}, {"b", 1}});
  for (int i = 0; i < 50; ++i) (void)test.call(EndpointVerdict::ignored);
  for (int i = 0; i < 50; ++i) (void)test.pick();  // dropped
  EXPECT_EQ(test.status("a").failures_in_row, 0);
  EXPECT_EQ(test.status("a").in_flight, 0);
}

TEST(BalancerTest, TheLastOneIsNeverPutAside) {
  for (const Strategy strategy : kStrategies) {
    BalancerCase one(strategy, {{"a", 1}});
    for (int i = 0; i < 100; ++i) EXPECT_EQ(one.call(EndpointVerdict::bad), "a");
    EXPECT_FALSE(one.is_ejected("a"));
    BalancerCase three(strategy, {{"a", 1}, {"b", 1}, {"c", 1}});
    for (int i = 0; i < 1000; ++i) {
      (void)three.call(EndpointVerdict::bad);
      three.now += seconds(1);
      const bool all_aside =
          three.is_ejected("a") && three.is_ejected("b") && three.is_ejected("c");
      ASSERT_FALSE(all_aside) << to_string(strategy) << " after " << i;
    }
  }
}

TEST(BalancerTest, I6WithLessThanHalfHealthyAllAreUsed) {
  for (const Strategy strategy : kStrategies) {
    BalancerCase test(strategy, {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}});
    test.end_calls_of("a", 3, EndpointVerdict::bad);
    test.end_calls_of("b", 3, EndpointVerdict::bad);
    EXPECT_FALSE(test.balancer.in_panic(test.now)) << "half is enough";
    EXPECT_EQ(test.calls(100).size(), 2U);
    test.end_calls_of("c", 3, EndpointVerdict::bad);
    EXPECT_TRUE(test.balancer.in_panic(test.now));
    std::map<std::string, int> taken;
    std::vector<PickedEndpoint> in_flight;
    for (int i = 0; i < 400; ++i) {
      in_flight.push_back(test.pick());
      ++taken[in_flight.back().base_url()];
    }
    EXPECT_EQ(taken.size(), 4U) << to_string(strategy);
    EXPECT_LT(taken["d"], 400) << "the healthy one is not given everything";
  }
}

TEST(BalancerTest, I6ASuccessInPanicBringsAnEndpointBackAtOnce) {
  BalancerCase test(Strategy::round_robin, {{"a", 1}, {"b", 1}, {"c", 1}});
  test.end_calls_of("a", 3, EndpointVerdict::bad);
  test.end_calls_of("b", 3, EndpointVerdict::bad);
  ASSERT_TRUE(test.balancer.in_panic(test.now));
  test.end_calls_of("a", 1, EndpointVerdict::good);
  EXPECT_FALSE(test.is_ejected("a"));
  EXPECT_FALSE(test.balancer.in_panic(test.now));
  EXPECT_FALSE(test.calls(100).contains("b"));
}

TEST(BalancerTest, ARetryGoesToAnotherWhereThereIsOne) {
  for (const Strategy strategy : kStrategies) {
    BalancerCase test(strategy, {{"a", 1}, {"b", 1}, {"c", 1}});
    for (int i = 0; i < 50; ++i) {
      std::vector<EndpointId> tried;
      std::set<std::string> urls;
      for (int attempt = 0; attempt < 3; ++attempt) {
        const PickedEndpoint picked = test.pick(tried);
        tried.push_back(picked.id());
        urls.insert(picked.base_url());
      }
      EXPECT_EQ(urls.size(), 3U);
      EXPECT_TRUE(test.pick(tried)) << "all were tried: any of them again";
    }
    BalancerCase alone(strategy, {{"a", 1}});
    const std::array<EndpointId, 1> tried = {alone.pick().id()};
    EXPECT_EQ(alone.pick(tried).base_url(), "a");
  }
}

TEST(BalancerTest, ARetryPrefersTheHealthyButTriesOneAsideBeforeTheSameAgain) {
  BalancerCase test(Strategy::round_robin, {{"a", 1}, {"b", 1}, {"c", 1}});
  test.end_calls_of("c", 3, EndpointVerdict::bad);
  std::vector<EndpointId> tried;
  std::vector<std::string> urls;
  for (int attempt = 0; attempt < 3; ++attempt) {
    const PickedEndpoint picked = test.pick(tried);
    tried.push_back(picked.id());
    urls.push_back(picked.base_url());
  }
  EXPECT_EQ(urls.back(), "c");
  EXPECT_NE(test.pick(tried).base_url(), "c");
}

TEST(BalancerTest, ARecoveredEndpointComesBackByAndBy) {
  for (const Strategy strategy : {Strategy::round_robin, Strategy::least_requests}) {
    BalancerCase test(strategy, {{"a", 1}, {"b", 1}});
    test.end_calls_of("b", 3, EndpointVerdict::bad);
    test.now += seconds(30);
    const int at_first = test.calls(110)["b"];
    EXPECT_NEAR(at_first, 10, 2);
    test.now += seconds(15);
    EXPECT_NEAR(test.calls(155)["b"], 55, 2);
    test.now += seconds(15);
    EXPECT_NEAR(test.calls(100)["b"], 50, 2);
  }
}

TEST(BalancerTest, AnOldAnswerDoesNotDecide) {
  BalancerCase test(Strategy::round_robin, {{"a", 1}, {"b", 1}});
  std::vector<PickedEndpoint> before;
  before.reserve(20);
  for (int i = 0; i < 20; ++i) before.push_back(test.pick());
  test.end_calls_of("a", 3, EndpointVerdict::bad);
  ASSERT_TRUE(test.is_ejected("a"));
  test.now += seconds(1);
  for (PickedEndpoint& late : before) {
    if (late.base_url() == "a") late.settle(test.now, EndpointVerdict::good, seconds(5));
  }
  EXPECT_TRUE(test.is_ejected("a"));
  EXPECT_EQ(test.status("a").in_flight, 0);
}

TEST(BalancerTest, A4NewCallsGoToTheNewAddressAndOldOnesEndInPeace) {
  for (const Strategy strategy : kStrategies) {
    BalancerCase test(strategy, {{"old", 1}});
    std::vector<PickedEndpoint> calls;
    calls.reserve(4);
    for (int i = 0; i < 4; ++i) calls.push_back(test.pick());
    test.balancer.update(endpoints_of({{"new", 1}}));
    for (int i = 0; i < 10; ++i) EXPECT_EQ(test.call(), "new");
    EXPECT_EQ(calls[0].base_url(), "old");
    calls[0].settle(test.now, EndpointVerdict::bad, seconds(1));
    calls[1].settle(test.now, EndpointVerdict::good, seconds(1));
    calls[2] = PickedEndpoint();
    EXPECT_FALSE(calls[0]);
    test.balancer.update(endpoints_of({{"old", 1}, {"new", 1}}));
    EXPECT_EQ(test.status("old").in_flight, 0) << "the address is back as a new one";
    EXPECT_EQ(calls[3].base_url(), "old");
    test.balancer.update({});
    EXPECT_FALSE(test.pick());
    calls[3].settle(test.now, EndpointVerdict::good, seconds(1));
  }
}

TEST(BalancerTest, A4WhatIsKnownOfThoseThatStayStaysKnown) {
  BalancerCase test(Strategy::round_robin, {{"a", 1}, {"b", 1}, {"c", 1}});
  test.end_calls_of("b", 3, EndpointVerdict::bad);
  const PickedEndpoint call = test.pick();
  test.balancer.update(endpoints_of({{"d", 1}, {"b", 4}, {call.base_url(), 2}, {"d", 9}}));
  EXPECT_TRUE(test.is_ejected("b"));
  EXPECT_EQ(test.status("b").weight, 4);
  EXPECT_EQ(test.status(call.base_url()).in_flight, 1);
  EXPECT_EQ(test.balancer.size(), 3U) << "an address named twice is one endpoint";
}

TEST(BalancerTest, APickMayOutliveTheBalancer) {
  PickedEndpoint picked;
  PickedEndpoint dropped;
  {
    BalancerCase test(Strategy::round_robin, {{"a", 1}, {"b", 1}});
    picked = test.pick();
    dropped = test.pick();
  }
  EXPECT_FALSE(picked.base_url().empty());
  picked.settle(Monotonic{}, EndpointVerdict::bad, seconds(1));
  picked.settle(Monotonic{}, EndpointVerdict::bad, seconds(1));
  EXPECT_FALSE(picked);
}

TEST(BalancerTest, APickIsCountedOnceHoweverItIsMoved) {
  BalancerCase test(Strategy::round_robin, {{"a", 1}});
  PickedEndpoint first = test.pick();
  PickedEndpoint moved = std::move(first);
  PickedEndpoint& same = moved;
  moved = std::move(same);
  EXPECT_EQ(test.status("a").in_flight, 1);
  moved = test.pick();
  EXPECT_EQ(test.status("a").in_flight, 1);
  moved.settle(test.now, EndpointVerdict::good, milliseconds(1));
  EXPECT_EQ(test.status("a").in_flight, 0);
  EXPECT_EQ(test.status("a").picks, 2U);
}

TEST(BalancerTest, TheSnapshotShowsNoCredential) {
  BalancerCase test(Strategy::round_robin, {{"https://user:S3CR3T@a.example", 1}});
  EXPECT_EQ(test.balancer.snapshot(test.now)[0].base_url.find("S3CR3T"), std::string::npos);
}

}  // namespace
}  // namespace vortex
