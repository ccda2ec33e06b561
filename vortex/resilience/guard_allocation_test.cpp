// Fault H1 for Guard: every allocation fails once, and the guard is as it was before. The test
// program's operator new can be told to fail, and counts.
#include <cstdlib>
#include <memory>
#include <new>

#include <gtest/gtest.h>

#include "vortex/resilience/guard_for_test.hpp"

namespace vortex {
namespace {

// Counts while armed; at zero an allocation fails.
thread_local bool allocations_armed = false;
thread_local std::int64_t allocations_seen = 0;
thread_local std::int64_t allocations_left = 0;

void* allocate_or_fail(std::size_t size) {
  if (allocations_armed) {
    ++allocations_seen;
    if (allocations_left-- == 0) {
      allocations_armed = false;
      throw std::bad_alloc();
    }
  }
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace
}  // namespace vortex

void* operator new(std::size_t size) {
  return vortex::allocate_or_fail(size);
}
void* operator new[](std::size_t size) {
  return vortex::allocate_or_fail(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr std::int64_t kNever = 1'000'000;

// Runs `work` with the n-th allocation failing, n = 0, 1, 2 … until it runs untouched. `sound`
// looks at the world after each failure. How often it failed.
template <class Setup, class Work, class Sound>
int fail_each_allocation(Setup setup, Work work, Sound sound) {
  for (int n = 0;; ++n) {
    auto world = setup();
    allocations_left = n;
    allocations_armed = true;
    bool failed = false;
    try {
      work(*world);
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    allocations_armed = false;
    if (!failed) return n;
    sound(*world);
  }
}

LeaseRefusal refusal_with_long_rule(const GuardWorld& world) {
  return {.code = ErrorCode::quota_exhausted,
          .rule = "a rule whose name is longer than a small string holds",
          .until = world.now.elapsed + 1h,
          .until_calendar = world.now.calendar + 1h};
}

std::unique_ptr<GuardWorld> leased_world() {
  auto world = std::make_unique<GuardWorld>(GuardOptions{.name = "a provider with a long name"});
  world->grant(10);
  return world;
}

void expect_untouched(GuardWorld& world) {
  EXPECT_EQ(world.guard.in_flight(), 0);
  EXPECT_EQ(world.guard.snapshot(world.now).permits_left, 10);
  EXPECT_FALSE(world.guard.snapshot(world.now).closed);
  EXPECT_TRUE(world.call(Verdict::success));
}

TEST(GuardAllocationTest, H1NothingIsAllocatedWhileCallsAreLetInAndOut) {
  auto world = leased_world();
  Random random(1);
  const Error error{.code = ErrorCode::server, .message = "x"};
  allocations_seen = 0;
  allocations_left = kNever;
  allocations_armed = true;
  for (int i = 0; i < 100; ++i) {
    world->grant(10);
    world->guard.on_call();
    world->call(static_cast<Verdict>(i % 4));
    world->guard.note_quality(i % 3 == 0, world->now);
    (void)world->guard.retry_delay(error, 1, world->now, Monotonic{1h}, random);
    {
      const Admission dropped = world->guard.try_enter(world->now);
    }
    (void)world->guard.unused(world->now);
    world->now = guard_now(i * 7s);
  }
  allocations_armed = false;
  EXPECT_EQ(allocations_seen, 0);
  EXPECT_GT(world->guard.transitions_total(), 3u) << "the way through the open breaker too";
}

TEST(GuardAllocationTest, H1ARefusedLeaseThatCannotBeRememberedLeavesTheGuardAsItWas) {
  const int failed = fail_each_allocation(
      leased_world,
      [](GuardWorld& world) {
        const Lease lease{.refusal = refusal_with_long_rule(world)};
        world.guard.accept(lease, world.now);
      },
      expect_untouched);
  EXPECT_GE(failed, 2);
}

TEST(GuardAllocationTest, H1APauseThatCannotBeRememberedLeavesTheGuardAsItWas) {
  const int failed = fail_each_allocation(
      leased_world,
      [](GuardWorld& world) { world.guard.close_until(refusal_with_long_rule(world)); },
      expect_untouched);
  EXPECT_GE(failed, 1);
}

TEST(GuardAllocationTest, H1AnEarlierPauseSurvivesOneThatCannotBeRemembered) {
  fail_each_allocation(
      [] {
        auto world = leased_world();
        world->guard.close_until({.rule = "first", .until = Monotonic{10s}});
        return world;
      },
      [](GuardWorld& world) { world.guard.close_until(refusal_with_long_rule(world)); },
      [](GuardWorld& world) {
        EXPECT_EQ(world.guard.snapshot(world.now).closed->rule, "first");
        EXPECT_FALSE(world.call(Verdict::success));
      });
}

TEST(GuardAllocationTest, H1ErrorsAndSnapshotsThatFailChangeNothing) {
  const int failed = fail_each_allocation(
      [] {
        auto world = std::make_unique<GuardWorld>();
        world->open();
        return world;
      },
      [](GuardWorld& world) {
        const Refusal refusal = world.guard.try_enter(world.now).error();
        (void)world.guard.to_error(refusal, world.now);
        (void)world.guard.snapshot(world.now);
        (void)world.guard.transitions_since(0);
      },
      [](GuardWorld& world) {
        EXPECT_EQ(world.guard.state(), BreakerState::open);
        world.now = guard_now(60s);
        EXPECT_TRUE(world.call(Verdict::success));
      });
  EXPECT_GE(failed, 3);
}

TEST(GuardAllocationTest, H1AGuardThatCannotBeMadeLeavesNothingBehind) {
  const int failed = fail_each_allocation(
      [] { return std::make_unique<std::optional<Guard>>(); },
      [](std::optional<Guard>& guard) {
        GuardOptions options{.name = "a provider with a name that is not small"};
        guard.emplace(options);
      },
      [](std::optional<Guard>& guard) { EXPECT_FALSE(guard.has_value()); });
  EXPECT_GE(failed, 2);
}

}  // namespace
}  // namespace vortex
