#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/codec/bar_file.hpp"
#include "vortex/codec/bar_file_cells.hpp"
#include "vortex/codec/bar_file_time.hpp"
#include "vortex/codec/bar_view.hpp"

namespace vortex {
namespace {

const std::string kCsvHeader = "timestamp,open,high,low,close,volume\n";

BarFile csv_file(std::string_view text) {
  auto file = read_bar_csv(text, "AAPL");
  EXPECT_TRUE(file.has_value()) << file.error().to_line();
  return file.has_value() ? std::move(*file) : BarFile{.bars = empty_bars()};
}

std::string csv_error(std::string_view text) {
  const auto file = read_bar_csv(text, "AAPL");
  return file ? "read" : file.error().to_line();
}

std::string stamp_of(const BarFile& file, std::int64_t row = 0) {
  return format_time(BarView(*file.bars).time(row));
}

bool has_note(const BarFile& file, std::string_view part) {
  return std::ranges::any_of(file.notes,
                             [&](const std::string& note) { return note.contains(part); });
}

TEST(BarFileCsvTest, ReadsByHeaderInAnyOrderAndCase) {
  const BarFile file = csv_file(
      "\xEF\xBB\xBF"
      "Close,OPEN,High,low,Volume,Date,Adj Close\r\n"
      "4,1,5,0.5,100,2024-01-02,9\r\n");
  const BarView bars(*file.bars);
  ASSERT_EQ(bars.rows(), 1);
  EXPECT_EQ(bars.value(kOpen, 0), 1);
  EXPECT_EQ(bars.value(kHigh, 0), 5);
  EXPECT_EQ(bars.value(kLow, 0), 0.5);
  EXPECT_EQ(bars.value(kClose, 0), 4);
  EXPECT_EQ(bars.text(kSymbol, 0), "AAPL");
  EXPECT_EQ(stamp_of(file), "2024-01-02T00:00:00Z");
  EXPECT_TRUE(has_note(file, "Adj Close"));
  EXPECT_TRUE(has_note(file, "'AAPL' after the file's name"));
  EXPECT_TRUE(file.bars->ValidateFull().ok());
}

TEST(BarFileCsvTest, QuotesMayHoldDelimitersQuotesAndLines) {
  const BarFile file = csv_file(
      "timestamp,label,open,high,low,close,volume,symbol\n"
      "2024-01-02,\"a \"\"b\"\", c\nd\",1,2,0.5,1.5,3,\"X\"\n"
      "2024-01-03,,1,2,0.5,1.5,3,Y\n");
  const BarView bars(*file.bars);
  ASSERT_EQ(bars.rows(), 2);
  EXPECT_EQ(bars.text(kSymbol, 1), "Y");
  EXPECT_EQ(file.places, (std::vector<std::int64_t>{2, 4}));
}

TEST(BarFileCsvTest, MissingCellsAreNullNeverZero) {
  const BarFile file = csv_file(kCsvHeader + "2024-01-02,,nan,NULL,1,N/A\n");
  const BarView bars(*file.bars);
  EXPECT_TRUE(bars.is_null(kOpen, 0));
  EXPECT_TRUE(bars.is_null(kHigh, 0));
  EXPECT_TRUE(bars.is_null(kLow, 0));
  EXPECT_FALSE(bars.is_null(kClose, 0));
  EXPECT_TRUE(bars.is_null(kVolume, 0));
}

TEST(BarFileCsvTest, AMissingColumnIsNamedWithTheNearest) {
  const std::string error = csv_error("timestamp,open,hihg,low,close,volume\n");
  EXPECT_EQ(error.substr(0, 8), "VX-4003 ");
  EXPECT_NE(error.find("no column 'high': the nearest is 'hihg'"), std::string::npos) << error;
  EXPECT_NE(csv_error("a,b\n1,2\n").find("no column 'timestamp'"), std::string::npos);
}

TEST(BarFileCsvTest, AColumnThereTwiceIsRefused) {
  EXPECT_NE(csv_error("date,open,Open,high,low,close,volume\n").find("twice"), std::string::npos);
}

TEST(BarFileCsvTest, CloseWinsOverLast) {
  const BarFile file =
      csv_file("date,open,high,low,last,close,volume\n2024-01-02,1,2,0.5,9,1.5,3\n");
  EXPECT_EQ(BarView(*file.bars).value(kClose, 0), 1.5);
}

TEST(BarFileCsvTest, BadCellsAreNamedByLineAndColumn) {
  EXPECT_NE(csv_error(kCsvHeader + "2024-01-02,1,2,x,1,1\n")
                .find("line 2, column 'low': 'x' is no number"),
            std::string::npos);
  EXPECT_NE(csv_error(kCsvHeader + "\n\n2024-13-02,1,2,1,1,1\n").find("line 4, column 'timestamp'"),
            std::string::npos);
  EXPECT_NE(csv_error(kCsvHeader + "2024-01-02,1,2,1,1\n2024-01-03,1,2,1,1,1\n")
                .find("line 2: 5 fields where the header has 6"),
            std::string::npos);
  EXPECT_NE(csv_error(kCsvHeader + "2024-01-02,\"1,2,1,1,1\n").find("quote is never closed"),
            std::string::npos);
  EXPECT_NE(
      csv_error(kCsvHeader + "2024-01-02,\"1\"x,2,1,1,1\n").find("text follows a quoted field"),
      std::string::npos);
}

TEST(BarFileCsvTest, ACutLastLineIsTruncated) {
  EXPECT_EQ(csv_error(kCsvHeader + "2024-01-02,1,2,1,1,1\n2024-01-03,1,2").substr(0, 7), "VX-4002");
}

TEST(BarFileCsvTest, HostileTextIsRefusedWithATypedError) {
  EXPECT_EQ(csv_error("").substr(0, 7), "VX-4001");
  EXPECT_EQ(csv_error("\n\r\n").substr(0, 7), "VX-4001");
  EXPECT_EQ(csv_error(std::string("a\0b", 3)).substr(0, 7), "VX-4001");
  EXPECT_EQ(csv_error("2024-01-02,1,2,1,1,1\n").substr(0, 7), "VX-4003");
  EXPECT_EQ(csv_error(std::string(100'000, ',')).substr(0, 7), "VX-4001");
  EXPECT_EQ(csv_error("<!DOCTYPE html><html>").substr(0, 7), "VX-4003");
}

TEST(BarFileCsvTest, TextThatIsNotUtf8IsRefusedWithItsLine) {
  const std::string error = csv_error(
      "date,symbol,open,high,low,close,volume\n2024-01-02,A,1,2,1,1,1\n"
      "2024-01-03,\xFF\xFE,1,2,1,1,1\n");
  EXPECT_EQ(error, "VX-4001 line 3, column 'symbol': text that is not UTF-8");
  EXPECT_EQ(read_bar_csv(kCsvHeader + "2024-01-02,1,2,1,1,1\n", "\xFF").error().code,
            ErrorCode::usage);
}

TEST(BarFileCsvTest, AFooterOfWordsIsNoted) {
  const BarFile file =
      csv_file(kCsvHeader + "2024-01-02,1,2,1,1,1\n\"Downloaded from somewhere\"\n");
  EXPECT_EQ(file.bars->num_rows(), 1);
  EXPECT_TRUE(has_note(file, "Downloaded from somewhere"));
}

TEST(BarFileCsvTest, DateAndTimeMayBeTwoColumns) {
  const BarFile file =
      csv_file("Date;Time;Open;High;Low;Close;Volume\n2024-01-02;09:05:00;1;2;1;1;1\n");
  EXPECT_EQ(stamp_of(file), "2024-01-02T09:05:00Z");
  EXPECT_TRUE(has_note(file, "no zone"));
}

TEST(BarFileCsvTest, LocalMidnightsAreSessionDates) {
  const BarFile file = csv_file(kCsvHeader +
                                "2022-01-03 00:00:00+08:00,1,2,1,1,1\n"
                                "2022-01-04 00:00:00+08:00,1,2,1,1,1\n");
  EXPECT_EQ(stamp_of(file), "2022-01-03T00:00:00Z");
  EXPECT_TRUE(has_note(file, "session dates"));
}

TEST(BarFileCsvTest, SlashDatesNeedOneThatTellsDayFromMonth) {
  const BarFile file =
      csv_file(kCsvHeader + "11/5/2019 9:30,1,2,1,1,1\n11/13/2019 9:31,1,2,1,1,1\n");
  EXPECT_EQ(stamp_of(file), "2019-11-05T09:30:00Z");
  EXPECT_EQ(csv_error(kCsvHeader + "11/5/2019,1,2,1,1,1\n").substr(0, 7), "VX-4001");
}

TEST(StampReaderTest, ReadsTheCommonForms) {
  const auto utc = [](std::string_view text) {
    StampReader reader;
    const auto stamp = reader.read(text);
    return stamp ? format_time(TimePoint(Duration(stamp->utc()))) : std::string("none");
  };
  EXPECT_EQ(utc("2024-01-02"), "2024-01-02T00:00:00Z");
  EXPECT_EQ(utc("20240102"), "2024-01-02T00:00:00Z");
  EXPECT_EQ(utc("20110103 090100"), "2011-01-03T09:01:00Z");
  EXPECT_EQ(utc("2024-01-02T14:30Z"), "2024-01-02T14:30:00Z");
  EXPECT_EQ(utc("2024-01-02 14:30:05.25-05:00"), "2024-01-02T19:30:05.25Z");
  EXPECT_EQ(utc("2023-10-17T05:00:00+0000"), "2023-10-17T05:00:00Z");
  EXPECT_EQ(utc("1704205800"), "2024-01-02T14:30:00Z");
  EXPECT_EQ(utc("1704205800000"), "2024-01-02T14:30:00Z");
  EXPECT_EQ(utc("1704205800000000"), "2024-01-02T14:30:00Z");
  EXPECT_EQ(utc("1704205800000000123"), "2024-01-02T14:30:00Z");
  EXPECT_EQ(utc("-252374400"), "1962-01-02T00:00:00Z");
  for (const char* bad :
       {"2024-02-30", "2024-01-02T25:00Z", "Jan 1 2000", "12", "2024-01-02T14:30+99", "20240102Z1",
        "9999999999999999999", "2024-01-02T14:30Zx", "", "-"}) {
    EXPECT_EQ(utc(bad), "none") << bad;
  }
}

TEST(StampReaderTest, UnitsDoNotMix) {
  StampReader reader;
  EXPECT_TRUE(reader.read("1704205800"));
  EXPECT_FALSE(reader.read("1704205800000"));
}

TEST(NumberCellTest, NothingIsRoundedToInfinityOrZero) {
  EXPECT_EQ(read_number_cell(" 1.5 "), 1.5);
  EXPECT_EQ(read_number_cell("+2"), 2);
  EXPECT_EQ(read_number_cell("0.0"), 0);
  EXPECT_TRUE(std::isnan(*read_number_cell("nan")));
  EXPECT_TRUE(std::isinf(*read_number_cell("-inf")));
  for (const char* bad : {"1e400", "1e-400", "1,234.5", "+-1", "0x10", "1.5x", "--1"}) {
    EXPECT_FALSE(read_number_cell(bad)) << bad;
  }
}

TEST(BarSeriesTest, SymbolsAreSplitAndOldestComesFirst) {
  const BarFile file = csv_file(
      "date,symbol,open,high,low,close,volume\n"
      "2024-01-03,A,1,2,1,1,1\n2024-01-02,B,3,4,3,3,1\n"
      "2024-01-02,A,2,2,1,1,1\n2024-01-03,B,1,2,1,1,1\n");
  const auto series = split_by_series(file);
  ASSERT_TRUE(series.has_value());
  ASSERT_EQ(series->size(), 2U);
  EXPECT_EQ((*series)[0].symbol, "A");
  EXPECT_EQ((*series)[0].interval, "1d");
  EXPECT_EQ((*series)[0].rows, (std::vector<std::int64_t>{2, 0}));
  EXPECT_EQ(BarView(*(*series)[0].bars).value(kOpen, 0), 2);
  EXPECT_EQ((*series)[1].rows, (std::vector<std::int64_t>{1, 3}));
  EXPECT_EQ((*series)[1].bars->ValidateFull().ToString(), "OK");
}

TEST(BarSeriesTest, AFileWithoutRowsHasNoSeries) {
  const auto series = split_by_series(csv_file(kCsvHeader));
  ASSERT_TRUE(series.has_value());
  EXPECT_TRUE(series->empty());
}

}  // namespace
}  // namespace vortex
