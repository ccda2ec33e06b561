#include "vortex/telemetry/event_bus.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>

#include <gtest/gtest.h>

// The sanitizers bring their own operator new; there, what allocates is not counted.
#if defined(__has_feature)
#  if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#    define VORTEX_TEST_HAS_ITS_OWN_NEW 0
#  endif
#endif
#ifndef VORTEX_TEST_HAS_ITS_OWN_NEW
#  define VORTEX_TEST_HAS_ITS_OWN_NEW 1
#endif

namespace {

// Counts what this thread allocates; every form of plain new ends here.
thread_local std::size_t allocations_of_thread = 0;

}  // namespace

#if VORTEX_TEST_HAS_ITS_OWN_NEW
void* operator new(std::size_t size) {
  ++allocations_of_thread;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
#endif

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

Event bus_event(EventType type, std::string_view provider = "yahoo",
                std::string_view symbol = "AAPL") {
  return {.type = type, .provider = provider, .symbol = symbol};
}

std::vector<std::uint64_t> sequences_of(Subscription& subscription) {
  std::vector<std::uint64_t> out;
  while (const auto next = subscription.try_next()) out.push_back(next->event.sequence);
  return out;
}

TEST(EventBusTest, EachSubscriberGetsWhatItsPatternsSay) {
  EventBus bus;
  auto all = bus.subscribe({.name = "log"});
  auto breakers =
      bus.subscribe({.patterns = {"provider.*.circuit_breaker.*", "provider.ib.connected"}});
  auto yahoo = bus.subscribe({.patterns = {"provider.yahoo.*"}});
  ASSERT_TRUE(all && breakers && yahoo);
  EXPECT_EQ(bus.publish(bus_event(EventType::connected)), 1U);
  bus.publish(bus_event(EventType::circuit_breaker_open, "ib"));
  bus.publish(bus_event(EventType::connected, "ib"));
  bus.publish(bus_event(EventType::circuit_breaker_closed));
  using Sequences = std::vector<std::uint64_t>;
  EXPECT_EQ(sequences_of(*all), (Sequences{1, 2, 3, 4}));
  EXPECT_EQ(sequences_of(*breakers), (Sequences{2, 3, 4}));
  EXPECT_EQ(sequences_of(*yahoo), (Sequences{1, 4}));
}

TEST(EventBusTest, ASubscriptionEndsWithItsHandle) {
  EventBus bus;
  {
    auto gone = bus.subscribe({.name = "gone"});
    ASSERT_TRUE(gone);
    EXPECT_EQ(bus.subscribers().size(), 1U);
  }
  EXPECT_TRUE(bus.subscribers().empty());
  EXPECT_EQ(bus.publish(bus_event(EventType::error)), 1U);
  std::vector<Subscription> held;
  for (std::size_t i = 0; i < kSubscriptionsMax; ++i) {
    auto one = bus.subscribe({.capacity = 1});
    ASSERT_TRUE(one) << i;
    held.push_back(std::move(*one));
  }
  const auto one_more = bus.subscribe({.capacity = 1});
  ASSERT_FALSE(one_more);
  EXPECT_EQ(one_more.error().code, ErrorCode::local_resource);
  held.pop_back();
  EXPECT_TRUE(bus.subscribe({.capacity = 1}));
}

TEST(EventBusTest, ASubscriptionOutlivesItsBus) {
  auto bus = std::make_unique<EventBus>();
  auto left = bus->subscribe({});
  ASSERT_TRUE(left);
  bus->publish(bus_event(EventType::error));
  bus.reset();
  EXPECT_TRUE(left->closed());
  EXPECT_TRUE(left->wait_next(1h).has_value());
  EXPECT_FALSE(left->wait_next(1h).has_value()) << "closed and empty: at once";
}

TEST(EventBusTest, RefusesWhatCannotBeMeant) {
  EventBus bus;
  EXPECT_FALSE(bus.subscribe({.patterns = {}}));
  EXPECT_FALSE(bus.subscribe({.patterns = {"provider.*.no_such_type"}}));
  EXPECT_FALSE(bus.subscribe({.capacity = 0}));
  EXPECT_FALSE(bus.subscribe({.capacity = kQueueCapacityMax + 1}));
  EXPECT_FALSE(bus.subscribe({.policy = OverflowPolicy::block, .block_max = 0us}));
  EXPECT_TRUE(bus.subscribers().empty());
}

TEST(EventBusTest, HistoryKeepsTheLastTenThousand) {
  EventBus bus;
  for (int i = 0; i < 12'345; ++i)
    bus.publish(bus_event(i % 100 == 0 ? EventType::error : EventType::call_sent));
  const EventHistory all = bus.history();
  ASSERT_EQ(all.events.size(), 10'000U);
  EXPECT_EQ(all.missed, 2'345U);
  EXPECT_EQ(all.events.front().sequence, 2'346U);
  EXPECT_EQ(all.events.back().sequence, 12'345U);
  const EventHistory tail = bus.history({.since = 12'340});
  EXPECT_EQ(tail.events.size(), 5U);
  EXPECT_EQ(tail.missed, 0U);
  const EventHistory errors =
      bus.history({.since = 12'000, .pattern = *EventPattern::parse("provider.*.error")});
  EXPECT_EQ(errors.events.size(), 4U);
  EXPECT_EQ(errors.last_looked_at, 12'345U) << "behind the last one looked at, matched or not";
  EXPECT_TRUE(bus.history({.since = 99'999}).events.empty());
}

TEST(EventBusTest, HistoryIsReadInPages) {
  EventBus bus;
  for (int i = 0; i < 1000; ++i) bus.publish(bus_event(EventType::call_sent));
  std::uint64_t since = 0;
  std::uint64_t expected = 1;
  for (;;) {
    const EventHistory page = bus.history({.since = since, .events_max = 300});
    if (page.events.empty()) break;
    for (const Event& event : page.events) EXPECT_EQ(event.sequence, expected++);
    since = page.last_looked_at;
  }
  EXPECT_EQ(expected, 1001U);
}

TEST(EventBusTest, AFullBlockingSubscriberDelaysOnlyItsOwnPublisher) {
  EventBus bus;
  auto slow = bus.subscribe({.patterns = {"provider.ib.*"},
                             .policy = OverflowPolicy::block,
                             .capacity = 1,
                             .block_max = 1h});
  auto other = bus.subscribe({.patterns = {"provider.yahoo.*"}});
  ASSERT_TRUE(slow && other);
  bus.publish(bus_event(EventType::connected, "ib"));
  std::jthread blocked([&] { bus.publish(bus_event(EventType::error, "ib")); });
  while (slow->counts().blocked == 0) std::this_thread::yield();
  bus.publish(bus_event(EventType::connected));
  EXPECT_TRUE(other->try_next().has_value()) << "published while the other publisher waits";
  EXPECT_EQ(slow->try_next()->event.type, EventType::connected);
  blocked.join();
  EXPECT_EQ(slow->try_next()->event.type, EventType::error);
}

TEST(EventBusTest, ABlockedPublisherGivesUpAndTheGapIsTold) {
  EventBus bus;
  auto slow = bus.subscribe({.policy = OverflowPolicy::block, .capacity = 1, .block_max = 1ms});
  ASSERT_TRUE(slow);
  for (int i = 0; i < 4; ++i) bus.publish(bus_event(EventType::error));
  EXPECT_EQ(slow->counts().dropped, 3U);
  EXPECT_EQ(slow->try_next()->event.sequence, 1U);
  bus.publish(bus_event(EventType::error));
  const auto next = slow->try_next();
  EXPECT_EQ(next->event.sequence, 5U);
  EXPECT_EQ(next->missed, 3U);
}

TEST(EventBusTest, AStuckSubscriberCostsOneWaitAndNotOneAnEvent) {
  constexpr std::uint64_t kEvents = 500;
  EventBus bus;
  auto stuck = bus.subscribe({.policy = OverflowPolicy::block, .capacity = 1, .block_max = 1ms});
  ASSERT_TRUE(stuck);
  for (std::uint64_t n = 0; n < kEvents; ++n) bus.publish(bus_event(EventType::error));
  EXPECT_EQ(stuck->counts().blocked, 1U);
  EXPECT_EQ(stuck->counts().dropped, kEvents - 1);
  EXPECT_EQ(stuck->counts().offered, kEvents);
  EXPECT_EQ(stuck->try_next()->event.sequence, 1U);
  bus.publish(bus_event(EventType::error));
  bus.publish(bus_event(EventType::error));
  EXPECT_EQ(stuck->counts().blocked, 2U) << "it has taken something: worth a wait again";
  const auto next = stuck->try_next();
  EXPECT_EQ(next->event.sequence, kEvents + 1);
  EXPECT_EQ(next->missed, kEvents - 1);
}

TEST(EventBusTest, BlockLosesNothingWithManyPublishersAndASlowReader) {
  constexpr std::uint64_t kEach = 2'000;
  EventBus bus;
  auto reader = bus.subscribe({.policy = OverflowPolicy::block, .capacity = 4, .block_max = 1h});
  ASSERT_TRUE(reader);
  std::vector<std::jthread> publishers;
  publishers.reserve(3);
  for (int i = 0; i < 3; ++i) {
    publishers.emplace_back([&] {
      for (std::uint64_t n = 0; n < kEach; ++n) bus.publish(bus_event(EventType::call_sent));
    });
  }
  for (std::uint64_t expected = 1; expected <= 3 * kEach; ++expected) {
    const auto next = reader->wait_next(1h);
    ASSERT_TRUE(next.has_value());
    ASSERT_EQ(next->event.sequence, expected) << "in order";
    ASSERT_EQ(next->missed, 0U);
  }
}

TEST(EventBusTest, EveryEventIsTakenOrCountedUnderConcurrency) {
  constexpr std::uint64_t kEach = 5'000;
  EventBus bus;
  auto reader = bus.subscribe({.capacity = 64});
  auto conflating = bus.subscribe({.policy = OverflowPolicy::conflate, .capacity = 8});
  ASSERT_TRUE(reader && conflating);
  std::atomic<int> publishing{2};
  std::vector<std::jthread> publishers;
  publishers.reserve(2);
  for (int i = 0; i < 2; ++i) {
    publishers.emplace_back([&, i] {
      const std::string symbol = "S" + std::to_string(i);
      for (std::uint64_t n = 0; n < kEach; ++n)
        bus.publish(bus_event(EventType::data_received, "yahoo", symbol));
      --publishing;
    });
  }
  std::uint64_t seen = 0;
  std::uint64_t last = 0;
  while (publishing > 0 || reader->counts().queued > 0) {
    const auto next = reader->wait_next(1ms);
    if (!next) continue;
    ASSERT_EQ(next->event.sequence, last + next->missed + 1) << "the gap is as large as told";
    last = next->event.sequence;
    seen += 1 + next->missed;
  }
  EXPECT_EQ(seen, 2 * kEach);
  std::uint64_t conflated = 0;
  while (const auto next = conflating->try_next()) conflated += 1 + next->conflated;
  EXPECT_EQ(conflated, 2 * kEach);
}

TEST(EventBusTest, PublishingAllocatesNothing) {
  EventBus bus;
  auto first = bus.subscribe({.policy = OverflowPolicy::drop_oldest, .capacity = 16});
  auto second = bus.subscribe({.policy = OverflowPolicy::conflate, .capacity = 16});
  auto third = bus.subscribe({.patterns = {"provider.*.data.*"}, .capacity = 16});
  ASSERT_TRUE(first && second && third);
  const std::size_t before = allocations_of_thread;
  for (int i = 0; i < 20'000; ++i) {
    Event event = bus_event(EventType::data_received);
    event.count = i;
    bus.publish(event);
    (void)first->try_next();
  }
  EXPECT_EQ(allocations_of_thread, before);
  const auto counted = std::make_unique<int>(0);
  if (VORTEX_TEST_HAS_ITS_OWN_NEW != 0)
    EXPECT_GT(allocations_of_thread, before) << "the counter counts";
}

TEST(EventBusTest, H11ThirtyDaysOfEventsDoNotGrow) {
  constexpr std::uint64_t kEvents = 30ULL * 24 * 360;  // one every ten seconds
  EventBus bus;
  auto unread = bus.subscribe({.capacity = 100});
  auto conflating = bus.subscribe({.policy = OverflowPolicy::conflate, .capacity = 100});
  ASSERT_TRUE(unread && conflating);
  const std::size_t before = allocations_of_thread;
  for (std::uint64_t n = 0; n < kEvents; ++n) {
    std::array<char, 4> symbol{'S', static_cast<char>('0' + n % 10),
                               static_cast<char>('0' + n / 10 % 10),
                               static_cast<char>('0' + n / 100 % 10)};
    bus.publish(bus_event(EventType::data_received, "yahoo", {symbol.data(), symbol.size()}));
  }
  EXPECT_EQ(allocations_of_thread, before);
  EXPECT_EQ(bus.last_sequence(), kEvents);
  EXPECT_EQ(unread->counts().dropped, kEvents - 100);
  EXPECT_EQ(unread->try_next()->missed, kEvents - 100);
  EXPECT_EQ(conflating->counts().queued, 100U);
}

TEST(EventBusTest, SubscribersComeAndGoWhileOthersPublish) {
  EventBus bus;
  std::atomic<bool> stop{false};
  std::jthread publisher([&] {
    while (!stop) bus.publish(bus_event(EventType::call_sent));
  });
  for (int i = 0; i < 200; ++i) {
    auto one = bus.subscribe({.capacity = 4});
    ASSERT_TRUE(one);
    EXPECT_TRUE(one->wait_next(1min).has_value());
  }
  stop = true;
}

}  // namespace
}  // namespace vortex
