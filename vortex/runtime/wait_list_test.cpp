#include "vortex/runtime/wait_list.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "vortex/runtime/sleep.hpp"
#include "vortex/runtime/task_group.hpp"

namespace vortex {
namespace {

using boost::asio::awaitable;
using std::chrono::milliseconds;

// Both times: what holds must hold in each.
class WaitListTest : public testing::TestWithParam<bool> {
 protected:
  WaitListTest() {
    if (GetParam()) {
      runtime_ = std::make_unique<Runtime>(SimulatedTime{.clock = &manual_});
    } else {
      runtime_ = std::make_unique<Runtime>(system_, 1);
    }
  }
  SystemClock system_;
  ManualClock manual_{TimePoint{}};
  std::unique_ptr<Runtime> runtime_;
};

INSTANTIATE_TEST_SUITE_P(Times, WaitListTest, testing::Values(false, true), [](const auto& param) {
  return std::string(param.param ? "Simulated" : "Real");
});

char letter(Wake wake) {
  return wake == Wake::woken ? 'w' : wake == Wake::timed_out ? 't' : 'c';
}

awaitable<void> wait_once(WaitList* list, Deadline until, std::string* ends) {
  const Wake wake = co_await list->wait(until);
  *ends += letter(wake);
}

awaitable<void> wake_in_turn(Runtime* runtime, std::string* ends) {
  WaitList list(*runtime);
  TaskGroup tasks(*runtime);
  const Deadline soon = Deadline::after(runtime->clock().monotonic(), milliseconds(1));
  EXPECT_TRUE(tasks.spawn(wait_once(&list, Deadline::never(), ends)));
  EXPECT_TRUE(tasks.spawn(wait_once(&list, soon, ends)));
  EXPECT_TRUE(tasks.spawn(wait_once(&list, Deadline::never(), ends)));
  while (list.waiting() < 3) (void)co_await sleep_for(*runtime, Duration::zero());
  list.wake_one();
  EXPECT_EQ(list.waiting(), 2U);
  while (list.waiting() > 1) (void)co_await sleep_for(*runtime, milliseconds(1));
  list.wake_all();
  list.wake_all();
  list.wake_one();
  co_await tasks.join();
}

TEST_P(WaitListTest, WakesInOrderAndByTime) {
  std::string ends;
  runtime_->run(wake_in_turn(runtime_.get(), &ends));
  EXPECT_EQ(ends, "wtw");
}

awaitable<void> stop_those_who_wait(Runtime* runtime, std::string* ends) {
  WaitList list(*runtime);
  TaskGroup tasks(*runtime);
  const Deadline far = Deadline::after(runtime->clock().monotonic(), std::chrono::hours(1));
  EXPECT_TRUE(tasks.spawn(wait_once(&list, Deadline::never(), ends)));
  EXPECT_TRUE(tasks.spawn(wait_once(&list, far, ends)));
  while (list.waiting() < 2) (void)co_await sleep_for(*runtime, Duration::zero());
  EXPECT_TRUE(tasks.spawn(wait_once(&list, far, ends)));  // cancelled before it waits
  list.wake_one();                                        // and the first is cancelled after
  tasks.stop();
  tasks.stop();
  EXPECT_EQ(list.waiting(), 0U);
  co_await tasks.join();
}

TEST_P(WaitListTest, CancellationEndsAWaitAndAWakeBeforeItCounts) {
  std::string ends;
  runtime_->run(stop_those_who_wait(runtime_.get(), &ends));
  std::ranges::sort(ends);
  EXPECT_EQ(ends, "ccw");
}

awaitable<void> hold_list(Runtime* runtime, std::string* ends) {
  TaskGroup tasks(*runtime);
  {
    WaitList list(*runtime);
    EXPECT_TRUE(tasks.spawn(wait_once(&list, Deadline::never(), ends)));
    while (list.waiting() < 1) (void)co_await sleep_for(*runtime, Duration::zero());
  }
  co_await tasks.join();
}

TEST_P(WaitListTest, AListThatGoesTellsWhoStillWaits) {
  std::string ends;
  runtime_->run(hold_list(runtime_.get(), &ends));
  EXPECT_EQ(ends, "c");
}

}  // namespace
}  // namespace vortex
