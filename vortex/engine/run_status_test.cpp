#include "vortex/engine/run_status.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "vortex/base/random.hpp"
#include "vortex/engine/process_identity.hpp"

namespace vortex {
namespace {

RunStatus sample_status() {
  return {.process = this_process().holder,
          .pid = ::getpid(),
          .command = "sync",
          .started = *parse_time("2024-01-02T12:00:00Z"),
          .updated = *parse_time("2024-01-02T12:00:05Z"),
          .items_done = 3,
          .items_total = 10,
          .providers = {{.provider = "yahoo",
                         .account = "yahoo@host",
                         .breaker = "open",
                         .breaker_reason = "5 failures in a row",
                         .breaker_until = parse_time("2024-01-02T12:01:00Z"),
                         .sent = 7,
                         .retry_budget = 1.5,
                         .last_error = "VX-2106 \"quoted\""}}};
}

class RunStatusTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("vortex-status-" + Random::from_system().uuid());
};

TEST_F(RunStatusTest, WhatIsWrittenIsReadBack) {
  ASSERT_TRUE(write_run_status(folder_, sample_status()).has_value());
  const auto running = read_run_statuses(folder_);
  ASSERT_TRUE(running.has_value());
  ASSERT_EQ(running->size(), 1u);
  EXPECT_EQ(to_json(running->front()), to_json(sample_status()));
  const auto mode =
      std::filesystem::status(folder_ / "running" / (std::to_string(::getpid()) + "-0.json"));
  EXPECT_EQ(mode.permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(RunStatusTest, ProcessesThatAreGoneAreLeftOutAndRemoved) {
  RunStatus gone = sample_status();
  gone.process =
      std::to_string(::getpid()) + ":1:" + this_process().boot;  // the number was given anew
  gone.pid = 1;
  ASSERT_TRUE(write_run_status(folder_, gone).has_value());
  EXPECT_TRUE(read_run_statuses(folder_)->empty());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "running" / "1-0.json"));
}

TEST_F(RunStatusTest, DamagedFilesAreLeftOut) {
  std::filesystem::create_directories(folder_ / "running");
  std::ofstream(folder_ / "running" / "5.json") << "{\"schema_version\":1";
  ASSERT_TRUE(write_run_status(folder_, sample_status()).has_value());
  EXPECT_EQ(read_run_statuses(folder_)->size(), 1u);
  remove_run_status(folder_, sample_status());
  EXPECT_TRUE(read_run_statuses(folder_)->empty());
}

TEST_F(RunStatusTest, NobodyRunsWhereNothingWasEverStarted) {
  EXPECT_TRUE(read_run_statuses(folder_ / "absent")->empty());
}

}  // namespace
}  // namespace vortex
