#include "vortex/sim/simulated_link.hpp"

#include <string>

#include <gtest/gtest.h>

#include "vortex/runtime/sleep.hpp"
#include "vortex/runtime/task_group.hpp"

namespace vortex {
namespace {

using boost::asio::awaitable;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct LinkWorld {
  explicit LinkWorld(const SimulatedLinkOptions& options = {})
      : link(make_simulated_link(runtime, options)) {}

  std::int64_t elapsed_ms() const {
    return std::chrono::duration_cast<milliseconds>(clock.monotonic().time_since_epoch()).count();
  }
  Deadline within(Duration duration) const { return Deadline::after(clock.monotonic(), duration); }

  ManualClock clock{*parse_time("2025-06-04T15:00Z")};
  std::string log;  // what came, and when
  Runtime runtime{SimulatedTime{.clock = &clock}};
  SimulatedLink link;
};

std::string said(const Result<LinkEvent>& event) {
  if (!event) return std::string(to_string(event.error().error_class()));
  if (const auto* closed = std::get_if<LinkClosed>(&*event))
    return "closed-" + std::to_string(closed->code);
  return std::get<Frame>(*event).bytes;
}

// Sends "1", "2", …, ten milliseconds apart, then closes.
awaitable<void> send_numbers(LinkWorld* world, int count) {
  for (int i = 1; i <= count; ++i) {
    const auto sent =
        co_await world->link.server->send({.bytes = std::to_string(i)}, world->within(seconds(1)));
    if (!sent) {
      world->log += std::to_string(world->elapsed_ms()) + ":unsent-" + std::to_string(i) + " ";
      co_return;
    }
    (void)co_await sleep_for(world->runtime, milliseconds(10));
  }
  world->link.server->close(1000, "done");
}

awaitable<void> receive_all(LinkWorld* world, Duration patience) {
  for (;;) {
    const auto event = co_await world->link.client->receive(world->within(patience));
    world->log += std::to_string(world->elapsed_ms()) + ":" + said(event) + " ";
    if (!event || std::holds_alternative<LinkClosed>(*event)) co_return;
  }
}

awaitable<void> both_ways(LinkWorld* world, int count, Duration patience) {
  TaskGroup tasks(world->runtime);
  EXPECT_TRUE(tasks.spawn(receive_all(world, patience)));
  EXPECT_TRUE(tasks.spawn(send_numbers(world, count)));
  co_await tasks.join();
}

// What the client sees of `count` frames, with the moments left out unless asked for.
std::string seen(const SimulatedLinkOptions& options, int count, bool with_times = false) {
  LinkWorld world(options);
  world.runtime.run(both_ways(&world, count, seconds(2)));
  if (with_times) return world.log;
  std::string words;
  bool skip = true;
  for (const char c : world.log) {
    if (!skip) words += c;
    if (c == ':') skip = false;
    if (c == ' ') skip = true;
  }
  return words;
}

TEST(SimulatedLinkTest, FramesArriveLateInOrderAndThenTheEnd) {
  EXPECT_EQ(seen({}, 5), "1 2 3 4 5 closed-1000 ");
  EXPECT_EQ(seen({.latency_min = milliseconds(7), .latency_spread = Duration::zero()}, 3, true),
            "7:1 17:2 27:3 37:closed-1000 ");
}

TEST(SimulatedLinkTest, TheSameSeedGivesTheSameMoments) {
  const auto once = seen({.seed = 5}, 200, true);
  EXPECT_EQ(once, seen({.seed = 5}, 200, true));
  EXPECT_NE(once, seen({.seed = 6}, 200, true));
}

TEST(SimulatedLinkTest, ADroppedLinkBreaksForBoth) {
  EXPECT_EQ(seen({.faults = {{.frame = 3, .kind = LinkFaultKind::drop}}}, 5),
            "1 2 network unsent-4 ");
}

TEST(SimulatedLinkTest, ACutFrameIsTruncatedAndNeverHalfDelivered) {
  EXPECT_EQ(seen({.faults = {{.frame = 2, .kind = LinkFaultKind::cut}}}, 2), "1 truncated ");
}

TEST(SimulatedLinkTest, SilenceTellsNobody) {
  EXPECT_EQ(seen({.faults = {{.frame = 2, .kind = LinkFaultKind::silence}}}, 5), "1 deadline ");
  EXPECT_EQ(
      seen({.faults = {{.frame = 2, .kind = LinkFaultKind::silence, .length = milliseconds(25)}}},
           6),
      "1 5 6 closed-1000 ");
}

TEST(SimulatedLinkTest, ABurstComesAtOnce) {
  const SimulatedLinkOptions options{
      .latency_min = milliseconds(1),
      .latency_spread = Duration::zero(),
      .faults = {{.frame = 2, .kind = LinkFaultKind::burst, .length = milliseconds(50)}}};
  EXPECT_EQ(seen(options, 4, true), "1:1 60:2 60:3 60:4 60:closed-1000 ");
}

awaitable<void> fill(LinkWorld* world, int* sent) {
  for (;;) {
    const auto done = co_await world->link.server->send({.bytes = std::string(100, 'x')},
                                                        world->within(seconds(1)));
    if (!done) {
      world->log += to_string(done.error().error_class());
      co_return;
    }
    ++*sent;
  }
}

TEST(SimulatedLinkTest, ASlowReaderHoldsTheSenderBack) {
  LinkWorld world({.bytes_under_way_max = 1000});
  int sent = 0;
  world.runtime.run(fill(&world, &sent));
  EXPECT_EQ(sent, 10);
  EXPECT_EQ(world.log, "deadline");
}

awaitable<void> lose_the_peer(LinkWorld* world, bool by_drop) {
  EXPECT_TRUE(co_await world->link.client->send({.bytes = "hello"}, Deadline::never()));
  if (by_drop) {
    world->link.drop();
  } else {
    world->link.client.reset();
  }
  for (int i = 0; i < 3; ++i) {
    world->log += said(co_await world->link.server->receive(Deadline::never())) + " ";
  }
}

TEST(SimulatedLinkTest, AnEndThatGoesAwayIsABrokenLinkForGood) {
  for (const bool by_drop : {true, false}) {
    LinkWorld world;
    world.runtime.run(lose_the_peer(&world, by_drop));
    EXPECT_EQ(world.log, "hello network network ");
  }
}

awaitable<void> stop_a_reader(LinkWorld* world) {
  TaskGroup tasks(world->runtime);
  EXPECT_TRUE(tasks.spawn(receive_all(world, std::chrono::hours(1))));
  (void)co_await sleep_for(world->runtime, seconds(1));
  tasks.stop();
  co_await tasks.join();
  EXPECT_TRUE(co_await world->link.server->send({.bytes = "later"}, Deadline::never()));
  world->log += said(co_await world->link.client->receive(world->within(seconds(1))));
}

TEST(SimulatedLinkTest, ACancelledReceiveLeavesTheLinkGood) {
  LinkWorld world;
  world.runtime.run(stop_a_reader(&world));
  EXPECT_EQ(world.log, "1000:cancelled later");
}

}  // namespace
}  // namespace vortex
