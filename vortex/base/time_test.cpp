#include "vortex/base/time.hpp"

#include <gtest/gtest.h>

#include "vortex/base/clock.hpp"
#include "vortex/base/random.hpp"
#include "vortex/base/time_zone.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

TEST(TimeTest, StampsRoundTrip) {
  for (const char* text :
       {"2024-01-02T14:30:00Z", "1969-12-31T23:59:59.999999Z", "2024-02-29T00:00:00Z",
        "1900-01-01T00:00:00.25Z", "2099-12-31T23:59:59Z"}) {
    const auto time = parse_time(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(format_time(*time), text);
  }
}

// Ranges without an end are bounded by them, and are told to people. The sanitizer judges.
TEST(TimeTest, TheEndsOfTimeAreWrittenWithoutOverflow) {
  EXPECT_EQ(format_time(TimePoint::min()).substr(format_time(TimePoint::min()).find('T')),
            "T19:59:05.224192Z");
  EXPECT_EQ(format_time(TimePoint::max()).substr(format_time(TimePoint::max()).find('T')),
            "T04:00:54.775807Z");
}

TEST(TimeTest, OffsetsAreTakenOff) {
  EXPECT_EQ(parse_time("2024-01-02T09:30:00-05:00"), parse_time("2024-01-02T14:30:00Z"));
  EXPECT_EQ(parse_time("2024-01-02T20:00+0530"), parse_time("2024-01-02T14:30:00Z"));
  EXPECT_EQ(parse_time("2024-01-02 14:30Z"), parse_time("2024-01-02T14:30:00Z"));
}

TEST(TimeTest, WhatIsNoMomentIsRefused) {
  for (const char* text :
       {"", "2024", "2024-13-01", "2023-02-29", "2024-01-02T14:30:00", "2024-01-02T25:00Z",
        "2024-01-02T14:30:00Zx", "24-01-02", "2024-01-02T14:30:00+99:00", "2024-1-2"}) {
    EXPECT_FALSE(parse_time(text).has_value()) << text;
  }
  EXPECT_FALSE(parse_date("2024-01-02T00:00Z").has_value());
}

TEST(TimeTest, TheThreeHttpDatesAreOneMoment) {
  const auto expected = parse_time("1994-11-06T08:49:37Z");
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), expected);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), expected);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), expected);
  for (const char* text :
       {"", "soon", "120", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text).has_value()) << text;
  }
}

