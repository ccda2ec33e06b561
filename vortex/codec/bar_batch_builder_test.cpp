#include "vortex/codec/bar_batch_builder.hpp"

#include <cmath>
#include <limits>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include "vortex/codec/arrow_error.hpp"
#include "vortex/codec/bar_view.hpp"

namespace vortex {
namespace {

BarConstants builder_constants() {
  return {.symbol = "BRK-B",
          .provider = "yahoo",
          .interval = Interval::m1,
          .adjusted = Adjustment::split,
          .basis = Date{std::chrono::days{19724}},
          .transform_timestamp = from_unix_seconds(1'704'300'000)};
}

std::shared_ptr<arrow::RecordBatch> build_rows(std::size_t rows) {
  BarBatchBuilder builder;
  for (std::size_t i = 0; i < rows; ++i) {
    const double price = 100 + static_cast<double>(i);
    builder.append({from_unix_seconds(1'704'205'800 + 60 * static_cast<std::int64_t>(i)), price,
                    price + 1, price - 1, price + 0.5, 1000});
  }
  return builder.finish(builder_constants()).value();
}

TEST(BarBatchBuilderTest, BatchIsCanonicalAndValid) {
  for (const std::size_t rows : {0U, 1U, 7U, 8U, 9U, 1000U}) {
    const auto batch = build_rows(rows);
    EXPECT_TRUE(batch->schema()->Equals(*bar_schema()));
    EXPECT_EQ(batch->num_rows(), static_cast<std::int64_t>(rows));
    EXPECT_TRUE(batch->ValidateFull().ok()) << batch->ValidateFull().ToString();
  }
}

TEST(BarBatchBuilderTest, MissingAndInfiniteBecomeNull) {
  BarBatchBuilder builder;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 9; ++i) {
    builder.append({from_unix_seconds(i), 1, 2, 0.5, 1.5, 10});
  }
  builder.column(kOpen)[8] = BarBatchBuilder::kMissing;
  builder.column(kClose)[0] = -kInfinity;
  builder.column(kClose)[8] = kInfinity;
  const auto batch = builder.finish(builder_constants()).value();
  ASSERT_TRUE(batch->ValidateFull().ok());
  const BarView view(*batch);
  EXPECT_EQ(view.null_count(kOpen), 1);
  EXPECT_EQ(view.null_count(kClose), 2);
  EXPECT_EQ(view.null_count(kHigh), 0);
  EXPECT_EQ(view.validity(kHigh), nullptr);
  EXPECT_TRUE(view.is_null(kOpen, 8));
  EXPECT_FALSE(view.is_null(kOpen, 7));
  EXPECT_TRUE(view.is_null(kClose, 0));
  EXPECT_FALSE(std::isnan(view.value(kOpen, 8)));
}

TEST(BarBatchBuilderTest, UntouchedColumnsAreNullThroughout) {
  const auto batch = build_rows(5);
  const BarView view(*batch);
  for (const BarColumn column : {kVwap, kTradeCount, kOpenInterest}) {
    EXPECT_EQ(view.null_count(column), 5);
    EXPECT_TRUE(view.is_null(column, 4));
  }
}

TEST(BarBatchBuilderTest, ConstantsHoldInEveryRow) {
  const auto batch = build_rows(3);
  const BarView view(*batch);
  for (std::int64_t row = 0; row < 3; ++row) {
    EXPECT_EQ(view.text(kSymbol, row), "BRK-B");
    EXPECT_EQ(view.text(kProvider, row), "yahoo");
    EXPECT_EQ(view.text(kInterval, row), "1m");
    EXPECT_EQ(view.text(kAdjusted, row), "split");
    EXPECT_EQ(view.text(kCaptureId, row), "");
    EXPECT_EQ(view.basis(row), Date{std::chrono::days{19724}});
    EXPECT_EQ(view.transform_time(row), from_unix_seconds(1'704'300'000));
    EXPECT_TRUE(view.is_final(row));
  }
}

TEST(BarBatchBuilderTest, UnfinalRowsAreMarked) {
  BarBatchBuilder builder;
  builder.append({.timestamp = from_unix_seconds(0)});
  builder.append({.timestamp = from_unix_seconds(60), .final = false});
  const auto batch = builder.finish(builder_constants()).value();
  const BarView view(*batch);
  EXPECT_TRUE(view.is_final(0));
  EXPECT_FALSE(view.is_final(1));
}

TEST(BarBatchBuilderTest, ColumnsOfUnequalLengthAreRefused) {
  BarBatchBuilder builder;
  builder.append({.timestamp = from_unix_seconds(0)});
  builder.timestamps().append(60);
  const auto batch = builder.finish(builder_constants());
  ASSERT_FALSE(batch.has_value());
  EXPECT_EQ(batch.error().code, ErrorCode::internal);
}

TEST(BarBatchBuilderTest, CaptureIdIsReplacedAndTheRestShared) {
  const auto batch = build_rows(4);
  const auto named = with_capture_id(batch, "cap-7");
  ASSERT_TRUE(named->ValidateFull().ok());
  EXPECT_EQ(BarView(*named).text(kCaptureId, 3), "cap-7");
  EXPECT_EQ(BarView(*named).timestamps(), BarView(*batch).timestamps());
}

TEST(BarBatchBuilderTest, BatchesShareWhatTheyHaveAlikeAndNothingElse) {
  const auto one_row = [](double close, const BarConstants& constants) {
    BarBatchBuilder builder;
    builder.append({from_unix_seconds(60), 1, 2, 0.5, close, 10});
    return builder.finish(constants).value();
  };
  const auto address = [](const arrow::RecordBatch& batch, BarColumn column) {
    return batch.column_data()[static_cast<std::size_t>(column)].get();
  };
  BarConstants constants = builder_constants();
  const auto first = one_row(1.25, constants);
  constants.symbol = "AAPL";
  constants.basis += std::chrono::days{1};
  const auto second = one_row(1.5, constants);
  for (const BarColumn column : {kProvider, kInterval, kVwap, kAdjusted, kFinal}) {
    EXPECT_EQ(address(*first, column), address(*second, column)) << bar_column_name(column);
  }
  const BarView before(*first);
  const BarView after(*second);
  EXPECT_EQ(before.text(kSymbol, 0), "BRK-B");
  EXPECT_EQ(after.text(kSymbol, 0), "AAPL");
  EXPECT_EQ(after.basis(0) - before.basis(0), std::chrono::days{1});
  EXPECT_EQ(before.value(kClose, 0), 1.25);
  EXPECT_EQ(after.value(kClose, 0), 1.5);
}

TEST(BarBatchBuilderTest, FewRowsAndManyHoldTheSame) {
  for (const std::size_t rows : {64U, 65U}) {  // up to 64 lie in one buffer
    BarBatchBuilder builder;
    for (std::size_t i = 0; i < rows; ++i) {
      const auto price = static_cast<double>(i);
      builder.append({from_unix_seconds(static_cast<std::int64_t>(i)), price, price + 3, price - 1,
                      price + 1, 7});
      builder.column(kVwap).append(price + 2);
    }
    builder.column(kHigh)[rows - 1] = BarBatchBuilder::kMissing;
    const auto batch = builder.finish(builder_constants()).value();
    ASSERT_TRUE(batch->ValidateFull().ok());
    const BarView view(*batch);
    const auto last = static_cast<std::int64_t>(rows) - 1;
    EXPECT_EQ(view.value(kOpen, last), static_cast<double>(last));
    EXPECT_TRUE(view.is_null(kHigh, last));
    EXPECT_EQ(view.value(kHigh, 2), 5);
    EXPECT_EQ(view.value(kLow, last), static_cast<double>(last) - 1);
    EXPECT_EQ(view.value(kClose, last), static_cast<double>(last) + 1);
    EXPECT_EQ(view.value(kVwap, last), static_cast<double>(last) + 2);
    EXPECT_EQ(builder.rows(), 0U);
  }
}

TEST(ColumnBufferTest, GrowsAndKeepsWhatWasWritten) {
  ColumnBuffer<double> column;
  for (int i = 0; i < 10'000; ++i) column.append(i);
  column.resize(5000);
  EXPECT_EQ(column.size(), 5000U);
  EXPECT_EQ(column[4999], 4999.0);
  EXPECT_EQ(column.take()->size(), 40'000);
  EXPECT_TRUE(column.empty());
}

TEST(BarViewTest, ReadsSlicesFromTheirOwnFirstRow) {
  const auto batch = build_rows(20);
  const auto slice = batch->Slice(9, 5);
  const BarView view(*slice);
  EXPECT_EQ(view.rows(), 5);
  EXPECT_EQ(view.value(kOpen, 0), 109.0);
  EXPECT_EQ(view.time(0), from_unix_seconds(1'704'205'800 + 540));
  EXPECT_TRUE(view.is_final(4));
  EXPECT_EQ(view.text(kSymbol, 4), "BRK-B");
}

TEST(BarViewTest, ForeignSchemaIsNamed) {
  const auto batch = build_rows(2);
  const auto cut = batch->RemoveColumn(kVolume).ValueOrDie();
  const auto view = BarView::of(*cut);
  ASSERT_FALSE(view.has_value());
  EXPECT_EQ(view.error().code, ErrorCode::schema);
  EXPECT_NE(view.error().message.find("volume"), std::string::npos);
  EXPECT_TRUE(BarView::of(*batch).has_value());
}

TEST(ArrowErrorTest, StatusKeepsItsTextAsEvidence) {
  const auto result = to_result(arrow::Status::IOError("no\nroom"), ErrorCode::storage);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::storage);
  EXPECT_NE(result.error().evidence.find("room"), std::string::npos);
  EXPECT_TRUE(to_result(arrow::Status::OK(), ErrorCode::storage).has_value());
}

}  // namespace
}  // namespace vortex
