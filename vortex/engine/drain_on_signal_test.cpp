#include "vortex/engine/drain_on_signal.hpp"

#include <csignal>
#include <filesystem>
#include <future>

#include <gtest/gtest.h>

#include "vortex/base/random.hpp"

namespace vortex {
namespace {

class DrainOnSignalTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("vortex-drain-" + Random::from_system().uuid());
    auto log = TaskLog::open(folder_.string());
    ASSERT_TRUE(log.has_value()) << log.error().message;
    auto tasks = TaskRunner::create(
        clock_, std::move(*log),
        {.run = [](const TaskContext&) { return TaskOutcome{.text = "done"}; }, .check = {}},
        {.limits = {.workers = 1, .grace = Duration::zero()}});
    ASSERT_TRUE(tasks.has_value()) << tasks.error().message;
    tasks_ = std::move(*tasks);
  }
  void TearDown() override {
    tasks_.reset();
    std::filesystem::remove_all(folder_);
  }

  SystemClock clock_;
  std::filesystem::path folder_;
  std::unique_ptr<TaskRunner> tasks_;
};

TEST_F(DrainOnSignalTest, H2ASignalDrainsAndTellsWhich) {
  std::promise<int> told;
  const DrainOnSignal watch(
      clock_, *tasks_, std::chrono::seconds(1),
      [&](int signal, const DrainReport& /*report*/) { told.set_value(signal); });
  std::raise(SIGTERM);
  EXPECT_EQ(told.get_future().get(), SIGTERM);
  const auto refused = tasks_->submit({.kind = "late"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::draining);
}

TEST_F(DrainOnSignalTest, WithoutASignalNothingIsDrained) {
  {
    const DrainOnSignal watch(
        clock_, *tasks_, std::chrono::seconds(1),
        [](int /*signal*/, const DrainReport& /*report*/) { FAIL() << "nobody asked"; });
  }
  EXPECT_TRUE(tasks_->submit({.kind = "any"}).has_value());
}

}  // namespace
}  // namespace vortex
