#include "vortex/resilience/memory_ledger.hpp"

#include <gtest/gtest.h>

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

TEST(MemoryLedgerTest, ProcessesShareAnAccountAndTheLogKnowsAllLeases) {
  const auto accounts = std::make_shared<MemoryAccounts>();
  accounts->keep_log = true;
  MemoryLedger one(accounts, "one");
  MemoryLedger two(accounts, "two");
  const AccountLimits limits{.rolling = {{.count = 5, .length = 1s}}};
  const Now now{.elapsed = Monotonic{1s}, .calendar = *parse_time("2024-01-02T00:00:00Z")};
  const Lease first = *one.lease("yahoo", limits, {.permits = 3}, now);
  EXPECT_EQ(two.lease("yahoo", limits, {.permits = 3}, now)->permits, 2);
  EXPECT_EQ(two.lease("other", limits, {.permits = 3}, now)->permits, 3);
  EXPECT_TRUE(one.give_back("yahoo", first.id, 2, 0, now));
  EXPECT_EQ(two.use("yahoo", limits, now)->allowances[0].used, 3);
  ASSERT_EQ(accounts->log.size(), 3u);
  EXPECT_EQ(accounts->log[0].holder, "one");
  EXPECT_EQ(accounts->log[0].returned, 2);
  EXPECT_TRUE(two.close_until("yahoo", {.rule = "429", .until = Monotonic{9s}}, now));
  EXPECT_EQ(one.lease("yahoo", limits, {}, now)->refusal->until, Monotonic{9s});
}

}  // namespace
}  // namespace vortex
