#include "vortex/engine/calendar_diff.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "vortex/model/calendar_book.hpp"
#include "vortex/model/expected_bars.hpp"

namespace vortex {
namespace {

SessionCalendar diffed_market(std::string_view name) {
  return *CalendarBook::built_in().find(name);
}

std::vector<TimePoint> stamps_between(std::string_view name, Interval interval,
                                      std::string_view start, std::string_view end) {
  std::vector<TimePoint> stamps;
  for (const ExpectedBar& bar :
       expected_bars(diffed_market(name), interval, {*parse_time(start), *parse_time(end)}))
    stamps.push_back(bar.stamp);
  return stamps;
}

void erase_date(std::vector<TimePoint>& stamps, std::string_view date) {
  std::erase_if(stamps, [&](TimePoint stamp) { return date_of(stamp) == *parse_date(date); });
}

TEST(CalendarDiffTest, BarsThatFollowTheCalendarContradictNothing) {
  for (const char* name : {"XNYS", "XHKG", "CME", "FX", "24/7", "XASX"}) {
    CalendarDiff diff(diffed_market(name));
    for (const Interval interval : {Interval::m5, Interval::h1, Interval::d1, Interval::wk1}) {
      diff.add(interval, stamps_between(name, interval, "2024-01-01", "2025-02-01"));
    }
    EXPECT_EQ(diff.contradictions(), std::vector<Contradiction>{}) << name;
    EXPECT_EQ(diff.series(), 4);
  }
}

TEST(CalendarDiffTest, ADayTheCalendarCallsClosedIsOneLineForAllSeries) {
  CalendarDiff diff(diffed_market("XNYS"));
  auto stamps = stamps_between("XNYS", Interval::d1, "2025-01-01", "2025-02-01");
  for (int i = 0; i < 3; ++i) diff.add(Interval::d1, stamps);
  stamps.push_back(*parse_time("2025-01-09"));  // a president's funeral
  std::ranges::sort(stamps);
  for (int i = 0; i < 2; ++i) diff.add(Interval::d1, stamps);
  const auto found = diff.contradictions();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, ContradictionKind::traded_when_closed);
  EXPECT_EQ(format_date(found[0].first), "2025-01-09");
  EXPECT_EQ(found[0].bars, 2);
  EXPECT_EQ(found[0].series, 2);
  EXPECT_EQ(found[0].series_of, 5);
}

TEST(CalendarDiffTest, ASessionWithoutABarInAnySeriesIsOneAndASilentSeriesIsNone) {
  CalendarDiff diff(diffed_market("XNYS"));
  auto stamps = stamps_between("XNYS", Interval::m5, "2024-06-03", "2024-06-15");
  erase_date(stamps, "2024-06-06");
  erase_date(stamps, "2024-06-07");
  erase_date(stamps, "2024-06-10");  // over the weekend
  diff.add(Interval::m5, stamps);
  erase_date(stamps, "2024-06-12");
  diff.add(Interval::m5, stamps);
  const auto found = diff.contradictions();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, ContradictionKind::silent_session);
  EXPECT_EQ(format_date(found[0].first), "2024-06-06");
  EXPECT_EQ(format_date(found[0].last), "2024-06-10");
  EXPECT_EQ(found[0].days, 3);
  EXPECT_EQ(found[0].series_of, 2);
}

TEST(CalendarDiffTest, BarsAfterAnEarlyCloseLieOutsideTheHours) {
  CalendarDiff diff(diffed_market("XNYS"));
  auto stamps = stamps_between("XNYS", Interval::h1, "2024-07-01", "2024-07-10");
  stamps.push_back(*parse_time("2024-07-03T18:30Z"));
  stamps.push_back(*parse_time("2024-07-03T17:30Z"));
  std::ranges::sort(stamps);
  diff.add(Interval::h1, stamps);
  const auto found = diff.contradictions();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, ContradictionKind::outside_hours);
  EXPECT_EQ(found[0].bars, 2);
  EXPECT_EQ(count_outside_sessions(diffed_market("XNYS"), Interval::h1, stamps), 2);
}

TEST(CalendarDiffTest, HoursCountedFromTheFullHourAreNoContradiction) {
  std::vector<TimePoint> stamps;
  for (int hour = 13; hour < 20; ++hour)  // 09:00 to 15:00 in New York, which opens at 09:30
    stamps.push_back(*parse_time("2024-06-03") + std::chrono::hours(hour));
  EXPECT_EQ(count_outside_sessions(diffed_market("XNYS"), Interval::h1, stamps), 0);
  stamps.push_back(*parse_time("2024-06-03T20:00Z"));
  EXPECT_EQ(count_outside_sessions(diffed_market("XNYS"), Interval::h1, stamps), 1);
}

TEST(CalendarDiffTest, WhereTheCalendarKnowsNothingThereIsNoContradiction) {
  EXPECT_EQ(count_outside_sessions(diffed_market("XHKG"), Interval::d1,
                                   {*parse_time("1950-01-02"), *parse_time("2060-01-05")}),
            0);
}

}  // namespace
}  // namespace vortex
