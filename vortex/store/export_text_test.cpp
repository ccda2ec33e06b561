#include "vortex/store/export_text.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "vortex/store/export_events.hpp"
#include "vortex/store/store_test_support.hpp"

namespace vortex {
namespace {

Date on(const char* text) {
  return *parse_date(text);
}

ActionOnBasis split_on(const char* ex_date, double numerator) {
  return {.action = {.kind = ActionKind::split, .ex_date = on(ex_date), .numerator = numerator},
          .basis = on(ex_date)};
}

ActionOnBasis paid_on(const char* ex_date, double amount, const char* basis) {
  return {.action = {.kind = ActionKind::dividend, .ex_date = on(ex_date), .amount = amount},
          .basis = on(basis)};
}

std::vector<Date> january(std::initializer_list<int> days) {
  std::vector<Date> out;
  for (const int day : days) out.push_back(on("2024-01-01") + std::chrono::days{day - 1});
  return out;
}

std::shared_ptr<arrow::Table> rows_of(Interval interval, const std::vector<const char*>& stamps,
                                      double price = 10.5) {
  BarBatchBuilder builder;
  for (const char* stamp : stamps) {
    builder.append({.timestamp = *parse_time(stamp),
                    .open = price,
                    .high = price,
                    .low = price,
                    .close = price,
                    .volume = 1000.25});
  }
  const auto batch =
      builder.finish({.symbol = "X", .provider = "yahoo", .interval = interval, .capture_id = "c"});
  return arrow::Table::FromRecordBatches({batch.value()}).ValueOrDie();
}

using Writer = Result<void> (*)(const ExportSeries&, const ByteSink&);
const std::vector<ActionOnBasis> kNoActions;

Result<std::string> written(Writer write, Interval interval, const arrow::Table& bars,
                            const char* zone = "UTC",
                            const std::vector<ActionOnBasis>& actions = kNoActions) {
  std::string text;
  const ExportSeries series{.bars = bars,
                            .interval = interval,
                            .adjust = Adjustment::none,
                            .actions = actions,
                            .zone = TimeZone::find(zone).value()};
  VORTEX_TRY_VOID(write(series, [&](std::string_view piece) -> Result<void> {
    text += piece;
    return {};
  }));
  return text;
}

TEST(ExportEventsTest, AnEventOfADayWithoutARowActsOnTheNext) {
  const auto rows = events_on_rows(january({2, 3, 8}), {split_on("2024-01-05", 4)},
                                   Adjustment::none, on("2024-01-08"));
  EXPECT_EQ(rows, (std::vector<RowEvents>{{}, {}, {.split = 4}}));
}

TEST(ExportEventsTest, EventsUpToTheFirstRowOrAfterTheLastAreLeftOut) {
  const std::vector<ActionOnBasis> actions = {split_on("2024-01-02", 2), split_on("2024-01-09", 3),
                                              paid_on("2024-01-02", 1, "2024-01-31")};
  const auto rows = events_on_rows(january({2, 3}), actions, Adjustment::none, on("2024-01-03"));
  EXPECT_EQ(rows, (std::vector<RowEvents>{{}, {}}));
}

TEST(ExportEventsTest, ADividendIsOfTheSharesOfTheRowBefore) {
  // 0.25 on shares of after both splits: four times that on those of before the second.
  const std::vector<ActionOnBasis> actions = {split_on("2024-01-03", 2), split_on("2024-01-05", 4),
                                              paid_on("2024-01-04", 0.25, "2024-01-31"),
                                              paid_on("2024-01-05", 0.5, "2024-01-31")};
  const auto days = january({2, 3, 4, 5});
  const auto traded = events_on_rows(days, actions, Adjustment::none, on("2024-01-05"));
  EXPECT_EQ(traded, (std::vector<RowEvents>{
                        {}, {.split = 2}, {.dividend = 1}, {.dividend = 2, .split = 4}}));
  const auto adjusted = events_on_rows(days, actions, Adjustment::split, on("2024-01-31"));
  EXPECT_EQ(adjusted, (std::vector<RowEvents>{{}, {}, {.dividend = 0.25}, {.dividend = 0.5}}));
  EXPECT_EQ(events_on_rows(days, actions, Adjustment::all, on("2024-01-31")),
            std::vector<RowEvents>(4));
}

TEST(ExportZiplineTest, WritesTheFormItsReaderExpects) {
  const auto bars = rows_of(Interval::d1, {"2024-01-02", "2024-01-03"});
  const auto text =
      written(write_zipline, Interval::d1, *bars, "UTC", {split_on("2024-01-03", 1.5)});
  EXPECT_EQ(text.value(),
            "date,open,high,low,close,volume,dividend,split\n"
            "2024-01-02,10.5,10.5,10.5,10.5,1000,0.0,1.0\n"
            "2024-01-03,10.5,10.5,10.5,10.5,1000,0.0,1.5\n");
}

TEST(ExportZiplineTest, AMinuteIsLabelledByItsEndInUtcAndCarriesNoEvents) {
  const auto bars = rows_of(Interval::m1, {"2024-01-02T14:30Z", "2024-01-03T23:59Z"});
  const auto text =
      written(write_zipline, Interval::m1, *bars, "America/New_York", {split_on("2024-01-03", 4)});
  EXPECT_EQ(text.value(),
            "date,open,high,low,close,volume,dividend,split\n"
            "2024-01-02 14:31:00,10.5,10.5,10.5,10.5,1000,0.0,1.0\n"
            "2024-01-04 00:00:00,10.5,10.5,10.5,10.5,1000,0.0,1.0\n");
}

TEST(ExportZiplineTest, PricesItWouldTurnIntoOthersAreRefused) {
  for (const double price : {-37.63, 5e6}) {
    const auto bars = rows_of(Interval::d1, {"2020-04-20"}, price);
    const auto text = written(write_zipline, Interval::d1, *bars);
    ASSERT_FALSE(text.has_value()) << price;
    EXPECT_EQ(text.error().code, ErrorCode::unsupported);
  }
}

TEST(ExportZiplineTest, MissingValuesAreEmptyCells) {
  const auto bars = rows_of(Interval::d1, {"2024-01-02"}, std::nan(""));
  EXPECT_NE(written(write_zipline, Interval::d1, *bars).value().find("\n2024-01-02,,,,,1000,"),
            std::string::npos);
}

TEST(ExportBacktraderTest, F2TimesAreTheExchangesAcrossAChangeOfClocks) {
  const auto bars = rows_of(Interval::m5, {"2024-03-08T14:30Z", "2024-03-11T13:30Z"});
  EXPECT_EQ(written(write_backtrader, Interval::m5, *bars, "America/New_York").value(),
            "datetime,open,high,low,close,volume,openinterest\n"
            "2024-03-08 09:35:00,10.5,10.5,10.5,10.5,1000.25,0\n"
            "2024-03-11 09:35:00,10.5,10.5,10.5,10.5,1000.25,0\n");
}

TEST(ExportBacktraderTest, F2AnHourThatComesTwiceIsRefused) {
  const auto bars = rows_of(Interval::h1, {"2024-11-03T04:00Z", "2024-11-03T05:00Z"});
  EXPECT_EQ(written(write_backtrader, Interval::h1, *bars, "America/New_York").error().code,
            ErrorCode::unsupported);
  EXPECT_TRUE(written(write_backtrader, Interval::h1, *bars, "UTC").has_value());
}

TEST(ExportBacktraderTest, ALongBarCarriesTheLastDayItSpans) {
  const auto weeks = rows_of(Interval::wk1, {"2024-01-01"});
  EXPECT_NE(written(write_backtrader, Interval::wk1, *weeks).value().find("\n2024-01-07 00:00:00,"),
            std::string::npos);
  const auto months = rows_of(Interval::mo1, {"2024-02-01"});
  EXPECT_NE(
      written(write_backtrader, Interval::mo1, *months).value().find("\n2024-02-29 00:00:00,"),
      std::string::npos);
}

}  // namespace
}  // namespace vortex
