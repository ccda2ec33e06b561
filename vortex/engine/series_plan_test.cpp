#include "vortex/engine/series_plan.hpp"

#include <gtest/gtest.h>

namespace vortex {
namespace {

TimePoint at(std::string_view text) {
  return *parse_time(text);
}
TimeRange range_of(std::string_view start, std::string_view end) {
  return {at(start), at(end)};
}

SeriesState daily_state() {
  SeriesState state{.key = {"yahoo", "AAPL", Interval::d1}};
  state.coverage = {{.range = range_of("2024-01-01", "2024-01-13"), .state = CoverageState::have}};
  for (const char* day :
       {"2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10", "2024-01-11", "2024-01-12"}) {
    state.last_bars.push_back(at(day));
  }
  return state;
}

TEST(SeriesPlanTest, ANewSeriesIsAskedWhole) {
  const SeriesState state{.key = {"yahoo", "AAPL", Interval::d1}};
  const TimeRange wanted = range_of("2020-01-01", "2024-01-20");
  EXPECT_EQ(ranges_to_ask(state, wanted, 5), std::vector{wanted});
}

TEST(SeriesPlanTest, ASecondRunAsksTheNewPartAndFiveBarsOfOverlap) {
  EXPECT_EQ(ranges_to_ask(daily_state(), range_of("2024-01-01", "2024-01-20"), 5),
            std::vector{range_of("2024-01-08", "2024-01-20")});
  EXPECT_EQ(ranges_to_ask(daily_state(), range_of("2024-01-01", "2024-01-20"), 0),
            std::vector{range_of("2024-01-13", "2024-01-20")});
}

TEST(SeriesPlanTest, AnEarlierStartIsAskedAlthoughTheEndIsThere) {
  EXPECT_EQ(ranges_to_ask(daily_state(), range_of("2023-06-01", "2024-01-13"), 0),
            std::vector{range_of("2023-06-01", "2024-01-01")});
}

TEST(SeriesPlanTest, FailedRangesAreAskedAgainAndEmptyOnesAreNot) {
  SeriesState state = daily_state();
  state.coverage.push_back(
      {.range = range_of("2024-01-13", "2024-01-15"), .state = CoverageState::empty});
  state.coverage.push_back({.range = range_of("2024-01-15", "2024-01-18"),
                            .state = CoverageState::failed,
                            .reason = "VX-2106"});
  EXPECT_EQ(ranges_to_ask(state, range_of("2024-01-01", "2024-01-20"), 0),
            std::vector{range_of("2024-01-15", "2024-01-20")});
}

TEST(SeriesPlanTest, ACoveredPastRangeCostsNothing) {
  EXPECT_TRUE(ranges_to_ask(daily_state(), range_of("2024-01-02", "2024-01-04"), 5).empty());
}

TEST(SeriesPlanTest, AnAnswerUpToNowIsKnownUpToItsLastBar) {
  const auto marks = coverage_after({.asked = range_of("2024-01-01", "2024-01-20"),
                                     .interval = Interval::d1,
                                     .last_bar = at("2024-01-18"),
                                     .now = at("2024-01-19T12:00:00Z")});
  ASSERT_EQ(marks.size(), 1u);
  EXPECT_EQ(marks[0].range, range_of("2024-01-01", "2024-01-19"));
  EXPECT_EQ(marks[0].state, CoverageState::have);
}

TEST(SeriesPlanTest, AnAnswerAboutThePastIsSettled) {
  const auto marks = coverage_after({.asked = range_of("2023-01-01", "2023-02-01"),
                                     .interval = Interval::d1,
                                     .last_bar = at("2023-01-20"),
                                     .now = at("2024-01-19T12:00:00Z")});
  ASSERT_EQ(marks.size(), 1u);
  EXPECT_EQ(marks[0].range, range_of("2023-01-01", "2023-02-01"));
}

TEST(SeriesPlanTest, NothingFromTheRecentPastTeachesNothing) {
  EXPECT_TRUE(coverage_after({.asked = range_of("2024-01-18", "2024-01-20"),
                              .interval = Interval::d1,
                              .now = at("2024-01-19T12:00:00Z")})
                  .empty());
  const auto marks = coverage_after({.asked = range_of("2023-01-01", "2024-01-20"),
                                     .interval = Interval::d1,
                                     .now = at("2024-01-19T12:00:00Z")});
  ASSERT_EQ(marks.size(), 1u);
  EXPECT_EQ(marks[0].state, CoverageState::empty);
  EXPECT_EQ(marks[0].range.end, at("2024-01-11"));
}

TEST(SeriesPlanTest, UntilNowHoldsTheSessionThatHasBegunInTheEast) {
  EXPECT_EQ(default_until(Interval::d1, at("2024-01-19T12:00:00Z")), at("2024-01-21"));
  EXPECT_EQ(default_until(Interval::d1, at("2024-01-19T03:00:00Z")), at("2024-01-20"));
  EXPECT_EQ(default_until(Interval::m1, at("2024-01-19T03:00:00Z")), at("2024-01-19T03:00:00Z"));
}

}  // namespace
}  // namespace vortex
