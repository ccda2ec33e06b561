#include "vortex/telemetry/event_listener.hpp"

#include <atomic>
#include <future>
#include <latch>
#include <stdexcept>

#include <gtest/gtest.h>

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

std::unique_ptr<EventListener> listen(EventBus& bus, std::string name, const Clock& clock,
                                      EventListener::Handle handle,
                                      EventListener::Options options = {}) {
  auto subscription = bus.subscribe({.name = name, .capacity = 64});
  EXPECT_TRUE(subscription);
  auto listener = EventListener::start(std::move(name), std::move(*subscription), std::move(handle),
                                       clock, options);
  EXPECT_TRUE(listener);
  return std::move(*listener);
}

void publish_some(EventBus& bus, int count) {
  for (int i = 0; i < count; ++i) bus.publish({.type = EventType::connected, .provider = "ib"});
}

TEST(EventListenerTest, HandlesInOrderAndDrainsAtTheEnd) {
  ManualClock clock(TimePoint{});
  EventBus bus;
  std::vector<std::uint64_t> seen;
  const auto listener =
      listen(bus, "log", clock, [&](const Delivery& d) { seen.push_back(d.event.sequence); });
  publish_some(bus, 50);
  EXPECT_TRUE(listener->stop());
  ASSERT_EQ(seen.size(), 50U);
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], i + 1);
  EXPECT_EQ(listener->counts().handled, 50U);
  EXPECT_EQ(listener->counts().thrown, 0U);
}

TEST(EventListenerTest, H4AThrowingHandlerIsContainedAndCounted) {
  ManualClock clock(TimePoint{});
  EventBus bus;
  int calls = 0;
  const auto listener = listen(bus, "bad", clock, [&](const Delivery&) {
    if (++calls % 2 == 0) throw std::runtime_error("no");
    throw 7;  // NOLINT(misc-throw-by-value-catch-by-reference): what a stranger may throw
  });
  int good_calls = 0;
  const auto good = listen(bus, "good", clock, [&](const Delivery&) { ++good_calls; });
  publish_some(bus, 20);
  EXPECT_TRUE(listener->stop());
  EXPECT_TRUE(good->stop());
  EXPECT_EQ(listener->counts().handled, 20U);
  EXPECT_EQ(listener->counts().thrown, 20U);
  EXPECT_EQ(good_calls, 20);
  EXPECT_EQ(good->counts().thrown, 0U);
}

TEST(EventListenerTest, H5ABlockedHandlerIsNamedAndHarmsNobodyElse) {
  ManualClock clock(TimePoint{});
  EventBus bus;
  struct Gate {
    std::latch entered{1};
    std::promise<void> release;
  };
  const auto gate = std::make_shared<Gate>();
  auto released = std::make_shared<std::promise<void>>();
  auto finished = released->get_future();
  auto stuck =
      listen(bus, "pager", clock,
             [gate, released, waits = gate->release.get_future().share()](const Delivery&) {
               gate->entered.count_down();
               waits.wait();
               released->set_value();
             },
             {.drain_max = 1ms, .abandon_after = 1ms});
  publish_some(bus, 1);
  gate->entered.wait();
  EXPECT_FALSE(stuck->stuck(clock.monotonic(), 30s)) << "not yet";
  clock.advance(31s);
  const auto named = stuck->stuck(clock.monotonic(), 30s);
  ASSERT_TRUE(named.has_value());
  EXPECT_EQ(named->listener, "pager");
  EXPECT_EQ(named->type, EventType::connected);
  EXPECT_EQ(named->sequence, 1U);
  EXPECT_EQ(named->running, 31s);

  std::atomic<int> others{0};
  const auto good = listen(bus, "good", clock, [&](const Delivery&) { ++others; });
  publish_some(bus, 60);
  EXPECT_TRUE(good->stop());
  EXPECT_EQ(others, 60);
  EXPECT_FALSE(stuck->stop()) << "left behind, not waited for";
  stuck.reset();
  gate->release.set_value();
  finished.wait();
}

TEST(EventListenerTest, H5ABlockedHandlerLosesItsOwnEventsWithACount) {
  ManualClock clock(TimePoint{});
  EventBus bus;
  std::latch entered(1);
  std::promise<void> release;
  std::uint64_t missed = 0;
  std::uint64_t handled = 0;
  const auto listener =
      listen(bus, "slow", clock, [&, waits = release.get_future().share()](const Delivery& d) {
        if (handled++ == 0) entered.count_down();
        waits.wait();
        missed += d.missed;
      });
  publish_some(bus, 1);
  entered.wait();
  publish_some(bus, 1'000);  // returns: the publisher is not held up
  release.set_value();
  EXPECT_TRUE(listener->stop());
  EXPECT_EQ(handled + missed, 1'001U);
  EXPECT_GT(missed, 0U);
  EXPECT_EQ(listener->counts().missed, missed);
}

TEST(EventListenerTest, AHandlerMayPublish) {
  ManualClock clock(TimePoint{});
  EventBus bus;
  auto errors = bus.subscribe({.patterns = {"provider.*.error"}});
  ASSERT_TRUE(errors);
  auto connects = bus.subscribe({.patterns = {"provider.*.connected"}});
  ASSERT_TRUE(connects);
  auto listener = EventListener::start(
      "echo", std::move(*connects),
      [&](const Delivery& d) {
        bus.publish({.type = EventType::error, .provider = d.event.provider.view()});
      },
      clock);
  ASSERT_TRUE(listener);
  publish_some(bus, 5);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(errors->wait_next(1min).has_value());
}

}  // namespace
}  // namespace vortex
