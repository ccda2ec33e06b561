// Files saved by hand: what they are, and what of them cannot be read.
#include <string>

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "vortex/codec/bar_view.hpp"
#include "vortex/provider/barchart/barchart_adapter.hpp"
#include "vortex/provider/barchart/barchart_symbol.hpp"

namespace vortex {
namespace {

constexpr std::string_view kSiteHeader = "Time,Open,High,Low,Latest,Change,%Change,Volume\n";

Result<SavedFile> inspect_named(std::string_view name, std::string_view text) {
  return BarchartSavedFiles().inspect({.name = name}, text);
}

Result<Page> read_hinted(const SavedFileHints& hints, std::string_view text) {
  VORTEX_TRY(const SavedFile file, BarchartSavedFiles().inspect(hints, text));
  HttpReply reply{.status = 200,
                  .headers = {{.name = "Content-Type", .value = file.content_type}},
                  .body = Body::copy_of(text)};
  reply.received_at = parse_time("2026-11-01T00:00:00Z").value();
  return BarchartAdapter().decode(file.request, reply);
}

Result<Page> read_saved(std::string_view name, std::string_view text) {
  return read_hinted({.name = name}, text);
}

std::vector<std::string> stamps_of(const Page& page) {
  std::vector<std::string> out;
  const BarView view(*page.bars);
  out.reserve(static_cast<std::size_t>(view.rows()));
  for (std::int64_t row = 0; row < view.rows(); ++row) out.push_back(format_time(view.time(row)));
  return out;
}

TEST(BarchartSavedTest, NameAndStampsTellSymbolAndInterval) {
  const std::string day = std::string(kSiteHeader) + "2026-03-04,5,6,4,5,1,1%,3\n";
  const auto expect = [&](std::string_view name, std::string_view symbol) {
    const auto file = inspect_named(name, day);
    ASSERT_TRUE(file.has_value()) << file.error().to_line();
    EXPECT_EQ(file->request.symbol.text(), symbol);
    EXPECT_EQ(file->request.interval, Interval::d1);
  };
  expect("nqh26_daily_historical-data-03-05-2026.csv", "NQH26");
  expect("^gbpusd_price-history-08-29-2023.csv", "^GBPUSD");
  expect("gbpusd_price-history-08-29-2023.csv", "^GBPUSD");
  expect("spx_price-history-08-29-2023.csv", "$SPX");
  expect("aapl_price-history-08-29-2023.csv", "AAPL");
  expect("ZCZ26_Barchart_Interactive_Chart_Daily_03_05_2026.csv", "ZCZ26");
}

TEST(BarchartSavedTest, ARenamedFileNeedsItsSymbolSaid) {
  const auto file =
      inspect_named("corn_2026.csv", std::string(kSiteHeader) + "2026-03-04,5,6,4,5,1,1%,3\n");
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().code, ErrorCode::usage);
  EXPECT_NE(file.error().next_step().find("--symbol"), std::string_view::npos);
}

TEST(BarchartSavedTest, ZoneGoesByTheClassOfTheInstrument) {
  const std::string text = std::string(kSiteHeader) +
                           "\"2026-01-05 10:00\",5,6,4,5,1,1%,3\n"
                           "\"2026-01-05 09:00\",5,6,4,5,1,1%,3\n";
  const auto index = read_saved("spx_intraday-60min_historical-data.csv", text);
  ASSERT_TRUE(index.has_value()) << index.error().to_line();
  EXPECT_EQ(stamps_of(*index),
            (std::vector<std::string>{"2026-01-05T14:00:00Z", "2026-01-05T15:00:00Z"}));
  const auto future = read_saved("nqh26_intraday-60min_historical-data.csv", text);
  ASSERT_TRUE(future.has_value());
  EXPECT_EQ(stamps_of(*future),
            (std::vector<std::string>{"2026-01-05T15:00:00Z", "2026-01-05T16:00:00Z"}));
}

TEST(BarchartSavedTest, C6AnHourSaidTwiceKeepsItsOrder) {
  const std::string text = std::string(kSiteHeader) +
                           "\"2025-11-02 02:00\",5,6,4,5,1,1%,4\n"
                           "\"2025-11-02 01:00\",5,6,4,5,1,1%,3\n"
                           "\"2025-11-02 01:00\",5,6,4,5,1,1%,2\n"
                           "\"2025-11-02 00:00\",5,6,4,5,1,1%,1\n";
  const auto page = read_saved("^btcusd_intraday-60min_historical-data.csv", text);
  ASSERT_TRUE(page.has_value()) << page.error().to_line();
  EXPECT_EQ(stamps_of(*page),
            (std::vector<std::string>{"2025-11-02T05:00:00Z", "2025-11-02T06:00:00Z",
                                      "2025-11-02T07:00:00Z", "2025-11-02T08:00:00Z"}));
  EXPECT_EQ(BarView(*page->bars).value(kVolume, 2), 3);
}

TEST(BarchartSavedTest, SeparatorsSignsAndExponentsAreNumbers) {
  const auto page =
      read_saved("zcz26_price-history-x.csv",
                 "Time,Open,High,Low,Last,Change,%Chg,Volume,\"Open Int\"\n"
                 "03/04/2026,-301.,+2.5,-400,1.13E-4,-61.,-0.28%,\"1,195,900\",N/A\n"
                 "3/3/2026,1,2,1,1,0,0.00%,7,12\n"
                 "Downloaded from Barchart.com as of 08-29-2026 08:09am CDT,,,,,,,\n");
  ASSERT_TRUE(page.has_value()) << page.error().to_line();
  const BarView view(*page->bars);
  ASSERT_EQ(view.rows(), 2);
  EXPECT_EQ(view.value(kOpen, 1), -301.0);
  EXPECT_EQ(view.value(kHigh, 1), 2.5);
  EXPECT_EQ(view.value(kClose, 1), 1.13e-4);
  EXPECT_EQ(view.value(kVolume, 1), 1'195'900);
  EXPECT_TRUE(view.is_null(kOpenInterest, 1));
  EXPECT_EQ(view.value(kOpenInterest, 0), 12);
}

TEST(BarchartSavedTest, ATitleLineAndAnotherOrderOfColumnsDoNotMatter) {
  const auto page = read_saved("zcz26_Barchart_Interactive_Chart_x.csv",
                               "ZCZ26 Corn Daily\n"
                               "\"Date Time\",Volume,Close,Low,High,Open,Change\n"
                               "2026-03-03,7,4,1,5,2,0\n"
                               "2026-03-04,8,4,1,5,3,0\n");
  ASSERT_TRUE(page.has_value()) << page.error().to_line();
  EXPECT_EQ(BarView(*page->bars).value(kOpen, 0), 2);
  EXPECT_EQ(BarView(*page->bars).value(kVolume, 1), 8);
}

TEST(BarchartSavedTest, C5C12WhatCannotBeReadSaysTheOldAndTheNewForm) {
  const auto expect = [](std::string_view text, ErrorCode code, std::string_view part) {
    const auto page = read_saved("zcz26_price-history-x.csv", text);
    ASSERT_FALSE(page.has_value()) << text;
    EXPECT_EQ(page.error().code, code) << page.error().to_line();
    EXPECT_NE(page.error().message.find(part), std::string::npos) << page.error().to_line();
  };
  const std::string header(kSiteHeader);
  expect("", ErrorCode::bad_payload, "empty");
  expect(header, ErrorCode::bad_payload, "no rows");
  expect("PAR1\x01\x02", ErrorCode::schema, "not a file of Barchart's website");
  expect("Time,Open,High,Low,Settle,Volume\n2026-03-04,1,1,1,1,1\n", ErrorCode::schema,
         "Open,High,Low,Settle,Volume'; known are Time,Open,High,Low,Latest");
  expect(header + "04.03.2026,5,6,4,5,1,1%,3\n", ErrorCode::schema, "'04.03.2026' came, known are");
  expect(header + "2026-03-04,412'4,6,4,5,1,1%,3\n", ErrorCode::schema,
         "column Open, line 2: '412'4' came, expected a number");
  expect(header + "2026-03-04,5,6,4,5,1,1%,3\n2026-03-0", ErrorCode::schema, "2026-03-0");
  expect(header + "2026-03-04,5,6,4,5,1,1%,3\n2026-03-03,5,6", ErrorCode::truncated, "line 3");
  expect(header + "2026-03-04,5,6,4,5,1,1%,3", ErrorCode::truncated, "no line end");
  expect(header + "2026-03-04,5,6,4,5,1,1%,3,9\n", ErrorCode::schema, "more fields");
  expect(header + "2026-03-04,5,6,4,5,1,1%,3\n\"Downloaded from Barchart on 2027-01-01\"\n",
         ErrorCode::schema, "expected \"Downloaded from Barchart.com as of");
  expect(
      "Symbol,Time,Open,High,Low,Last,Volume\nZCZ26,2026-03-04,5,6,4,5,1\n"
      "ZCH26,2026-03-03,5,6,4,5,1\n",
      ErrorCode::schema, "two symbols in one file, ZCZ26 and ZCH26");
}

TEST(BarchartSavedTest, LabelsAfterTheFilesMomentAreNoStarts) {
  const auto page =
      read_saved("nqh26_intraday-60min_historical-data.csv",
                 std::string(kSiteHeader) +
                     "\"2026-03-05 07:00\",5,6,4,5,1,1%,3\n"
                     "\"2026-03-05 06:00\",5,6,4,5,1,1%,3\n"
                     "\"Downloaded from Barchart.com as of 03-05-2026 06:11am CST\"\n");
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().code, ErrorCode::mismatch);
}

