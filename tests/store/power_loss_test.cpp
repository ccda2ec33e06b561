// The power fails at every call of a scenario, and what was not synced is lost, comes in another
// order, or comes in part; also after a crash, and after an fsync that failed.
#include <set>

#include <fmt/core.h>
#include <gmock/gmock.h>

#include "vortex/base/fault_record_for_test.hpp"

#include "crash_model.hpp"
#include "crash_scenarios.hpp"
#include "disk_calls.hpp"

namespace vortex::store_test {
namespace {

// What a process did in its directory, and after how many of the calls each step was acknowledged.
struct History {
  std::vector<DiskCall> calls;
  std::vector<std::size_t> acknowledged_at;

  std::size_t acknowledged(std::size_t calls_done) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(acknowledged_at, [&](std::size_t at) { return at <= calls_done; }));
  }
};

class PowerLossTest : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override { prepared_ = std::make_unique<Prepared>(scenarios()[GetParam()]); }

  // Checks the states that a loss of power may leave, each of them once.
  void check(const CrashModel& model, const std::vector<CrashChoice>& choices,
             std::size_t acknowledged, const std::string& told) {
    for (const CrashChoice& choice : choices) {
      if (HasFailure()) return;
      const DiskImage image = model.after_crash(choice);
      if (!seen_.insert({acknowledged, image}).second) continue;
      const TempDirectory after;
      write_image(image, after.path(""));
      prepared_->check(after.path(), acknowledged, told + ", " + to_string(choice));
      ++states_;
    }
  }

  // A kill and a loss of power.
  void check_both(const CrashModel& model, std::size_t acknowledged, const std::string& told) {
    check(model,
          {{.bytes = Unsynced::lost, .names = Unsynced::lost},
           {.bytes = Unsynced::kept, .names = Unsynced::kept}},
          acknowledged, told);
  }

  std::unique_ptr<Prepared> prepared_;
  std::set<std::pair<std::size_t, DiskImage>> seen_;
  int states_ = 0;
};

TEST_P(PowerLossTest, G5WhatWasNotSyncedMayBeLostReorderedOrTorn) {
  const auto directory = prepared_->copy();
  CrashModel model = CrashModel::of(directory->path(""));
  History history;
  {
    DiskWatch watch({.directory = directory->path(""), .record = true});
    const auto done = prepared_->run(directory->path(), 0, [&](std::size_t) {
      history.acknowledged_at.push_back(watch.recorded());
    });
    ASSERT_TRUE(done.has_value()) << done.error().to_line();
    history.calls = watch.take_record();
  }
  const auto choices = crash_choices(long_run() ? 40 : 4);
  for (std::size_t done = 0; done <= history.calls.size(); ++done) {
    if (done > 0) model.apply(history.calls[done - 1]);
    check(model, choices, history.acknowledged(done), fmt::format("power lost after {}", done));
  }
  EXPECT_GT(states_, 10);
  test::fault_fired("G5", states_);
}

// The page cache outlives a killed process: what it had not synced looks safe to the next one. That
// one is struck too, by a kill or a loss of power at every call, and when it has ended.
TEST_P(PowerLossTest, K2G6WhatAKilledProcessLeftUnsyncedIsNotAcknowledgedByTheNext) {
  const int first_deaths = long_run() ? 1 : 3;    // each n-th call
  const int second_deaths = long_run() ? 5 : 60;  // of which each n-th is followed call by call
  const std::size_t steps = prepared_->scenario().steps.size();
  bool fired = true;
  for (int n = 1; fired && !HasFailure(); n += first_deaths) {
    const auto directory = prepared_->copy();
    CrashModel model = CrashModel::of(directory->path(""));
    DiskPlan plan{
        .directory = directory->path(""), .failure = DiskFailure::abandon, .at = n, .record = true};
    std::size_t acknowledged = 0;
    {
      DiskWatch watch(plan);
      (void)prepared_->run(directory->path(), 0, [&](std::size_t k) { acknowledged = k; });
      fired = watch.fired();
      // Handles of the dead are done with; the next process counts its own.
      for (const DiskCall& call : watch.take_record()) model.apply(call);
    }
    plan.at = 0;
    History second;
    {
      DiskWatch watch(plan);
      const std::size_t from = std::min(acknowledged, steps - 1);
      second.acknowledged_at.assign(from, 0);
      const auto rest = prepared_->run(directory->path(), from, [&](std::size_t) {
        second.acknowledged_at.push_back(watch.recorded());
      });
      ASSERT_TRUE(rest.has_value()) << rest.error().to_line();
      second.calls = watch.take_record();
    }
    for (std::size_t done = 1; done <= second.calls.size(); ++done) {
      model.apply(second.calls[done - 1]);
      if (n % second_deaths != 1) continue;
      check_both(model, second.acknowledged(done),
                 fmt::format("killed at {}, struck again after {}", n, done));
    }
    check(model, crash_choices(0), steps, fmt::format("killed at {}, done again, power lost", n));
  }
  test::fault_fired("K2", states_);
  test::fault_fired("G6", states_);
}

// After a failed fsync the kernel forgets the pages: a second fsync succeeds and has written
// nothing.
TEST_P(PowerLossTest, G2G5AfterAFailedFsyncNothingStandsOnThatFile) {
  const std::size_t steps = prepared_->scenario().steps.size();
  bool fired = true;
  for (int n = 1; fired && !HasFailure(); ++n) {
    const auto directory = prepared_->copy();
    CrashModel model = CrashModel::of(directory->path(""));
    std::size_t acknowledged = 0;
    std::size_t failed_at = 0;
    std::string met;
    {
      DiskWatch watch({.directory = directory->path(""),
                       .failure = DiskFailure::error,
                       .at = n,
                       .record = true});
      // The failed call is not among the recorded; it stands where the record ended then.
      auto done = prepared_->run(directory->path(), 0, [&](std::size_t k) { acknowledged = k; });
      fired = watch.fired();
      met = watch.met();
      failed_at = watch.recorded_when_fired();
      if (!done) {
        done = prepared_->run(directory->path(), std::min(acknowledged, steps - 1));
        ASSERT_TRUE(done.has_value()) << done.error().to_line();
      }
      const std::vector<DiskCall> calls = watch.take_record();
      for (std::size_t i = 0; i < calls.size(); ++i) {
        if (fired && i == failed_at && met.starts_with("sync ")) model.lose_bytes(met.substr(5));
        model.apply(calls[i]);
      }
    }
    if (met.starts_with("sync ")) {
      check(model, crash_choices(0), steps, met + " failed, done again, power lost");
    }
  }
  test::fault_fired("G2", states_);
}

std::string name_of(const testing::TestParamInfo<std::size_t>& info) {
  std::string name = scenarios()[info.param].name;
  std::erase_if(name, [](char c) { return c == ' '; });
  return name;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, PowerLossTest,
                         testing::Range(std::size_t{0}, scenarios().size()), name_of);

}  // namespace
}  // namespace vortex::store_test
