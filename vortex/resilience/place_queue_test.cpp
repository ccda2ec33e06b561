#include "vortex/resilience/place_queue.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "vortex/resilience/quota_book.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

// Processes that always have a call to make; each call takes a while, and each process tells the
// ledger what it holds when it asks for more.
class PlaceWorld {
 public:
  PlaceWorld(int processes, int places) : places_(places) {
    for (int i = 0; i < processes; ++i) processes_.push_back({.id = std::to_string(i)});
  }

  void run(Duration length, Duration call, int wanted_each) {
    for (Duration end = now_ + length; now_ < end; now_ += 5ms) {
      for (Process& process : processes_) turn(process, call, wanted_each);
    }
  }

  std::vector<int> calls_begun() const {
    std::vector<int> out;
    out.reserve(processes_.size());
    for (const Process& process : processes_) out.push_back(process.begun);
    return out;
  }
  int most_at_once() const { return most_; }

 private:
  struct Process {
    std::string id;
    std::vector<Duration> ends;  // of the calls in flight
    int begun = 0;
  };

  void turn(Process& process, Duration call, int wanted_each) {
    std::erase_if(process.ends, [&](Duration end) { return end <= now_; });
    const int held = static_cast<int>(process.ends.size());
    const PlaceQueue::Ask ask{
        .held = held, .wanted = std::max(held, wanted_each), .places = places_};
    const int may = queue_.ask({.id = process.id, .is_alive = {}}, ask, Monotonic{now_});
    EXPECT_LE(may, places_);
    while (static_cast<int>(process.ends.size()) < may) {
      process.ends.push_back(now_ + call);
      ++process.begun;
    }
    int in_flight = 0;
    for (const Process& one : processes_) in_flight += static_cast<int>(one.ends.size());
    most_ = std::max(most_, in_flight);
  }

  int places_;
  PlaceQueue queue_;
  std::vector<Process> processes_;
  Duration now_{};
  int most_ = 0;
};

TEST(PlaceQueueTest, OneAloneHasThemAll) {
  PlaceQueue queue;
  EXPECT_EQ(queue.ask({.id = "a", .is_alive = {}}, {.held = 0, .wanted = 9, .places = 4}, {}), 4);
  EXPECT_EQ(queue.held_by_all(), 4);
}

TEST(PlaceQueueTest, NeverMoreAtOnceThanThereAreAndNobodyStarves) {
  for (const int processes : {2, 3, 4, 5, 7, 20}) {
    for (const int places : {1, 2, 4, 5}) {
      for (const Duration call : {Duration(10ms), Duration(400ms)}) {
        PlaceWorld world(processes, places);
        world.run(20s, call, 3);
        EXPECT_LE(world.most_at_once(), places);
        const auto begun = world.calls_begun();
        EXPECT_GT(std::ranges::min(begun), 0)
            << processes << " processes, " << places << " places, " << call.count() << " us";
      }
    }
  }
}

TEST(PlaceQueueTest, WhoWantsLessLeavesItToOthers) {
  PlaceQueue queue;
  const LedgerHolder a{.id = "a", .is_alive = {}};
  const LedgerHolder b{.id = "b", .is_alive = {}};
  EXPECT_EQ(queue.ask(a, {.held = 0, .wanted = 1, .places = 4}, {}), 1);
  EXPECT_EQ(queue.ask(b, {.held = 0, .wanted = 3, .places = 4}, {}), 3);
}

TEST(PlaceQueueTest, H9PlacesOfTheDeadAreFreeAfterASecond) {
  PlaceQueue queue;
  const LedgerHolder dead{.id = "dead", .is_alive = {}};
  const LedgerHolder alive{.id = "alive", .is_alive = [](const std::string& id) {
                             return id != "dead";
                           }};
  const PlaceQueue::Ask ask{.held = 0, .wanted = 2, .places = 2};
  EXPECT_EQ(queue.ask(dead, ask, Monotonic{0s}), 2);
  EXPECT_EQ(queue.ask(alive, ask, Monotonic{500ms}), 0);
  EXPECT_EQ(queue.ask(alive, ask, Monotonic{1s}), 2);
}

TEST(PlaceQueueTest, ASlowCallOfALivingProcessKeepsItsPlace) {
  PlaceQueue queue;
  const auto everybody_lives = [](const std::string&) {
    return true;
  };
  const PlaceQueue::Ask ask{.held = 0, .wanted = 1, .places = 1};
  EXPECT_EQ(queue.ask({.id = "slow", .is_alive = everybody_lives}, ask, Monotonic{0s}), 1);
  EXPECT_EQ(queue.ask({.id = "next", .is_alive = everybody_lives}, ask, Monotonic{30s}), 0);
  EXPECT_EQ(queue.ask({.id = "next", .is_alive = everybody_lives}, ask, Monotonic{11min}), 1);
}

TEST(QuotaBookTest, WithoutAPlaceThereIsNoPermit) {
  const AccountLimits limits{.rolling = {{.count = 50, .length = 1min}}, .concurrent = 1};
  QuotaBook book("boot");
  const auto moment = [](Duration elapsed) {
    return Now{.elapsed = Monotonic{elapsed}, .calendar = TimePoint{elapsed}};
  };
  const LedgerHolder one{.id = "one", .is_alive = {}};
  const LedgerHolder two{.id = "two", .is_alive = {}};
  EXPECT_EQ(book.lease(limits, {.permits = 5}, one, moment(0s)).places, 1);
  const Lease refused = book.lease(limits, {.permits = 5}, two, moment(1ms));
  EXPECT_EQ(refused.permits, 0);
  EXPECT_EQ(refused.refusal->code, ErrorCode::bulkhead_full);
  book.hold_places("one", 0, moment(2ms));
  EXPECT_EQ(book.lease(limits, {.permits = 5}, two, moment(3ms)).permits, 5);
  EXPECT_EQ(book.use(limits, moment(3ms)).places_held, 1);
}

}  // namespace
}  // namespace vortex
