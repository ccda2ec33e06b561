#include "vortex/telemetry/event_queue.hpp"

#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "vortex/base/random.hpp"

namespace vortex {
namespace {

Event queue_event(std::uint64_t sequence, std::string_view symbol = "AAPL") {
  return {.sequence = sequence,
          .type = EventType::data_received,
          .provider = "yahoo",
          .symbol = symbol};
}

std::vector<Delivery> take_all(EventQueue& queue) {
  std::vector<Delivery> out(2000);
  out.resize(queue.take(out));
  return out;
}

void expect_balanced(const QueueCounts& counts) {
  EXPECT_EQ(counts.offered, counts.taken + counts.dropped + counts.conflated + counts.queued);
}

TEST(EventQueueTest, GivesBackInOrder) {
  EventQueue queue({.capacity = 3});
  for (std::uint64_t n = 1; n <= 10; ++n) {
    EXPECT_EQ(queue.offer(queue_event(n)), EventQueue::Offer::taken);
    Delivery got;
    ASSERT_EQ(queue.take({&got, 1}), 1U);
    EXPECT_EQ(got.event.sequence, n);
    EXPECT_EQ(got.missed, 0U);
  }
  expect_balanced(queue.counts());
}

TEST(EventQueueTest, DropOldestKeepsTheNewestAndTellsTheGap) {
  EventQueue queue({.policy = OverflowPolicy::drop_oldest, .capacity = 4});
  for (std::uint64_t n = 1; n <= 11; ++n) queue.offer(queue_event(n));
  const auto got = take_all(queue);
  ASSERT_EQ(got.size(), 4U);
  EXPECT_EQ(got[0].event.sequence, 8U);
  EXPECT_EQ(got[0].missed, 7U);
  EXPECT_EQ(got[1].missed, 0U);
  EXPECT_EQ(queue.counts().dropped, 7U);
  EXPECT_EQ(queue.counts().queued_peak, 4U);
  expect_balanced(queue.counts());
}

TEST(EventQueueTest, DropOldestTellsTheGapWithOnePlaceToo) {
  EventQueue queue({.policy = OverflowPolicy::drop_oldest, .capacity = 1});
  for (std::uint64_t n = 1; n <= 5; ++n) queue.offer(queue_event(n));
  const auto got = take_all(queue);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].event.sequence, 5U);
  EXPECT_EQ(got[0].missed, 4U);
}

TEST(EventQueueTest, D10ConflateKeepsTheLastOfEachSymbolInItsPlace) {
  EventQueue queue({.policy = OverflowPolicy::conflate, .capacity = 3});
  queue.offer(queue_event(1, "AAPL"));
  queue.offer(queue_event(2, "MSFT"));
  queue.offer(queue_event(3, "AAPL"));
  queue.offer(queue_event(4, "AAPL"));
  auto got = take_all(queue);
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].event.sequence, 4U);
  EXPECT_EQ(got[0].conflated, 2U);
  EXPECT_EQ(got[1].event.sequence, 2U);
  EXPECT_EQ(got[1].conflated, 0U);
  queue.offer(queue_event(5, "AAPL"));
  got = take_all(queue);
  ASSERT_EQ(got.size(), 1U) << "a key that was taken starts anew";
  EXPECT_EQ(got[0].conflated, 0U);
}

TEST(EventQueueTest, ConflateTellsProvidersAndTypesApart) {
  EventQueue queue({.policy = OverflowPolicy::conflate, .capacity = 8});
  queue.offer(queue_event(1));
  Event other = queue_event(2);
  other.provider = "ib";
  queue.offer(other);
  other.type = EventType::data_transformed;
  queue.offer(other);
  EXPECT_EQ(take_all(queue).size(), 3U);
}

TEST(EventQueueTest, ConflateWithTooManyKeysDropsTheOldestAndTellsIt) {
  EventQueue queue({.policy = OverflowPolicy::conflate, .capacity = 2});
  queue.offer(queue_event(1, "A"));
  queue.offer(queue_event(2, "B"));
  queue.offer(queue_event(3, "C"));
  const auto got = take_all(queue);
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].event.symbol.view(), "B");
  EXPECT_EQ(got[0].missed, 1U);
  expect_balanced(queue.counts());
}

// Against a plain model: what waits per key, by a map.
TEST(EventQueueTest, ConflationAgreesWithAMapOverManyRounds) {
  Random random(11);
  EventQueue queue({.policy = OverflowPolicy::conflate, .capacity = 16});
  std::map<std::string, std::uint64_t> last;
  for (std::uint64_t n = 1; n <= 20'000; ++n) {
    const std::string symbol = "S" + std::to_string(random.below(16));
    queue.offer(queue_event(n, symbol));
    last[symbol] = n;
    if (random.below(8) != 0) continue;
    Delivery got;
    ASSERT_EQ(queue.take({&got, 1}), 1U);
    const std::string key(got.event.symbol.view());
    ASSERT_EQ(got.event.sequence, last.at(key));
    last.erase(key);
  }
  for (const Delivery& got : take_all(queue)) {
    EXPECT_EQ(got.event.sequence, last.at(std::string(got.event.symbol.view())));
  }
  EXPECT_EQ(queue.counts().dropped, 0U);
  expect_balanced(queue.counts());
}