TEST(TimeTest, DurationsNeedAUnit) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("400d"), 400 * 24h);
  for (const char* text : {"5", "", "s", "-5s", "nans", "infs", "1e300d", "5 s", "5parsecs"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

TEST(TimeTest, DurationsReadWell) {
  EXPECT_EQ(format_duration(250ms), "250ms");
  EXPECT_EQ(format_duration(3200ms), "3.2s");
  EXPECT_EQ(format_duration(65s), "1m 05s");
  EXPECT_EQ(format_duration(3h + 4min), "3h 04m");
}

TEST(ManualClockTest, AStepMovesTheCalendarOnly) {
  ManualClock clock(*parse_time("2024-01-02T00:00:00Z"));
  const Monotonic before = clock.monotonic();
  clock.step(-2h);
  EXPECT_EQ(clock.now(), *parse_time("2024-01-01T22:00:00Z"));
  EXPECT_EQ(clock.monotonic(), before);
  clock.advance(3s);
  EXPECT_EQ(clock.monotonic() - before, 3s);
}

TEST(TimeZoneTest, DstOfSeveralZones) {
  const auto new_york = TimeZone::find("America/New_York");
  ASSERT_TRUE(new_york.has_value());
  EXPECT_EQ(new_york->offset_at(*parse_time("2024-03-10T06:59:59Z")), -5h);
  EXPECT_EQ(new_york->offset_at(*parse_time("2024-03-10T07:00:00Z")), -4h);
  const auto sydney = TimeZone::find("Australia/Sydney");
  ASSERT_TRUE(sydney.has_value());
  EXPECT_EQ(format_date(sydney->local_date(*parse_time("2024-01-01T23:00:00Z"))), "2024-01-02");
  EXPECT_FALSE(TimeZone::find("Mars/Olympus").has_value());
  EXPECT_EQ(TimeZone::find("../../etc/passwd").error().code, ErrorCode::unknown_name);
}

TEST(TimeZoneTest, AStretchHoldsItsMomentAndOneOffset) {
  Random random(11);
  const auto zone = TimeZone::find("Europe/London");
  ASSERT_TRUE(zone.has_value());
  for (int i = 0; i < 2000; ++i) {
    const TimePoint time{Duration{static_cast<std::int64_t>(random.below(4'000'000'000'000'000))}};
    const TimeZone::Stretch stretch = zone->stretch_at(time);
    ASSERT_TRUE(stretch.holds(time));
    EXPECT_EQ(zone->offset_at(stretch.begin), stretch.offset);
    EXPECT_EQ(zone->offset_at(stretch.end - 1us), stretch.offset);
  }
}

TEST(TimeZoneTest, WallTimesInGapsAndFoldsAreDefined) {
  const auto zone = TimeZone::find("America/New_York");
  ASSERT_TRUE(zone.has_value());
  // 02:30 does not exist on 2024-03-10; 01:30 happens twice on 2024-11-03.
  EXPECT_EQ(zone->to_utc(*parse_date("2024-03-10"), 2h + 30min),
            parse_time("2024-03-10T07:00:00Z"));
  EXPECT_EQ(zone->to_utc(*parse_date("2024-11-03"), 1h + 30min),
            parse_time("2024-11-03T05:30:00Z"));
}

// Every change of every zone since 1990, a second to each side, there and back. A wall time that is
// said twice comes back as its first moment.
TEST(TimeZoneTest, EveryTransitionSince1990RoundTrips) {
  const TimePoint until = *parse_time("2060-01-01");
  std::int64_t transitions = 0;
  for (const std::string_view name : all_zone_names()) {
    const auto zone = TimeZone::find(name);
    ASSERT_TRUE(zone.has_value()) << name;
    auto stretch = zone->stretch_at(*parse_time("1990-01-01"));
    while (stretch.end < until) {
      ++transitions;
      const auto next = zone->stretch_at(stretch.end);
      ASSERT_EQ(next.begin, stretch.end) << name;
      const Duration seconds = std::chrono::seconds(1);
      for (const TimePoint time : {stretch.end - seconds, stretch.end, stretch.end + seconds}) {
        const TimePoint local = time + zone->offset_at(time);
        const Date date = date_of(local);
        const TimePoint back = zone->to_utc(date, local - midnight(date));
        const bool is_second_time = stretch.end <= time && next.offset < stretch.offset &&
                                    time < stretch.end + (stretch.offset - next.offset);
        EXPECT_EQ(back, is_second_time ? time - (stretch.offset - next.offset) : time)
            << name << ' ' << format_time(time);
      }
      stretch = next;
    }
  }
  EXPECT_GT(transitions, 10'000);
}

TEST(TimeZoneTest, AWallTimeInAGapIsTheMomentTheGapEnds) {
  const auto zone = TimeZone::find("America/New_York");
  ASSERT_TRUE(zone.has_value());
  for (const char* year : {"2024-03-10", "2040-03-11"}) {
    EXPECT_EQ(zone->to_utc(*parse_date(year), std::chrono::minutes(150)),
              midnight(*parse_date(year)) + std::chrono::hours(7))
        << year;
  }
}

// Files of the tz database name each change up to 2037 only; after that a rule at their end speaks.
TEST(TimeZoneTest, SummerTimeGoesOnAfter2037) {
  const auto offset_h = [](const char* name, const char* time) {
    return std::chrono::duration_cast<std::chrono::minutes>(
               TimeZone::find(name)->offset_at(*parse_time(time)))
        .count();
  };
  for (const char* time : {"2038-07-01", "2040-07-01", "2057-07-01", "2060-10-30"})
    EXPECT_EQ(offset_h("America/New_York", time), -240) << time;
  for (const char* time : {"2038-01-01", "2040-02-29T12:00Z", "2044-12-31"})
    EXPECT_EQ(offset_h("America/New_York", time), -300) << time;
  EXPECT_EQ(offset_h("Europe/London", "2050-07-01"), 60);
  EXPECT_EQ(offset_h("Australia/Sydney", "2050-01-01"), 660);
  EXPECT_EQ(offset_h("Asia/Tokyo", "2050-07-01"), 540);
  // The second Sunday of March 2040.
  EXPECT_EQ(offset_h("America/New_York", "2040-03-11T06:59:59Z"), -300);
  EXPECT_EQ(offset_h("America/New_York", "2040-03-11T07:00:00Z"), -240);
  EXPECT_EQ(offset_h("America/New_York", "2040-11-04T05:59:59Z"), -240);
  EXPECT_EQ(offset_h("America/New_York", "2040-11-04T06:00:00Z"), -300);
}

}  // namespace
}  // namespace vortex
