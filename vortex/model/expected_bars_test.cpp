#include "vortex/model/expected_bars.hpp"

#include <gtest/gtest.h>

#include "vortex/model/calendar_book.hpp"

namespace vortex {
namespace {

TimeRange span_of(std::string_view start, std::string_view end) {
  return {*parse_time(start), *parse_time(end)};
}
SessionCalendar market(std::string_view name) {
  return *CalendarBook::built_in().find(name);
}

TEST(ExpectedBarsTest, NewYork2024Has97740Minutes) {
  const TimeRange year = span_of("2024-01-01", "2025-01-01");
  EXPECT_EQ(count_expected_bars(market("XNYS"), Interval::m1, year), 97'740);
  EXPECT_EQ(count_expected_bars(market("XNYS"), Interval::d1, year), 252);
  EXPECT_EQ(count_expected_bars(market("XNYS"), Interval::h1, year), 249 * 7 + 3 * 4);
  EXPECT_EQ(count_expected_bars(market("XNYS"), Interval::wk1, year), 53);
  EXPECT_EQ(count_expected_bars(market("XNYS"), Interval::mo1, year), 12);
  EXPECT_EQ(count_expected_bars(market("XHKG"), Interval::m1, year), 243 * 330 + 3 * 150);
}

TEST(ExpectedBarsTest, HoursStartAtTheOpenAndTheCloseCutsTheLast) {
  const auto bars =
      expected_bars(market("XNYS"), Interval::h1, span_of("2024-07-03", "2024-07-04"));
  ASSERT_EQ(bars.size(), 4u);
  EXPECT_EQ(format_time(bars.front().stamp), "2024-07-03T13:30:00Z");
  EXPECT_EQ(format_time(bars.back().stamp), "2024-07-03T16:30:00Z");
  EXPECT_EQ(format_time(bars.back().end), "2024-07-03T17:00:00Z");
}

TEST(ExpectedBarsTest, NothingIsExpectedAtLunchAndCountingStartsAnewAfterIt) {
  const auto bars =
      expected_bars(market("XHKG"), Interval::h1, span_of("2024-06-04", "2024-06-05"));
  std::vector<std::string> stamps;
  stamps.reserve(bars.size());
  for (const ExpectedBar& bar : bars) stamps.push_back(format_time(bar.stamp).substr(11, 5));
  EXPECT_EQ(stamps,
            (std::vector<std::string>{"01:30", "02:30", "03:30", "05:00", "06:00", "07:00"}));
}

TEST(ExpectedBarsTest, WeeksAndMonthsCarryTheirMondayAndFirst) {
  const auto weeks =
      expected_bars(market("XNYS"), Interval::wk1, span_of("2024-01-01", "2024-01-15"));
  ASSERT_EQ(weeks.size(), 2u);
  EXPECT_EQ(format_date(date_of(weeks[0].stamp)), "2024-01-01");  // Monday is a holiday
  EXPECT_EQ(bar_closes(market("XNYS"), Interval::wk1, weeks[0]), *parse_time("2024-01-05T21:00Z"));
  const auto months =
      expected_bars(market("XNYS"), Interval::mo1, span_of("2024-06-01", "2024-07-01"));
  ASSERT_EQ(months.size(), 1u);
  EXPECT_EQ(bar_closes(market("XNYS"), Interval::mo1, months[0]), *parse_time("2024-06-28T20:00Z"));
}

TEST(ExpectedBarsTest, DaysOf23And25HoursHaveAsManyMinutes) {
  CalendarChange around{.name = "AROUND", .zone = "America/New_York"};
  for (auto& day : around.week) day = DayHours{.open = 0, .close = 24 * 60};
  const auto book = CalendarBook::built_in().with({.calendars = {around}});
  ASSERT_TRUE(book.has_value());
  const SessionCalendar calendar = *book->find("AROUND");
  const auto minutes_of = [&](std::string_view date) {
    const TradingSession session = *calendar.session(*parse_date(date));
    return count_expected_bars(calendar, Interval::m1, {session.open, session.close});
  };
  EXPECT_EQ(minutes_of("2024-03-10"), 23 * 60);
  EXPECT_EQ(minutes_of("2024-11-03"), 25 * 60);
  EXPECT_EQ(minutes_of("2024-06-04"), 24 * 60);
  // Every minute of the year once, whatever the clocks do.
  EXPECT_EQ(count_expected_bars(calendar, Interval::m1, span_of("2024-01-02", "2024-12-30")),
            363 * 1440);
}

TEST(ExpectedBarsTest, ARangeIsCutAtItsOwnEdges) {
  const auto bars = expected_bars(market("XNYS"), Interval::m5,
                                  span_of("2024-06-04T13:32Z", "2024-06-04T13:45Z"));
  ASSERT_EQ(bars.size(), 2u);
  EXPECT_EQ(format_time(bars[0].stamp), "2024-06-04T13:35:00Z");
  // A Monday evening in New York is Tuesday's session in Chicago, wherever the range begins.
  EXPECT_EQ(count_expected_bars(market("CME"), Interval::h1,
                                span_of("2024-06-03T21:00Z", "2024-06-04T00:00Z")),
            2);
  EXPECT_TRUE(
      expected_bars(market("XNYS"), Interval::m1, span_of("2024-06-01", "2024-06-03")).empty());
}

TEST(ExpectedBarsTest, TheDayPartsAddUpToTheWhole) {
  for (const char* name : {"XNYS", "XHKG", "CME", "FX", "24/7", "XTKS", "CME_GRAINS"}) {
    const SessionCalendar calendar = market(name);
    std::int64_t parts = 0;
    for (Date date = *parse_date("2024-02-20"); date < *parse_date("2024-04-05");
         date += std::chrono::days(1)) {
      parts += count_expected_bars(calendar, Interval::m15,
                                   {midnight(date), midnight(date + std::chrono::days(1))});
    }
    EXPECT_EQ(parts,
              count_expected_bars(calendar, Interval::m15, span_of("2024-02-20", "2024-04-05")))
        << name;
  }
}

}  // namespace
}  // namespace vortex
