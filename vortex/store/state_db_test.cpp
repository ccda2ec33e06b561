#include "vortex/store/state_db.hpp"

#include <algorithm>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vortex/store/store_test_support.hpp"

namespace vortex {
namespace {

using store_test::TempDirectory;

// Asked from another process: one's own locks are never in one's way.
bool locked_for_others(const std::string& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int file = ::open(path.c_str(), O_RDWR);
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    const bool asked = file >= 0 && ::fcntl(file, F_GETLK, &lock) == 0;
    ::_exit(asked && lock.l_type != F_UNLCK ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// A lock that is lost lets another process remove the log under this one.
TEST(StateDbTest, OpeningItTwiceKeepsTheLocksOfTheFirst) {
  const TempDirectory folder;
  const std::string path = folder.path("state.db");
  auto first = StateDb::open(path).value();
  ASSERT_TRUE(first.replace({}, 0, "").has_value());
  ASSERT_TRUE(locked_for_others(path));
  auto second = StateDb::open(path).value();
  EXPECT_TRUE(locked_for_others(path));
}

using store_test::day;

// One day's bar of each series, and what its answer taught.
std::vector<SeriesChange> day_of(int n, int series) {
  std::vector<SeriesChange> changes;
  changes.reserve(static_cast<std::size_t>(series));
  for (int i = 0; i < series; ++i) {
    changes.push_back(
        {.key = {.provider = "p", .symbol = "S" + std::to_string(i)},
         .rows_new = 1,
         .stamps_new = {day(n)},
         .first_new = day(n),
         .marks = {{.range = {day(n), day(n + 1)},
                    .state = i % 7 == n % 7 ? CoverageState::empty : CoverageState::have,
                    .reason = i % 7 == n % 7 ? "holiday" : ""}}});
  }
  return changes;
}

std::vector<SeriesChange> reversed(std::vector<SeriesChange> changes) {
  std::ranges::reverse(changes);
  return changes;
}

void expect_same(const std::vector<SeriesState>& found, const std::vector<SeriesState>& wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].key, wanted[i].key);
    EXPECT_EQ(found[i].rows, wanted[i].rows) << found[i].key.symbol;
    EXPECT_EQ(found[i].first_bar, wanted[i].first_bar);
    EXPECT_EQ(found[i].last_bars, wanted[i].last_bars);
    EXPECT_EQ(found[i].coverage, wanted[i].coverage) << found[i].key.symbol;
  }
}

std::vector<SeriesKey> keys_of(const std::vector<SeriesState>& states) {
  std::vector<SeriesKey> keys(states.size());
  std::ranges::transform(states, keys.begin(), &SeriesState::key);
  return keys;
}

constexpr int kMany = 600;  // more than are merged at once

TEST(StateDbTest, ChangesThatWaitGiveTheStatesOfThoseMergedAtOnce) {
  constexpr int kFew = 500;  // merged at once
  auto at_once = StateDb::open_in_memory().value();
  auto waiting = StateDb::open_in_memory().value();
  for (int n = 0; n < 5; ++n) {
    const auto many = day_of(n, kMany);
    ASSERT_TRUE(at_once.apply(day_of(n, kFew), n).value_or(false));
    ASSERT_TRUE(waiting.apply(n % 2 == 0 ? many : reversed(many), n).value_or(false));
  }
  const auto wanted = at_once.all_states().value();
  ASSERT_EQ(wanted.size(), static_cast<std::size_t>(kFew));
  expect_same(waiting.states(keys_of(wanted)).value(), wanted);
  EXPECT_EQ(waiting.all_states().value().size(), static_cast<std::size_t>(kMany));
  EXPECT_EQ(waiting.bars_version().value(), 4);
}

TEST(StateDbTest, AChangeOfFewBehindOthersThatWaitIsNotForgottenNorBeforeThem) {
  auto db = StateDb::open_in_memory().value();
  ASSERT_TRUE(db.apply(day_of(0, kMany), 0).value_or(false));
  ASSERT_TRUE(db.add_marks({{.key = {.provider = "p", .symbol = "S1"},
                             .marks = {{.range = {day(5), day(6)},
                                        .state = CoverageState::failed,
                                        .reason = "timeout"}}}})
                  .has_value());
  const auto state = db.states({{.provider = "p", .symbol = "S1"}}).value().at(0);
  EXPECT_EQ(state.rows, 1);
  ASSERT_EQ(state.coverage.size(), 2U);
  EXPECT_EQ(state.coverage[1].reason, "timeout");
}

TEST(StateDbTest, WhatWaitsIsSeenByAnotherWhoOpensIt) {
  const TempDirectory folder;
  const std::string path = folder.path("state.db");
  auto writer = StateDb::open(path).value();
  ASSERT_TRUE(writer.apply(day_of(0, kMany), 0).value_or(false));
  auto reader = StateDb::open(path).value();
  EXPECT_EQ(reader.all_states().value().size(), static_cast<std::size_t>(kMany));
  ASSERT_TRUE(writer.apply(day_of(1, kMany), 1).value_or(false));
  EXPECT_EQ(reader.states({{.provider = "p", .symbol = "S7"}}).value().at(0).rows, 2);
}

TEST(StateDbTest, ManyCommitsThatNobodyAsksAboutAreMergedInBetween) {
  auto db = StateDb::open_in_memory().value();
  constexpr int kCommits = 130;
  for (int n = 0; n < kCommits; ++n) ASSERT_TRUE(db.apply(day_of(n, kMany), n).value_or(false));
  const auto state = db.states({{.provider = "p", .symbol = "S3"}}).value().at(0);
  EXPECT_EQ(state.rows, kCommits);
  EXPECT_EQ(state.last_bars.size(), kLastBarsMax);
  EXPECT_EQ(state.last_bars.back(), day(kCommits - 1));
}

TEST(StateDbTest, ReplacingForgetsWhatWaits) {
  auto db = StateDb::open_in_memory().value();
  ASSERT_TRUE(db.apply(day_of(0, kMany), 0).value_or(false));
  ASSERT_TRUE(db.replace({}, 1, "").has_value());
  EXPECT_TRUE(db.all_states().value().empty());
}

TEST(StateChangeTest, ComesBackAsItWasAndACutOneIsCorrupt) {
  auto changes = day_of(3, 9);
  changes[2].first_new.reset();
  changes[4].stamps_new.clear();
  changes[5].key.interval = Interval::m1;
  changes[6].marks.clear();
  const std::string packed = pack_changes(changes);
  const auto back = unpack_changes(packed).value();
  ASSERT_EQ(back.size(), changes.size());
  for (std::size_t i = 0; i < back.size(); ++i) {
    EXPECT_EQ(back[i].key, changes[i].key);
    EXPECT_EQ(back[i].rows_new, changes[i].rows_new);
    EXPECT_EQ(back[i].first_new, changes[i].first_new);
    EXPECT_EQ(back[i].stamps_new, changes[i].stamps_new);
    EXPECT_EQ(back[i].marks, changes[i].marks);
  }
  const std::string one = pack_changes({changes[0], changes[1]});  // one run
  for (std::size_t size = 1; size < one.size(); ++size) {
    const auto cut = unpack_changes(std::string_view(one).substr(0, size));
    ASSERT_FALSE(cut.has_value()) << size;
    EXPECT_EQ(cut.error().code, ErrorCode::corrupt);
  }
}

}  // namespace
}  // namespace vortex
