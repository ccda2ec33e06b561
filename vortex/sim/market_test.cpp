#include "vortex/sim/market.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <unistd.h>

namespace vortex {
namespace {

const TimePoint kMarketNow = *parse_time("2025-06-02T21:00Z");

DateSpan span_of(std::string_view first, std::string_view last) {
  return {*parse_date(first), *parse_date(last)};
}

Listing listing_in(Market& market, const std::string& symbol) {
  return **market.find(symbol);
}

bool is_sound(const SimBar& bar) {
  return bar.high >= std::max(bar.open, bar.close) && bar.low <= std::min(bar.open, bar.close) &&
         bar.low > 0 && bar.volume >= 0;
}

TEST(MarketTest, EveryBarIsSoundAndStampsRise) {
  Market market(3);
  for (const std::string symbol :
       {"AAPL", "^GSPC", "OCDO.L", "EURUSD=X", "BTC-USD", "VFINX", "S0042"}) {
    const Listing listing = listing_in(market, symbol);
    const auto bars = market.daily(listing, span_of("1960-01-01", "2025-06-02"), kMarketNow);
    ASSERT_GT(bars.size(), 1000U) << symbol;
    TimePoint last = TimePoint::min();
    for (const SimBar& bar : bars) {
      ASSERT_TRUE(is_sound(bar)) << symbol << format_time(bar.start);
      ASSERT_EQ(bar.close, as_float(bar.close)) << symbol;
      ASSERT_LT(last, bar.start);
      last = bar.start;
    }
  }
}

TEST(MarketTest, TheSameSeedGivesTheSamePricesAndAnotherSeedOthers) {
  Market one(5);
  Market two(5);
  Market other(6);
  const DateSpan dates = span_of("2024-01-01", "2024-03-01");
  const auto bars = one.daily(listing_in(one, "AAPL"), dates, kMarketNow);
  EXPECT_EQ(bars, two.daily(listing_in(two, "AAPL"), dates, kMarketNow));
  EXPECT_NE(bars, other.daily(listing_in(other, "AAPL"), dates, kMarketNow));
}

TEST(MarketTest, APartOfTheHistoryEqualsTheWhole) {
  Market market(5);
  const Listing listing = listing_in(market, "MSFT");
  const auto whole = market.daily(listing, span_of("2000-01-01", "2025-05-30"), kMarketNow);
  const auto part = market.daily(listing, span_of("2025-05-01", "2025-05-30"), kMarketNow);
  ASSERT_LT(part.size(), whole.size());
  EXPECT_TRUE(std::equal(part.rbegin(), part.rend(), whole.rbegin()));
}

TEST(MarketTest, IntradayBarsAddUpToTheDay) {
  Market market(11);
  for (const std::string symbol : {"AAPL", "0005.HK", "BTC-USD", "EURUSD=X", "ES=F", "S0007"}) {
    const Listing listing = listing_in(market, symbol);
    VenueClock clock(*listing.venue);
    for (const int step : {1, 5, 15, 30, 60, 90, 240}) {
      const DateSpan dates = span_of("2025-05-20", "2025-05-29");
      const auto days = market.daily(listing, dates, kMarketNow);
      const auto slots = market.intraday(listing, {dates, step, false}, kMarketNow);
      for (const SimBar& day : days) {
        const Date date = clock.local_date(day.start);
        std::vector<SimBar> own;
        std::ranges::copy_if(slots, std::back_inserter(own),
                             [&](const SimBar& b) { return clock.local_date(b.start) == date; });
        ASSERT_FALSE(own.empty());
        EXPECT_TRUE(std::ranges::all_of(own, is_sound));
        EXPECT_EQ(merge_bars(own.data(), own.data() + own.size()), day) << symbol << step;
      }
    }
  }
}

TEST(MarketTest, SomeMinutesHaveNoTrade) {
  Market market(11);
  const auto bars = market.intraday(listing_in(market, "AAPL"),
                                    {span_of("2025-05-19", "2025-05-23"), 1, false}, kMarketNow);
  EXPECT_EQ(bars.size(), 5U * 390U);
  const auto empty = std::ranges::count_if(bars, &SimBar::empty);
  EXPECT_GT(empty, 0);
  EXPECT_LT(empty, 40);
}

TEST(MarketTest, TheSessionInProgressHoldsWhatTradedSoFar) {
  Market market(2);
  const Listing listing = listing_in(market, "AAPL");
  const DateSpan today = span_of("2025-06-02", "2025-06-02");
  const auto before = market.daily(listing, today, *parse_time("2025-06-02T13:29Z"));
  const auto during = market.daily(listing, today, *parse_time("2025-06-02T15:00Z"));
  const auto after = market.daily(listing, today, kMarketNow);
  EXPECT_TRUE(before.empty());
  ASSERT_EQ(during.size(), 1U);
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(during[0].open, after[0].open);
  EXPECT_LT(during[0].volume, after[0].volume);
  EXPECT_LE(during[0].high, after[0].high);
  const auto slots = market.intraday(listing, {today, 30, false}, *parse_time("2025-06-02T15:00Z"));
  EXPECT_EQ(merge_bars(slots.data(), slots.data() + slots.size()), during[0]);
}

TEST(MarketTest, ASplitRescalesWhatCameBeforeItOnceItIsEffective) {
  Market market(1);
  const Listing listing = listing_in(market, "NVDA");
  const DateSpan dates = span_of("2024-05-01", "2024-06-07");
  const auto before = market.daily(listing, dates, *parse_time("2024-06-09T12:00Z"));
  const auto after = market.daily(listing, dates, *parse_time("2024-06-10T12:00Z"));
  ASSERT_EQ(before.size(), after.size());
  EXPECT_NEAR(before.back().close / after.back().close, 10.0, 1e-5);
  EXPECT_NEAR(static_cast<double>(after.back().volume) / static_cast<double>(before.back().volume),
              10.0, 1e-5);
}

TEST(MarketTest, AnAddedSplitBecomesPartOfTheHistory) {
  Market market(1);
  const DateSpan dates = span_of("2025-05-01", "2025-05-30");
  const auto before = market.daily(listing_in(market, "KO"), dates, kMarketNow);
  market.add_split("KO", {*parse_date("2025-06-02"), 2, 1});
  const Listing split = listing_in(market, "KO");
  const auto after = market.daily(split, dates, kMarketNow);
  EXPECT_NEAR(before.back().close / after.back().close, 2.0, 1e-5);
  EXPECT_EQ(market.splits(split, span_of("2025-06-01", "2025-06-30")).size(), 1U);
}

TEST(MarketTest, DividendsComeFourTimesAYearAndLowerAdjustedCloses) {
  Market market(1);
  const Listing listing = listing_in(market, "KO");
  const auto paid = market.dividends(listing, span_of("2024-01-01", "2024-12-31"), kMarketNow);
  ASSERT_EQ(paid.size(), 4U);
  const auto bars = market.daily(listing, span_of("2024-05-01", "2024-05-31"), kMarketNow);
  const auto adjusted = market.adjusted_closes(listing, bars, kMarketNow);
  const auto ex = std::ranges::find_if(
      bars, [&](const SimBar& b) { return date_of(b.start) == paid[1].ex_date; });
  ASSERT_NE(ex, bars.end());
  const auto at = static_cast<std::size_t>(ex - bars.begin());
  const double step = (adjusted[at - 1] / bars[at - 1].close) / (adjusted[at] / bars[at].close);
  EXPECT_NEAR(step, 1 - paid[1].amount / bars[at - 1].close, 1e-6);
}

TEST(MarketTest, ARestatedDayChangesAlone) {
  Market market(1);
  const Listing listing = listing_in(market, "AAPL");
  const DateSpan dates = span_of("2024-01-02", "2024-01-31");
  auto expected = market.daily(listing, dates, kMarketNow);
  market.restate("AAPL", *parse_date("2024-01-10"), {.close = 42.5, .volume = 7});
  for (SimBar& bar : expected) {
    if (date_of(bar.start) != *parse_date("2024-01-10")) continue;
    bar.close = 42.5;
    bar.volume = 7;
  }
  EXPECT_EQ(market.daily(listing, dates, kMarketNow), expected);
}

TEST(CsvPricesTest, ReadsDailyAndIntradayFiles) {
  const auto daily = parse_price_csv(
      "date,open,high,low,close,volume\n2024-01-02,1,2,0.5,1.5,10\r\n2024-01-03,,,,,\n", "x.csv");
  ASSERT_TRUE(daily);
  EXPECT_FALSE(daily->intraday);
  ASSERT_EQ(daily->rows.size(), 2U);
  EXPECT_EQ(daily->rows[0].high, 2);
  EXPECT_TRUE(daily->rows[1].empty);
  const auto intraday = parse_price_csv(
      "timestamp,open,high,low,close,volume\n2024-01-02T14:30:00Z,1,2,0.5,1.5,10\n", "x.csv");
  ASSERT_TRUE(intraday);
  EXPECT_TRUE(intraday->intraday);
}

TEST(CsvPricesTest, ABadLineIsNamed) {
  const std::string header = "date,open,high,low,close,volume\n";
  for (const std::string_view bad :
       {"2024-01-32,1,1,1,1,1\n", "2024-01-02,1,1,1,1\n", "2024-01-02,1,1,1,1,1,1\n",
        "2024-01-02,one,1,1,1,1\n", "2024-01-02,1,nan,1,1,1\n", "2024-01-02,1,,1,1,1\n"}) {
    const auto series =
        parse_price_csv(header + "2024-01-01,1,1,1,1,1\n" + std::string(bad), "X.csv");
    ASSERT_FALSE(series) << bad;
    EXPECT_TRUE(series.error().message.contains("X.csv:3")) << series.error().message;
  }
  EXPECT_FALSE(parse_price_csv(header + "2024-01-02,1,1,1,1,1\n2024-01-02,1,1,1,1,1\n", "X.csv"));
  EXPECT_FALSE(parse_price_csv("day,o,h,l,c,v\n", "X.csv"));
}

class CsvFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("vortex-sim-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& rows) const {
    std::ofstream(folder_ / name) << "date,open,high,low,close,volume\n" << rows;
  }
  std::filesystem::path folder_;
};

TEST_F(CsvFolderTest, GivenPricesAreServedAsWrittenAndReadAgainWhenChanged) {
  write("%5EXYZ.csv", "2024-01-02,1.1,2.2,0.5,1.7,10\n");
  auto prices = CsvPrices::open(folder_.string());
  ASSERT_TRUE(prices) << prices.error().message;
  Market market(1, std::move(*prices));
  const DateSpan dates = span_of("2024-01-01", "2024-01-31");
  auto bars = market.daily(listing_in(market, "^XYZ"), dates, kMarketNow);
  ASSERT_EQ(bars.size(), 1U);
  EXPECT_EQ(bars[0].close, 1.7);
  EXPECT_EQ(format_time(bars[0].start), "2024-01-02T14:30:00Z");
  write("%5EXYZ.csv", "2024-01-02,1.1,2.2,0.5,1.75,10\n");
  bars = market.daily(listing_in(market, "^XYZ"), dates, kMarketNow);
  EXPECT_EQ(bars[0].close, 1.75);
}

TEST_F(CsvFolderTest, ABadFileStopsTheStart) {
  write("XYZ.csv", "2024-01-02,1.1,2.2,0.5\n");
  const auto prices = CsvPrices::open(folder_.string());
  ASSERT_FALSE(prices);
  EXPECT_TRUE(prices.error().message.contains("XYZ.csv:2"));
  EXPECT_FALSE(CsvPrices::open((folder_ / "nowhere").string()));
}

TEST_F(CsvFolderTest, IntradayFilesGiveSlotsAndDays) {
  std::ofstream(folder_ / "XYZ.csv") << "timestamp,open,high,low,close,volume\n"
                                        "2024-01-02T14:30:00Z,10,12,9,11,5\n"
                                        "2024-01-02T14:31:00Z,11,13,10,12,6\n"
                                        "2024-01-02T14:35:00Z,12,12,8,9,7\n";
  auto prices = CsvPrices::open(folder_.string());
  ASSERT_TRUE(prices);
  Market market(1, std::move(*prices));
  const Listing listing = listing_in(market, "XYZ");
  const DateSpan dates = span_of("2024-01-02", "2024-01-02");
  const auto slots = market.intraday(listing, {dates, 5, false}, kMarketNow);
  ASSERT_EQ(slots.size(), 2U);
  EXPECT_EQ(slots[0].volume, 11);
  EXPECT_EQ(slots[0].high, 13);
  const auto days = market.daily(listing, dates, kMarketNow);
  ASSERT_EQ(days.size(), 1U);
  EXPECT_EQ(days[0].low, 8);
  EXPECT_EQ(days[0].close, 9);
}

}  // namespace
}  // namespace vortex
