#include "vortex/engine/sqlite_ledger.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vortex/base/random.hpp"
#include "vortex/store/lock_file.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

class LedgerWorld {
 public:
  LedgerWorld() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "vortex-ledger-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  LedgerWorld(const LedgerWorld&) = delete;
  LedgerWorld& operator=(const LedgerWorld&) = delete;
  ~LedgerWorld() { std::filesystem::remove_all(path_); }

  std::unique_ptr<SqliteLedger> open(const std::string& holder = "one",
                                     const std::string& boot = "boot") {
    auto ledger = SqliteLedger::open(
        path_, clock, {.db = {.wait_max = 5ms}, .process = {.boot = boot, .holder = holder}});
    EXPECT_TRUE(ledger) << ledger.error().message;
    return ledger ? std::move(*ledger) : nullptr;
  }
  Now now() const { return {.elapsed = clock.monotonic(), .calendar = clock.now()}; }
  const std::string& path() const { return path_; }

  ManualClock clock{*parse_time("2024-03-08T12:00:00Z")};

 private:
  std::string path_;
};

const AccountLimits kDaily{.rolling = {{.count = 20, .length = 1min}}, .days = {{.count = 30}}};

TEST(SqliteLedgerTest, ARestartKeepsTheAllowance) {
  LedgerWorld world;
  EXPECT_EQ(world.open()->lease("a", kDaily, {.permits = 50}, world.now())->permits, 20);
  world.clock.advance(1min);
  EXPECT_EQ(world.open()->lease("a", kDaily, {.permits = 50}, world.now())->permits, 10);
  const auto ledger = world.open();
  const Lease refused = *ledger->lease("a", kDaily, {.permits = 50}, world.now());
  EXPECT_EQ(refused.refusal->code, ErrorCode::quota_exhausted);
  EXPECT_EQ(ledger->lease("other", kDaily, {.permits = 50}, world.now())->permits, 20);
  EXPECT_EQ(ledger->use("a", kDaily, world.now())->allowances[1].used, 30);
}

TEST(SqliteLedgerTest, TwoProcessesShareOneAllowance) {
  LedgerWorld world;
  const auto one = world.open("one");
  const auto two = world.open("two");
  const Lease first = *one->lease("a", kDaily, {.permits = 15}, world.now());
  EXPECT_EQ(two->lease("a", kDaily, {.permits = 15}, world.now())->permits, 5);
  EXPECT_TRUE(one->give_back("a", first.id, 4, 0, world.now()));
  EXPECT_EQ(two->lease("a", kDaily, {.permits = 15}, world.now())->permits, 4);
  EXPECT_TRUE(two->close_until("a", {.rule = "429", .until = Monotonic{5min}}, world.now()));
  world.clock.advance(2min);
  EXPECT_EQ(one->lease("a", kDaily, {}, world.now())->refusal->rule, "429");
}

TEST(SqliteLedgerTest, B6TheProvidersCountHoldsForAllProcesses) {
  LedgerWorld world;
  EXPECT_TRUE(
      world.open()->correct("a", kDaily, {.limit = 30, .remaining = 2, .reset = 6h}, world.now()));
  const auto other = world.open("two");
  EXPECT_EQ(other->lease("a", kDaily, {.permits = 9}, world.now())->permits, 2);
  EXPECT_EQ(other->use("a", kDaily, world.now())->foreign_use, 28);
}

TEST(SqliteLedgerTest, AnotherBootWaitsOneWindowAndKeepsTheDay) {
  LedgerWorld world;
  EXPECT_EQ(world.open()->lease("a", kDaily, {.permits = 20}, world.now())->permits, 20);
  world.clock.advance(10min);
  const auto next = world.open("one", "another boot");
  EXPECT_EQ(next->lease("a", kDaily, {.permits = 20}, world.now())->permits, 0);
  world.clock.advance(1min);
  EXPECT_EQ(next->lease("a", kDaily, {.permits = 20}, world.now())->permits, 10);
}