// The newest hour ended at 06:00; the running one is stamped with the end it will have.
const std::string kByEnds = std::string(kSiteHeader) +
                            "\"2026-03-05 07:00\",5,6,4,5,1,1%,3\n"
                            "\"2026-03-05 06:00\",5,6,4,5,1,1%,3\n"
                            "\"2026-03-05 05:00\",5,6,4,5,1,1%,3\n"
                            "\"Downloaded from Barchart.com as of 03-05-2026 06:41am CST\"\n";
constexpr std::string_view kByEndsName = "nqh26_intraday-60min_historical-data.csv";

TEST(BarchartSavedTest, LabelsOfEndsBecomeStartsWhereTheUserSaysSo) {
  const auto unsaid = read_saved(kByEndsName, kByEnds);
  ASSERT_FALSE(unsaid.has_value());
  EXPECT_EQ(unsaid.error().code, ErrorCode::mismatch);
  EXPECT_NE(unsaid.error().hint.find("--labels end"), std::string::npos) << unsaid.error().hint;

  const auto page = read_hinted({.name = kByEndsName, .labels = BarLabels::end}, kByEnds);
  ASSERT_TRUE(page.has_value()) << page.error().to_line();
  // 05:00 and 06:00 of Chicago by their ends; what began at 06:00 can still change.
  EXPECT_EQ(stamps_of(*page),
            (std::vector<std::string>{"2026-03-05T10:00:00Z", "2026-03-05T11:00:00Z"}));
  EXPECT_EQ(page->rows_unfinal, 1);
}

