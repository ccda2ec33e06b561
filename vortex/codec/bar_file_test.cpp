#include "vortex/codec/bar_file.hpp"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/codec/bar_view.hpp"

namespace vortex {
namespace {

namespace fs = std::filesystem;

// A folder of its own that goes away with the test.
class BarFileFolder {
 public:
  BarFileFolder() {
    std::string pattern = (fs::temp_directory_path() / "vortex_bar_file_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~BarFileFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  BarFileFolder(const BarFileFolder&) = delete;
  BarFileFolder& operator=(const BarFileFolder&) = delete;

  std::string write(const std::string& name, std::string_view bytes) const {
    std::ofstream out(path_ / name, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return (path_ / name).string();
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::shared_ptr<arrow::Table> table_of(const std::shared_ptr<arrow::RecordBatch>& batch) {
  return *arrow::Table::FromRecordBatches({batch});
}

std::shared_ptr<arrow::RecordBatch> odd_bars(int rows) {
  std::mt19937_64 random(7);
  BarBatchBuilder builder;
  for (int n = 0; n < rows; ++n) {
    const auto value = [&] {
      double number = 0;
      do number = std::bit_cast<double>(random());
      while (!std::isfinite(number) || number == 0 || std::abs(number) < 1e-300);
      return number;
    };
    builder.append({.timestamp = from_unix_seconds(-100'000'000 + n) + Duration(n % 3 * 250'000),
                    .open = value(),
                    .high = value(),
                    .low = value(),
                    .close = n % 5 == 0 ? BarBatchBuilder::kMissing : value(),
                    .volume = value(),
                    .final = n % 7 != 0});
  }
  return *builder.finish({.symbol = "A,\"B",
                          .provider = "test",
                          .interval = Interval::m1,
                          .adjusted = Adjustment::split,
                          .basis = Date(std::chrono::days(19'000)),
                          .transform_timestamp = from_unix_seconds(1'704'205'800),
                          .capture_id = "c1"});
}

// Bit for bit, nulls and constants included.
void expect_same(const arrow::RecordBatch& left, const arrow::RecordBatch& right) {
  ASSERT_EQ(left.num_rows(), right.num_rows());
  const BarView a(left), b(right);
  for (std::int64_t row = 0; row < left.num_rows(); ++row) {
    ASSERT_EQ(a.time(row), b.time(row));
    ASSERT_EQ(a.is_final(row), b.is_final(row));
    ASSERT_EQ(a.basis(row), b.basis(row));
    ASSERT_EQ(a.transform_time(row), b.transform_time(row));
    for (const BarColumn column : {kOpen, kHigh, kLow, kClose, kVolume, kVwap}) {
      ASSERT_EQ(a.is_null(column, row), b.is_null(column, row));
      if (!a.is_null(column, row)) ASSERT_EQ(a.value(column, row), b.value(column, row));
    }
    for (const BarColumn column : {kSymbol, kProvider, kInterval, kAdjusted, kCaptureId}) {
      ASSERT_EQ(a.text(column, row), b.text(column, row));
    }
  }
}

TEST(BarFileTest, EveryFormatThatIsReadComesBackBitForBit) {
  const BarFileFolder folder;
  const auto bars = odd_bars(1000);
  for (const BarFormat format : {BarFormat::csv, BarFormat::arrow, BarFormat::parquet}) {
    const auto bytes = write_bars(*table_of(bars), format);
    ASSERT_TRUE(bytes.has_value()) << bytes.error().to_line();
    const auto file = read_bar_file(folder.write("bars." + std::string(to_string(format)), *bytes));
    ASSERT_TRUE(file.has_value()) << file.error().to_line();
    expect_same(*bars, *file->bars);
  }
}

TEST(BarFileTest, CsvIsAsDocumented) {
  BarBatchBuilder builder;
  builder.append({.timestamp = from_unix_seconds(1'704'205'800),
                  .open = 0.1,
                  .high = 1e22,
                  .low = BarBatchBuilder::kMissing,
                  .close = 12345678,
                  .volume = -0.0});
  const auto bars = *builder.finish({.symbol = "BRK-B",
                                     .provider = "yahoo",
                                     .interval = Interval::m1,
                                     .basis = Date(std::chrono::days(19'724)),
                                     .transform_timestamp = from_unix_seconds(1'704'205'900)});
  EXPECT_EQ(*write_bars(*table_of(bars), BarFormat::csv),
            "timestamp,open,high,low,close,volume,symbol,provider,interval,vwap,trade_count,"
            "open_interest,adjusted,basis,final,transform_timestamp,capture_id\n"
            "2024-01-02T14:30:00Z,0.1,1e+22,,12345678,-0,BRK-B,yahoo,1m,,,,none,2024-01-02,true,"
            "2024-01-02T14:31:40Z,\n");
}

TEST(BarFileTest, JsonIsOneArrayOfObjects) {
  const auto text = write_bars(*table_of(odd_bars(3)), BarFormat::json);
  EXPECT_TRUE(text->starts_with("[\n{\"timestamp\":\"")) << *text;
  EXPECT_TRUE(text->ends_with("}\n]\n"));
  EXPECT_NE(text->find("\"close\":null"), std::string::npos);
  EXPECT_NE(text->find("\"symbol\":\"A,\\\"B\""), std::string::npos);
  EXPECT_EQ(*write_bars(*table_of(empty_bars()), BarFormat::json), "[]\n");
}

TEST(BarFileTest, TheTableForPeopleIsAligned) {
  BarBatchBuilder builder;
  builder.append({.timestamp = midnight(Date(std::chrono::days(19'724))),
                  .open = 1.5,
                  .high = 20,
                  .low = 1,
                  .close = 2,
                  .volume = 1'000'000});
  builder.append({.timestamp = midnight(Date(std::chrono::days(19'725))),
                  .open = 10.25,
                  .high = 2,
                  .low = 1,
                  .close = BarBatchBuilder::kMissing,
                  .volume = 7});
  const auto bars = *builder.finish({.symbol = "AAPL", .provider = "x"});
  EXPECT_EQ(*write_bars(*table_of(bars), BarFormat::table),
            "timestamp    open  high  low  close   volume  symbol\n"
            "2024-01-02    1.5    20    1      2  1000000  AAPL\n"
            "2024-01-03  10.25     2    1               7  AAPL\n");
}

TEST(BarFileTest, WritersStopAtTheSinksError) {
  const auto full = [](std::string_view) -> Result<void> {
    return fail(ErrorCode::disk_full, "full");
  };
  for (const BarFormat format :
       {BarFormat::table, BarFormat::csv, BarFormat::json, BarFormat::arrow, BarFormat::parquet}) {
    const auto written = write_bars(*table_of(odd_bars(10)), format, full);
    ASSERT_FALSE(written.has_value()) << to_string(format);
    EXPECT_EQ(written.error().code, ErrorCode::disk_full) << to_string(format);
  }
}

TEST(BarFileTest, LargeTextComesInPieces) {
  std::size_t largest = 0, pieces = 0;
  const auto count = [&](std::string_view piece) -> Result<void> {
    largest = std::max(largest, piece.size());
    ++pieces;
    return {};
  };
  ASSERT_TRUE(write_bars(*table_of(odd_bars(30'000)), BarFormat::csv, count).has_value());
  EXPECT_GT(pieces, 3U);
  EXPECT_LT(largest, std::size_t{2} << 20);
}

TEST(BarFileTest, FormatsAreNamed) {
  EXPECT_EQ(*parse_bar_format("parquet"), BarFormat::parquet);
  EXPECT_NE(parse_bar_format("parket").error().message.find("'parquet'"), std::string::npos);
  EXPECT_EQ(*bar_format_of("a/b.CSV"), BarFormat::csv);
  EXPECT_EQ(bar_format_of("a.b/c").error().code, ErrorCode::usage);
}

TEST(BarFileTest, PathsThatAreNoFilesAreUsageErrors) {
  const BarFileFolder folder;
  folder.write("prices.csv", "timestamp,open,high,low,close,volume\n");
  const auto missing = read_bar_file((folder.path() / "price.csv").string());
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(exit_code(missing.error().error_class()), 2);
  EXPECT_NE(missing.error().message.find("did you mean 'prices.csv'"), std::string::npos);
  EXPECT_EQ(read_bar_file(folder.path().string()).error().code, ErrorCode::usage);
  EXPECT_EQ(read_bar_file(std::string("a\0b", 3)).error().code, ErrorCode::usage);
  EXPECT_EQ(read_bar_file(folder.write("empty.csv", "")).error().code, ErrorCode::bad_payload);
}

TEST(BarFileTest, DamagedParquetIsATypedErrorAtEveryCut) {
  const BarFileFolder folder;
  const std::string whole = *write_bars(*table_of(odd_bars(200)), BarFormat::parquet);
  for (std::size_t size = 1; size < whole.size(); size += 97) {
    const auto file =
        read_bar_file(folder.write("cut.parquet", std::string_view(whole).substr(0, size)));
    ASSERT_FALSE(file.has_value()) << size;
    EXPECT_EQ(exit_code(file.error().error_class()), 6) << size;
  }
  EXPECT_EQ(read_bar_file(folder.write("no.parquet", "not at all")).error().code,
            ErrorCode::bad_payload);
}

// Any byte may be wrong: a typed error or other numbers, never a crash.
TEST(BarFileTest, FlippedBytesNeverCrash) {
  const BarFileFolder folder;
  std::mt19937 random(11);
  for (const BarFormat format : {BarFormat::parquet, BarFormat::arrow, BarFormat::csv}) {
    const std::string whole = *write_bars(*table_of(odd_bars(50)), format);
    for (int round = 0; round < 150; ++round) {
      std::string bytes = whole;
      for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
      const auto file = read_bar_file(folder.write("flipped", bytes));
      if (file) {
        EXPECT_TRUE(file->bars->ValidateFull().ok());
      } else {
        EXPECT_NE(file.error().code, ErrorCode::internal) << file.error().to_line();
      }
    }
  }
}

}  // namespace
}  // namespace vortex
