// A disk that is full, broken, interrupted, read-only or gone, at every call: a typed error or
// none, and the last version intact.
#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fmt/core.h>
#include <gmock/gmock.h>

#include "vortex/base/fault_record_for_test.hpp"

#include "crash_scenarios.hpp"
#include "disk_calls.hpp"

namespace vortex::store_test {
namespace {

class DiskErrorTest : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override { prepared_ = std::make_unique<Prepared>(scenarios()[GetParam()]); }

  // Runs the scenario with a fault at call 1, 2, 3 …, as `plan` says, and hands each outcome on;
  // returns how often the fault was met.
  template <class Judge>
  int at_every_call(DiskPlan plan, const Judge& judge) {
    for (plan.at = 1; !HasFailure(); ++plan.at) {
      const auto directory = prepared_->copy();
      plan.directory = directory->path();
      std::size_t acknowledged = 0;
      Result<void> done;
      std::string met;
      {
        const DiskWatch watch(plan);
        done = prepared_->run(directory->path(), 0, [&](std::size_t k) { acknowledged = k; });
        if (!watch.fired()) return plan.at - 1;
        met = fmt::format("call {}: {}", plan.at, watch.met());
      }
      SCOPED_TRACE(prepared_->scenario().name + ", " + met);
      judge(done);
      prepared_->check(directory->path(), acknowledged, met);
    }
    return plan.at - 1;
  }

  std::unique_ptr<Prepared> prepared_;
};

void expect_code(const Result<void>& done, ErrorCode code) {
  if (done) return;  // what was hit is not needed, or not at once
  EXPECT_EQ(done.error().code, code) << done.error().to_line();
}

TEST_P(DiskErrorTest, G1AFullDiskAtEveryCallLeavesTheLastVersion) {
  for (const bool for_ever : {false, true}) {
    const int fired =
        at_every_call({.failure = DiskFailure::error, .for_ever = for_ever, .error_number = ENOSPC},
                      [](const Result<void>& done) { expect_code(done, ErrorCode::disk_full); });
    EXPECT_GT(fired, 10);
    test::fault_fired("G1", fired);
  }
}

TEST_P(DiskErrorTest, G2ABrokenDiskAtEveryWriteLeavesTheLastVersion) {
  for (const bool for_ever : {false, true}) {
    const int fired =
        at_every_call({.failure = DiskFailure::error, .for_ever = for_ever, .error_number = EIO},
                      [](const Result<void>& done) { expect_code(done, ErrorCode::storage); });
    EXPECT_GT(fired, 10);
    test::fault_fired("G2", fired);
  }
}

TEST_P(DiskErrorTest, G2ABrokenDiskAtEveryReadIsAnErrorOfTheDiskNotDamage) {
  for (const bool for_ever : {false, true}) {
    const int fired =
        at_every_call({.failure = DiskFailure::error,
                       .for_ever = for_ever,
                       .error_number = EIO,
                       .write_side = false,
                       .read_side = true},
                      [](const Result<void>& done) { expect_code(done, ErrorCode::storage); });
    EXPECT_GT(fired, 10);
    test::fault_fired("G2", fired);
  }
}

TEST_P(DiskErrorTest, G3ShortWritesAndInterruptionsGoUnnoticed) {
  const auto unnoticed = [](const Result<void>& done) {
    EXPECT_TRUE(done.has_value()) << done.error().to_line();
  };
  int fired = at_every_call({.failure = DiskFailure::short_write}, unnoticed);
  fired += at_every_call({.failure = DiskFailure::short_write, .for_ever = true}, unnoticed);
  fired += at_every_call({.failure = DiskFailure::interrupt, .read_side = true}, unnoticed);
  test::fault_fired("G3", fired);
}

TEST_P(DiskErrorTest, G10ADiskThatTurnsReadOnlyIsAnErrorAndStillRead) {
  for (const int error : {EROFS, EACCES}) {
    const auto directory = prepared_->copy();
    {
      const DiskWatch watch({.directory = directory->path(),
                             .failure = DiskFailure::error,
                             .at = 1,
                             .for_ever = true,
                             .error_number = error});
      const auto done = prepared_->run(directory->path(), 0);
      ASSERT_FALSE(done.has_value());
      EXPECT_EQ(done.error().code, ErrorCode::storage);
      EXPECT_EQ(content_of(directory->path()), prepared_->content(0));
    }
    prepared_->check(directory->path(), 0, "read-only for a while");
  }
}

TEST_P(DiskErrorTest, G10ADatasetThatIsGoneIsAnErrorAndNotMadeAnewInPart) {
  const auto directory = prepared_->copy();
  const Scenario& scenario = prepared_->scenario();
  if (scenario.before.empty()) return;
  const ManualClock clock(day(200));
  auto dataset = Dataset::open(directory->path(), clock);
  ASSERT_TRUE(dataset.has_value());
  EXPECT_TRUE(dataset->all_states().has_value());
  std::filesystem::rename(directory->path(), directory->path("moved"));
  for (const Step& step : scenario.steps) {
    const auto done = step.act(*dataset);
    ASSERT_FALSE(done.has_value()) << step.name;
    EXPECT_EQ(done.error().code, ErrorCode::storage) << done.error().to_line();
  }
  std::filesystem::remove_all(directory->path() + "/raw");
  std::filesystem::remove_all(directory->path() + "/bars");
  EXPECT_FALSE(std::filesystem::exists(directory->path() + "/captures"));
  prepared_->check(directory->path("moved"), 0, "moved away");
}

std::string name_of(const testing::TestParamInfo<std::size_t>& info) {
  std::string name = scenarios()[info.param].name;
  std::erase_if(name, [](char c) { return c == ' '; });
  return name;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, DiskErrorTest,
                         testing::Range(std::size_t{0}, scenarios().size()), name_of);

}  // namespace
}  // namespace vortex::store_test