TEST(BarchartSavedTest, C6LabelsOfEndsKeepTheirHourThroughAChangeOfClocks) {
  const auto page = read_hinted({.name = kByEndsName, .labels = BarLabels::end},
                                std::string(kSiteHeader) +
                                    "\"2026-03-08 04:00\",5,6,4,5,1,1%,3\n"
                                    "\"2026-03-08 03:00\",5,6,4,5,1,1%,3\n"
                                    "\"2026-03-08 01:00\",5,6,4,5,1,1%,3\n");
  ASSERT_TRUE(page.has_value()) << page.error().to_line();
  EXPECT_EQ(stamps_of(*page),
            (std::vector<std::string>{"2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z",
                                      "2026-03-08T08:00:00Z"}));
}

TEST(BarchartSavedTest, AShortLastBarBeginsWhereTheOneBeforeItEnded) {
  const auto page = read_hinted({.name = kByEndsName, .labels = BarLabels::end},
                                std::string(kSiteHeader) +
                                    "\"2026-03-05 10:30\",5,6,4,5,1,1%,3\n"
                                    "\"2026-03-04 16:00\",5,6,4,5,1,1%,3\n"
                                    "\"2026-03-04 15:30\",5,6,4,5,1,1%,3\n"
                                    "\"2026-03-04 14:30\",5,6,4,5,1,1%,3\n");
  ASSERT_TRUE(page.has_value()) << page.error().to_line();
  EXPECT_EQ(stamps_of(*page),
            (std::vector<std::string>{"2026-03-04T19:30:00Z", "2026-03-04T20:30:00Z",
                                      "2026-03-04T21:30:00Z", "2026-03-05T15:30:00Z"}));
}

TEST(BarchartSavedTest, LabelsOfAnotherZoneAreRefusedWhateverIsSaid) {
  std::string later = kByEnds;
  later.replace(later.find("07:00"), 5, "09:00");
  const auto page = read_hinted({.name = kByEndsName, .labels = BarLabels::end}, later);
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().code, ErrorCode::mismatch);
}

TEST(BarchartSavedTest, DaysHaveNoLabelsOfEnds) {
  const auto file = BarchartSavedFiles().inspect(
      {.name = "nqh26_daily_historical-data.csv", .labels = BarLabels::end},
      std::string(kSiteHeader) + "2026-03-05,5,6,4,5,1,1%,3\n");
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().code, ErrorCode::usage);
}

TEST(BarchartSymbolTest, ContractsAreReadFromTheRight) {
  EXPECT_EQ(barchart_class("ZCZ21"), BarchartClass::future);
  EXPECT_EQ(barchart_class("A6H26"), BarchartClass::future);
  EXPECT_EQ(barchart_class("XZ26"), BarchartClass::future);
  EXPECT_EQ(barchart_class("KV9M26"), BarchartClass::future);
  EXPECT_EQ(barchart_class("ZC*1"), BarchartClass::continuous);
  EXPECT_EQ(barchart_class("AAPL"), BarchartClass::equity);
  EXPECT_EQ(barchart_class("$SPX"), BarchartClass::index);
  EXPECT_EQ(barchart_class("^EURUSD"), BarchartClass::currency);
  EXPECT_EQ(barchart_class("ZCBZ18-26147-8422.CM"), BarchartClass::cash);
}

}  // namespace
}  // namespace vortex
