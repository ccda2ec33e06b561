#include "vortex/engine/gap_plan.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "vortex/model/calendar_book.hpp"
#include "vortex/model/expected_bars.hpp"

namespace vortex {
namespace {

TimeRange gap_range(std::string_view start, std::string_view end) {
  return {*parse_time(start), *parse_time(end)};
}

// June and July 2024 of a New York share, all bars stored and asked unless the test takes some out.
SeriesFacts full_series(Interval interval = Interval::d1) {
  SeriesFacts facts;
  facts.state.key = {.provider = "yahoo", .symbol = "AAPL", .interval = interval};
  facts.calendar = *CalendarBook::built_in().find("XNAS");
  facts.wanted = gap_range("2024-06-01", "2024-08-01");
  facts.now = *parse_time("2024-09-01");
  for (const ExpectedBar& bar : expected_bars(*facts.calendar, interval, facts.wanted))
    facts.stamps.push_back(bar.stamp);
  facts.state.coverage = {{.range = facts.wanted, .state = CoverageState::have}};
  facts.state.first_bar = facts.stamps.front();
  return facts;
}

void forget(SeriesFacts& facts, TimeRange range) {
  std::erase_if(facts.stamps, [&](TimePoint stamp) { return range.holds(stamp); });
}

std::vector<std::string> told(const SeriesGaps& gaps) {
  std::vector<std::string> lines;
  lines.reserve(gaps.ranges.size());
  for (const StatedRange& one : gaps.ranges) {
    lines.push_back(to_string(one.range) + " " + std::string(to_string(one.state)) +
                    (one.reason.empty() ? "" : " " + one.reason) + " " + std::to_string(one.bars));
  }
  return lines;
}

TEST(GapPlanTest, AWholeSeriesHasItsHolidaysAndNothingToRepair) {
  const SeriesFacts facts = full_series();
  const SeriesGaps gaps = find_gaps(facts);
  EXPECT_EQ(told(gaps),
            (std::vector<std::string>{
                "2024-06-03..2024-06-19 have 12", "2024-06-19..2024-06-20 empty holiday 0",
                "2024-06-20..2024-07-04 have 10", "2024-07-04..2024-07-05 empty holiday 0",
                "2024-07-05..2024-08-01 have 19"}));
  EXPECT_EQ(gaps.expected, 41);
  EXPECT_EQ(gaps.count(GapState::have), 41);
  EXPECT_TRUE(ranges_to_repair(facts, gaps).empty());
}

TEST(GapPlanTest, WhatWasNeverAskedIsMissingAndAskedInOneRangeOverWeekendsAndHolidays) {
  SeriesFacts facts = full_series();
  facts.state.coverage = {
      {.range = gap_range("2024-06-01", "2024-06-14"), .state = CoverageState::have},
      {.range = gap_range("2024-07-09", "2024-08-01"), .state = CoverageState::have}};
  forget(facts, gap_range("2024-06-14", "2024-07-09"));
  const auto gaps = find_gaps(facts);
  EXPECT_EQ(gaps.count(GapState::missing), 15);
  EXPECT_EQ(ranges_to_repair(facts, gaps), std::vector{gap_range("2024-06-14", "2024-07-09")});
}

TEST(GapPlanTest, AFailedRangeKeepsItsCodeAndIsAskedAgain) {
  SeriesFacts facts = full_series();
  forget(facts, gap_range("2024-06-10", "2024-06-12"));
  facts.state.coverage = {
      {.range = gap_range("2024-06-01", "2024-06-10"), .state = CoverageState::have},
      {.range = gap_range("2024-06-10", "2024-06-12"),
       .state = CoverageState::failed,
       .reason = "VX-2106"},
      {.range = gap_range("2024-06-12", "2024-08-01"), .state = CoverageState::have}};
  const auto gaps = find_gaps(facts);
  EXPECT_EQ(gaps.ranges[1], (StatedRange{.range = gap_range("2024-06-10", "2024-06-12"),
                                         .state = GapState::failed,
                                         .reason = "VX-2106",
                                         .bars = 2}));
  EXPECT_EQ(ranges_to_repair(facts, gaps), std::vector{gap_range("2024-06-10", "2024-06-12")});
}

TEST(GapPlanTest, EmptyHasItsReasonAndCostsNothing) {
  SeriesFacts facts = full_series();
  facts.first_trade = *parse_time("2024-06-11T13:30Z");
  facts.state.first_bar = *parse_time("2024-06-17");
  forget(facts, gap_range("2024-06-01", "2024-06-17"));
  forget(facts, gap_range("2024-07-10", "2024-07-11"));
  facts.state.coverage = {
      {.range = gap_range("2024-06-11", "2024-06-17"),
       .state = CoverageState::empty,
       .reason = "no bars"},
      {.range = gap_range("2024-06-17", "2024-08-01"), .state = CoverageState::have}};
  const auto gaps = find_gaps(facts);
  EXPECT_EQ(told(gaps)[0], "2024-06-03..2024-06-11 empty not listed 6");
  EXPECT_EQ(told(gaps)[1], "2024-06-11..2024-06-15 empty before history 4");
  EXPECT_EQ(told(gaps)[7], "2024-07-10..2024-07-11 empty no trades 1");
  EXPECT_TRUE(ranges_to_repair(facts, gaps).empty());
}

TEST(GapPlanTest, BeforeWhatTheProviderServesThereIsNothingToAsk) {
  SeriesFacts facts = full_series();
  facts.state.coverage = {
      {.range = gap_range("2024-06-20", "2024-08-01"), .state = CoverageState::have}};
  forget(facts, gap_range("2024-06-01", "2024-06-20"));
  facts.state.first_bar = *parse_time("2024-06-20");
  facts.served_from = *parse_time("2024-06-10");
  const auto gaps = find_gaps(facts);
  EXPECT_EQ(told(gaps)[0], "2024-06-03..2024-06-08 empty before history 5");
  EXPECT_EQ(ranges_to_repair(facts, gaps), std::vector{gap_range("2024-06-10", "2024-06-19")});
}

TEST(GapPlanTest, TodayIsNotDueBeforeItsCloseAndTheLag) {
  SeriesFacts facts = full_series();
  forget(facts, gap_range("2024-07-31", "2024-08-01"));
  facts.state.coverage = {
      {.range = gap_range("2024-06-01", "2024-07-31"), .state = CoverageState::have}};
  const auto state_at = [&](std::string_view now) {
    facts.now = *parse_time(now);
    return find_gaps(facts).ranges.back().state;
  };
  EXPECT_EQ(state_at("2024-07-31T15:00Z"), GapState::not_due);
  EXPECT_EQ(state_at("2024-07-31T20:29Z"), GapState::not_due);
  EXPECT_EQ(state_at("2024-07-31T20:30Z"), GapState::missing);
}

TEST(GapPlanTest, AnEarlyCloseIsDueEarly) {
  SeriesFacts facts = full_series();
  facts.wanted = gap_range("2024-07-03", "2024-07-04");
  facts.stamps.clear();
  facts.state.coverage.clear();
  facts.now = *parse_time("2024-07-03T17:30Z");
  EXPECT_EQ(find_gaps(facts).ranges.back().state, GapState::missing);
}

TEST(GapPlanTest, AHaltIsNoGap) {
  CalendarChange halted{.name = "XNYS",
                        .halts = {gap_range("2024-06-05T14:00Z", "2024-06-05T14:15Z")}};
  const auto book = CalendarBook::built_in().with({.calendars = {halted}});
  ASSERT_TRUE(book.has_value());
  SeriesFacts facts = full_series(Interval::m5);
  facts.calendar = *book->find("XNYS");
  forget(facts, gap_range("2024-06-05T14:00Z", "2024-06-05T14:20Z"));
  const auto gaps = find_gaps(facts);
  const auto lines = told(gaps);
  EXPECT_NE(std::ranges::find(lines, "2024-06-05T14:00:00Z..2024-06-05T14:15:00Z empty halt 3"),
            lines.end());
  EXPECT_NE(
      std::ranges::find(lines, "2024-06-05T14:15:00Z..2024-06-05T14:20:00Z empty no trades 1"),
      lines.end());
}

TEST(GapPlanTest, WithoutACalendarAGapIsUnknown) {
  SeriesFacts facts = full_series();
  facts.calendar.reset();
  facts.state.coverage = {
      {.range = gap_range("2024-06-10", "2024-07-01"), .state = CoverageState::have}};
  const auto gaps = find_gaps(facts);
  EXPECT_FALSE(gaps.is_known);
  EXPECT_EQ(gaps.expected, 0);
  EXPECT_EQ(told(gaps), (std::vector<std::string>{"2024-06-01..2024-06-10 unknown 0",
                                                  "2024-06-10..2024-07-01 have 0",
                                                  "2024-07-01..2024-08-01 unknown 0"}));
}

TEST(GapPlanTest, BeyondTheHorizonAGapIsUnknown) {
  SeriesFacts facts = full_series();
  facts.calendar = *CalendarBook::built_in().find("XHKG");
  facts.wanted = gap_range("2060-01-01", "2060-02-01");
  facts.now = *parse_time("2061-01-01");
  EXPECT_EQ(told(find_gaps(facts)), std::vector<std::string>{"2060-01-01..2060-02-01 unknown 0"});
  EXPECT_TRUE(may_hold_bars(*facts.calendar, Interval::d1, facts.wanted, facts.now));
}

TEST(GapPlanTest, TheStatesOfEveryBarAddUpToTheExpectedOnes) {
  SeriesFacts facts = full_series(Interval::m15);
  forget(facts, gap_range("2024-06-10T14:00Z", "2024-06-11T15:00Z"));
  facts.state.coverage = {
      {.range = gap_range("2024-06-01", "2024-06-11"), .state = CoverageState::have},
      {.range = gap_range("2024-06-11", "2024-06-11T14:00Z"),
       .state = CoverageState::failed,
       .reason = "VX-1004"}};
  const auto gaps = find_gaps(facts);
  EXPECT_EQ(gaps.count(GapState::have) + gaps.count(GapState::empty) +
                gaps.count(GapState::failed) + gaps.count(GapState::missing) +
                gaps.count(GapState::not_due),
            gaps.expected);
  EXPECT_EQ(gaps.count(GapState::failed), 2);
  EXPECT_EQ(gaps.count(GapState::missing), 4);
}

TEST(MayHoldBarsTest, WeekendsHolidaysAndTheFutureAreNotAsked) {
  const SessionCalendar xnys = *CalendarBook::built_in().find("XNYS");
  const TimePoint now = *parse_time("2024-09-01");
  const auto asked = [&](Interval interval, std::string_view start, std::string_view end) {
    return may_hold_bars(xnys, interval, gap_range(start, end), now);
  };
  EXPECT_FALSE(asked(Interval::d1, "2024-07-06", "2024-07-08"));
  EXPECT_FALSE(asked(Interval::d1, "2024-07-04", "2024-07-05"));
  EXPECT_TRUE(asked(Interval::d1, "2024-07-04", "2024-07-06"));
  EXPECT_FALSE(asked(Interval::m1, "2024-07-03T17:00Z", "2024-07-05T13:30Z"));
  EXPECT_TRUE(asked(Interval::m1, "2024-07-03T16:59Z", "2024-07-05T13:30Z"));
  EXPECT_FALSE(asked(Interval::d1, "2024-09-03", "2024-10-01"));
  EXPECT_TRUE(asked(Interval::d1, "2001-01-01", "2024-10-01"));
}

}  // namespace
}  // namespace vortex
