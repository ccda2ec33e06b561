#include "vortex/sim/trading_calendar.hpp"

#include <string>

#include <gtest/gtest.h>

namespace vortex {
namespace {

Listing calendar_listing(std::string_view symbol) {
  return *find_listing(symbol, 1);
}

std::string open_of(std::string_view symbol, std::string_view date) {
  VenueClock clock(*calendar_listing(symbol).venue);
  return format_time(clock.day(*parse_date(date)).open);
}

bool trades(std::string_view symbol, std::string_view date) {
  return is_trading_date(*calendar_listing(symbol).venue, *parse_date(date));
}

TEST(TradingCalendarTest, OpensFollowTheLocalClockAcrossDst) {
  EXPECT_EQ(open_of("AAPL", "2024-03-08"), "2024-03-08T14:30:00Z");
  EXPECT_EQ(open_of("AAPL", "2024-03-11"), "2024-03-11T13:30:00Z");
  EXPECT_EQ(open_of("AAPL", "2024-11-01"), "2024-11-01T13:30:00Z");
  EXPECT_EQ(open_of("AAPL", "2024-11-04"), "2024-11-04T14:30:00Z");
  EXPECT_EQ(open_of("OCDO.L", "2024-03-28"), "2024-03-28T08:00:00Z");
  EXPECT_EQ(open_of("OCDO.L", "2024-04-02"), "2024-04-02T07:00:00Z");
  EXPECT_EQ(open_of("SAP.DE", "2024-10-25"), "2024-10-25T07:00:00Z");
  EXPECT_EQ(open_of("SAP.DE", "2024-10-28"), "2024-10-28T08:00:00Z");
  EXPECT_EQ(open_of("7203.T", "2024-07-01"), "2024-07-01T00:00:00Z");
  EXPECT_EQ(open_of("0005.HK", "2024-07-02"), "2024-07-02T01:30:00Z");
}

// Sydney opens on the UTC day before the session date.
TEST(TradingCalendarTest, SydneyOpensOnThePreviousUtcDayInSummer) {
  EXPECT_EQ(open_of("BHP.AX", "2024-01-15"), "2024-01-14T23:00:00Z");
  EXPECT_EQ(open_of("BHP.AX", "2024-06-17"), "2024-06-17T00:00:00Z");
  EXPECT_EQ(open_of("EURUSD=X", "2024-07-01"), "2024-06-30T23:00:00Z");
}

TEST(TradingCalendarTest, EveryDayOfTwoYearsOpensAtTheSameWallTime) {
  for (const std::string_view symbol : {"AAPL", "OCDO.L", "SAP.DE", "BHP.AX", "ES=F"}) {
    const Listing listing = calendar_listing(symbol);
    const auto zone = TimeZone::find(listing.venue->zone);
    ASSERT_TRUE(zone);
    VenueClock clock(*listing.venue);
    const Date first = *parse_date("2023-01-01");
    for (Date date = first; date < first + std::chrono::days(731); date += std::chrono::days(1)) {
      const Duration wall = std::chrono::minutes(listing.venue->open_minute);
      ASSERT_EQ(clock.day(date).open, zone->to_utc(date, wall)) << symbol << format_date(date);
    }
  }
}

TEST(TradingCalendarTest, UsHolidaysFollowTheRules) {
  for (const std::string_view closed :
       {"2024-01-01", "2024-01-15", "2024-02-19", "2024-03-29", "2024-05-27", "2024-06-19",
        "2024-07-04", "2024-09-02", "2024-11-28", "2024-12-25", "2022-12-26", "2021-07-05"}) {
    EXPECT_FALSE(trades("AAPL", closed)) << closed;
  }
  for (const std::string_view open : {"2024-01-02", "2021-12-31", "2024-04-01", "2024-10-14"}) {
    EXPECT_TRUE(trades("AAPL", open)) << open;
  }
}

TEST(TradingCalendarTest, OtherVenuesKeepTheirOwnDays) {
  EXPECT_FALSE(trades("SAP.DE", "2024-04-01"));
  EXPECT_TRUE(trades("SAP.DE", "2024-07-04"));
  EXPECT_TRUE(trades("BTC-USD", "2024-12-25"));
  EXPECT_FALSE(trades("EURUSD=X", "2024-06-29"));
}

TEST(TradingCalendarTest, ZoneNamesSayWhichTimeIsInForce) {
  VenueClock clock(*calendar_listing("AAPL").venue);
  EXPECT_EQ(clock.zone_name(*parse_time("2024-01-02T15:00Z")), "EST");
  EXPECT_EQ(clock.offset_seconds(*parse_time("2024-01-02T15:00Z")), -18000);
  EXPECT_EQ(clock.zone_name(*parse_time("2024-07-02T15:00Z")), "EDT");
}

TEST(ListingTest, SyntheticSymbolsAreKnownAndStable) {
  const auto one = find_listing("S0001", 7);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->price, find_listing("S0001", 7)->price);
  EXPECT_EQ(one->splits, find_listing("S0001", 7)->splits);
  EXPECT_TRUE(find_listing("S9999", 7));
  for (const std::string_view unknown : {"NOPE", "S001", "S00001", "S00a1", "aapl", ""}) {
    EXPECT_FALSE(find_listing(unknown, 7)) << unknown;
  }
}

TEST(ListingTest, SuffixTellsVenueAndCurrency) {
  EXPECT_EQ(listing_by_suffix("XYZ.L").currency, "GBp");
  EXPECT_EQ(listing_by_suffix("XYZ.DE").venue->zone, "Europe/Berlin");
  EXPECT_EQ(listing_by_suffix("XYZ-USD").kind, ListingKind::crypto);
  EXPECT_EQ(listing_by_suffix("XYZ").venue->code, "NMS");
}

}  // namespace
}  // namespace vortex
