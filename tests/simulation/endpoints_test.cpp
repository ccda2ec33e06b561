// A provider behind several addresses, some of which fail.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/simulation/simulated_world.hpp"

namespace vortex {
namespace {

// Two addresses of one provider; calls to the first are refused when `first_is_down`.
struct TwoAddresses {
  explicit TwoAddresses(const char* strategy) : world({}) {
    ProviderSettings& yahoo = world.settings.providers["yahoo"];
    yahoo.endpoints = {"http://one.invalid", "http://two.invalid"};
    yahoo.strategy = strategy;
    for (const char* host : {"one.invalid", "two.invalid"}) {
      world.net.serve("yahoo", host, [this, host](const HttpCall& call, TimePoint /*now*/) {
        ++asked[host];
        if (first_is_down && std::string_view(host) == "one.invalid")
          return HttpReply{.status = 503};
        const ServerReply reply =
            world.yahoo.answer({.method = "GET", .path = call.path, .query = call.query});
        return HttpReply{.status = reply.status, .body = Body::copy_of(reply.body)};
      });
    }
  }
  SimulatedWorld world;
  bool first_is_down = false;
  std::map<std::string, int> asked;
};

SyncReport sync_all(TwoAddresses& two, int symbols) {
  const auto process = two.world.start();
  auto report = process.engine->sync(two.world.request(SimulatedWorld::symbols(symbols)));
  EXPECT_TRUE(report.has_value()) << report.error().message;
  return report ? std::move(*report) : SyncReport{};
}

TEST(EndpointsTest, CallsAreSharedByTheStrategy) {
  TwoAddresses two("round_robin");
  EXPECT_EQ(sync_all(two, 40).status(), "ok");
  EXPECT_EQ(two.asked["one.invalid"], 20);
  EXPECT_EQ(two.asked["two.invalid"], 20);
}

TEST(EndpointsTest, A1ARetryGoesToAnotherAddressAndTheFailingOneIsLeftAlone) {
  for (const char* strategy : {"round_robin", "least_requests", "p2c_ewma"}) {
    TwoAddresses two(strategy);
    two.first_is_down = true;
    const SyncReport report = sync_all(two, 40);
    EXPECT_EQ(report.status(), "ok") << strategy;
    EXPECT_EQ(std::ranges::count(report.items, ItemStatus::ok, &ItemReport::status), 40);
    EXPECT_LE(two.asked["one.invalid"], 8) << strategy << ": put aside after a few failures";
  }
}

}  // namespace
}  // namespace vortex