// K1: what cannot be written is refused, and a closed account stays closed.
TEST(SqliteLedgerTest, K1WithoutTheFileNothingIsGuessed) {
  LedgerWorld world;
  const auto ledger = world.open();
  {
    LockFile lock = *LockFile::open(world.path() + "/quota.db.lock", 1s);
    const auto hold = lock.hold_alone();
    EXPECT_EQ(ledger->lease("a", kDaily, {}, world.now()).error().code, ErrorCode::storage);
    const LeaseRefusal closing{
        .code = ErrorCode::quota_exhausted, .rule = "25 a day", .until = Monotonic{1h}};
    EXPECT_FALSE(ledger->close_until("a", closing, world.now()));
  }
  const Lease refused = *ledger->lease("a", kDaily, {}, world.now());
  ASSERT_TRUE(refused.refusal);
  EXPECT_EQ(refused.refusal->rule, "25 a day");
  EXPECT_EQ(world.open("two")->lease("a", kDaily, {}, world.now())->refusal->rule, "25 a day");
}

// Of accounts there is nothing to give up, unlike of the log.
TEST(SqliteLedgerTest, K1AFullDiskRefusesAndForgetsNothing) {
  LedgerWorld world;
  auto small =
      *SqliteLedger::open(world.path(), world.clock,
                          {.db = {.pages_max = 9}, .process = {.boot = "boot", .holder = "one"}});
  const AccountLimits many{.rolling = {{.count = 10'000, .length = 1h}}};
  const auto account = [](int number) {
    return fmt::format("account {}", number);
  };
  int accounts = 0;
  Result<Lease> lease = Lease{};
  while (accounts < 2000) {
    lease = small->lease(account(accounts), many, {.permits = 3}, world.now());
    if (!lease) break;
    ++accounts;
  }
  ASSERT_FALSE(lease);
  EXPECT_EQ(lease.error().code, ErrorCode::disk_full);
  ASSERT_GT(accounts, 0);
  const auto other = world.open("two");
  for (int i = 0; i <= accounts; ++i) {
    EXPECT_EQ(other->use(account(i), many, world.now())->allowances[0].used, i < accounts ? 3 : 0);
  }
}

TEST(SqliteLedgerTest, AfterDamageEverythingCountsAsUsed) {
  LedgerWorld world;
  const auto running = world.open("running");
  EXPECT_EQ(running->lease("a", kDaily, {.permits = 1}, world.now())->permits, 1);
  std::filesystem::remove(world.path() + "/quota.db-wal");
  std::filesystem::remove(world.path() + "/quota.db-shm");
  std::ofstream(world.path() + "/quota.db", std::ios::trunc) << std::string(9000, '?');
  const auto ledger = world.open();
  EXPECT_EQ(ledger->take_notes().size(), 1u);
  EXPECT_EQ(ledger->lease("a", kDaily, {}, world.now())->refusal->code, ErrorCode::quota_exhausted);
  EXPECT_EQ(running->lease("a", kDaily, {}, world.now())->refusal->code,
            ErrorCode::quota_exhausted);
  world.clock.advance(12h);
  EXPECT_EQ(running->lease("a", kDaily, {}, world.now())->permits, 1);
  world.clock.advance(72h);
  EXPECT_EQ(running->lease("new", kDaily, {}, world.now())->permits, 1);
}

// H3, H9: a process is killed at any moment; whatever it was told it may use is counted.
TEST(SqliteLedgerTest, H3H9WhatAKilledProcessHeldIsCounted) {
  LedgerWorld world;
  const AccountLimits limits{.days = {{.count = 100'000}}};
  Random random(11);
  std::int64_t told = 0;
  for (int round = 0; round < 12; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto ledger = world.open("child");
      while (true) {
        const auto lease = ledger->lease("a", limits, {.permits = 7}, world.now());
        const char permits = lease ? static_cast<char>(lease->permits) : '\0';
        if (::write(ends[1], &permits, 1) != 1) std::_Exit(1);
      }
    }
    ::close(ends[1]);
    const std::uint64_t leases = 1 + random.below(40);
    char permits = 0;
    std::uint64_t seen = 0;
    while (seen < leases && ::read(ends[0], &permits, 1) == 1) {
      ++seen;
      told += permits;
    }
    EXPECT_EQ(::kill(child, SIGKILL), 0);
    EXPECT_EQ(::waitpid(child, nullptr, 0), child);
    while (::read(ends[0], &permits, 1) == 1) told += permits;
    ::close(ends[0]);
    EXPECT_EQ(seen, leases);
    const std::int64_t used = world.open()->use("a", limits, world.now())->allowances[0].used;
    EXPECT_GE(used, told);
    EXPECT_LE(used, told + 7L * (round + 1));  // at most the lease that nobody heard of
  }
}

// Two engines of one process are told apart, though the process is one.
TEST(SqliteLedgerTest, EachLedgerOfAProcessHoldsItsOwnPlaces) {
  LedgerWorld world;
  const AccountLimits limits{.rolling = {{.count = 1000, .length = 1min}}, .concurrent = 3};
  const auto one = world.open("process");
  const auto two = world.open("process");
  const LeaseRequest wants_two{.permits = 1, .places_held = 0, .places_wanted = 2};
  const LeaseRequest wants_one{.permits = 1, .places_held = 0, .places_wanted = 1};
  EXPECT_EQ(one->lease("a", limits, wants_two, world.now())->places, 2);
  EXPECT_EQ(two->lease("a", limits, wants_one, world.now())->places, 1);
  EXPECT_EQ(two->use("a", limits, world.now())->places_held, 3);
  EXPECT_TRUE(two->give_back("a", 0, 0, 0, world.now()));
  EXPECT_EQ(two->use("a", limits, world.now())->places_held, 2);
}

// Its process lives on, so nobody else could tell that the places are free.
TEST(SqliteLedgerTest, ALedgerThatEndsLeavesItsPlaces) {
  LedgerWorld world;
  const AccountLimits limits{.rolling = {{.count = 1000, .length = 1min}}, .concurrent = 3};
  const LeaseRequest wants_two{.permits = 1, .places_held = 0, .places_wanted = 2};
  const auto other = world.open("process");
  EXPECT_EQ(world.open("process")->lease("a", limits, wants_two, world.now())->places, 2);
  EXPECT_EQ(other->use("a", limits, world.now())->places_held, 0);
}

// The step is taken twice, the lease once.
TEST(SqliteLedgerTest, ALeaseThatMadeRoomInAFullFileCountsOnce) {
  LedgerWorld world;
  auto small =
      *SqliteLedger::open(world.path(), world.clock,
                          {.db = {.pages_max = 24}, .process = {.boot = "boot", .holder = "one"}});
  const AccountLimits limits{.rolling = {{.count = 100'000, .length = 5s}}};
  std::int64_t got = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string account = i % 2 == 0 ? "a" : "b";
    const auto lease = small->lease(account, limits, {.permits = 3}, world.now());
    ASSERT_TRUE(lease) << i << ": " << lease.error().message;
    got += lease->permits;
  }
  EXPECT_FALSE(small->take_notes().empty());  // it was full at least once
  std::int64_t used = 0;
  for (const char* account : {"a", "b"}) {
    used += small->use(account, limits, world.now())->allowances[0].used;
  }
  EXPECT_EQ(used, got);
}

TEST(SqliteLedgerTest, AnOddStateDirIsNamed) {
  LedgerWorld world;
  std::filesystem::create_symlink(world.path() + "/nowhere", world.path() + "/dangling");
  const auto refused = SqliteLedger::open(world.path() + "/dangling/state", world.clock);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error_class(), ErrorClass::storage);
  EXPECT_TRUE(refused.error().message.starts_with("state_dir: ")) << refused.error().message;
  EXPECT_EQ(refused.error().next_step(),
            "set state_dir to a directory of yours, or mend its permissions");
}

TEST(ProcessIdentityTest, TellsTheLivingFromTheDead) {
  const ProcessIdentity me = this_process();
  EXPECT_TRUE(is_process_alive(me.holder));
  EXPECT_TRUE(is_process_alive(me.holder + ":7"));  // the seventh ledger of this process
  EXPECT_FALSE(is_process_alive(me.holder + "x"));  // another boot
  EXPECT_FALSE(is_process_alive(me.holder + "x:7"));
  EXPECT_FALSE(is_process_alive("1:1:" + me.boot));  // the number came again
  EXPECT_FALSE(is_process_alive("../1:1:" + me.boot));
  EXPECT_FALSE(is_process_alive(""));
  const auto child = ::fork();
  if (child == 0) std::_Exit(0);
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);  // still in the table
  std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
  std::string field;
  for (int i = 0; i < 22; ++i) stat >> field;
  EXPECT_FALSE(is_process_alive(std::to_string(child) + ":" + field + ":" + me.boot));
  ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace vortex