TEST(EventQueueTest, BlockWaitsItsTimeThenCountsTheLoss) {
  EventQueue queue(
      {.policy = OverflowPolicy::block, .capacity = 1, .block_max = std::chrono::milliseconds(1)});
  queue.offer(queue_event(1));
  EXPECT_EQ(queue.offer(queue_event(2)), EventQueue::Offer::full);
  EventQueue::Waiting place{.event = queue_event(2)};
  queue.join_line(place);
  queue.wait_in_line(place);
  EXPECT_EQ(queue.counts().missed_untold, 1U);
  ASSERT_EQ(take_all(queue).size(), 1U);
  queue.offer(queue_event(3));
  const auto got = take_all(queue);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].missed, 1U);
  EXPECT_EQ(queue.counts().blocked, 1U);
  expect_balanced(queue.counts());
}

TEST(EventQueueTest, BlockedPublishersGoInInTheirOrder) {
  EventQueue queue(
      {.policy = OverflowPolicy::block, .capacity = 1, .block_max = std::chrono::minutes(1)});
  queue.offer(queue_event(1));
  EventQueue::Waiting second{.event = queue_event(2)};
  EventQueue::Waiting third{.event = queue_event(3)};
  queue.join_line(second);
  queue.join_line(third);
  EXPECT_EQ(queue.offer(queue_event(4)), EventQueue::Offer::full) << "nobody overtakes the line";
  const auto got = take_all(queue);
  ASSERT_EQ(got.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(got[i].event.sequence, i + 1);
  EXPECT_TRUE(second.over && third.over);
  queue.wait_in_line(second);  // at once
  expect_balanced(queue.counts());
}

TEST(EventQueueTest, AStuckSubscriberIsWaitedForOnce) {
  EventQueue queue(
      {.policy = OverflowPolicy::block, .capacity = 1, .block_max = std::chrono::milliseconds(1)});
  queue.offer(queue_event(1));
  EventQueue::Waiting second{.event = queue_event(2)};
  queue.join_line(second);
  queue.wait_in_line(second);
  for (std::uint64_t n = 3; n <= 10; ++n)
    EXPECT_EQ(queue.offer(queue_event(n)), EventQueue::Offer::lost);
  EventQueue::Waiting late{.event = queue_event(11)};
  queue.join_line(late);
  EXPECT_TRUE(late.over) << "it was offered before the subscriber was known to be stuck";
  EXPECT_EQ(queue.counts().blocked, 1U);
  EXPECT_EQ(queue.counts().dropped, 10U);
  expect_balanced(queue.counts());

  ASSERT_EQ(take_all(queue).size(), 1U);
  EXPECT_EQ(queue.offer(queue_event(12)), EventQueue::Offer::taken);
  EXPECT_EQ(queue.offer(queue_event(13)), EventQueue::Offer::full) << "worth a wait again";
  EXPECT_EQ(take_all(queue).at(0).missed, 10U);
  expect_balanced(queue.counts());
}

TEST(EventQueueTest, ThoseInLineBeforeAStuckSubscriberAreLostTogether) {
  EventQueue queue(
      {.policy = OverflowPolicy::block, .capacity = 1, .block_max = std::chrono::milliseconds(1)});
  queue.offer(queue_event(1));
  EventQueue::Waiting second{.event = queue_event(2)};
  EventQueue::Waiting third{.event = queue_event(3)};
  queue.join_line(second);
  queue.join_line(third);
  queue.wait_in_line(second);
  EXPECT_TRUE(third.over);
  queue.wait_in_line(third);  // at once, and not counted again
  EXPECT_EQ(queue.counts().dropped, 2U);
  EXPECT_EQ(queue.offer(queue_event(4)), EventQueue::Offer::lost);
  const auto got = take_all(queue);
  ASSERT_EQ(got.size(), 1U) << "nothing that was lost comes after all";
  queue.offer(queue_event(5));
  EXPECT_EQ(take_all(queue).at(0).missed, 3U);
  expect_balanced(queue.counts());
}

TEST(EventQueueTest, ASubscriberThatTakesIsSlowAndNotStuck) {
  EventQueue queue(
      {.policy = OverflowPolicy::block, .capacity = 1, .block_max = std::chrono::milliseconds(1)});
  queue.offer(queue_event(1));
  EventQueue::Waiting second{.event = queue_event(2)};
  EventQueue::Waiting third{.event = queue_event(3)};
  queue.join_line(second);
  queue.join_line(third);
  Delivery got;
  ASSERT_EQ(queue.take({&got, 1}), 1U);
  ASSERT_TRUE(second.over) << "admitted";
  queue.wait_in_line(third);
  EXPECT_EQ(queue.counts().dropped, 1U);
  EXPECT_EQ(queue.offer(queue_event(4)), EventQueue::Offer::full) << "the next one waits";
  expect_balanced(queue.counts());
}

TEST(EventQueueTest, ClosingFreesWhoeverWaits) {
  EventQueue queue(
      {.policy = OverflowPolicy::block, .capacity = 1, .block_max = std::chrono::hours(1)});
  queue.offer(queue_event(1));
  EventQueue::Waiting place{.event = queue_event(2)};
  queue.join_line(place);
  std::jthread publisher([&] { queue.wait_in_line(place); });
  queue.close();
  publisher.join();
  EXPECT_EQ(queue.offer(queue_event(3)), EventQueue::Offer::closed);
  EXPECT_EQ(take_all(queue).size(), 1U) << "what was queued can still be taken";
  Delivery none;
  EXPECT_EQ(queue.wait_take({&none, 1}, std::chrono::hours(1)), 0U) << "at once";
  expect_balanced(queue.counts());
}

}  // namespace
}  // namespace vortex
