#include "vortex/store/side_rows.hpp"

#include <set>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>

#include "vortex/store/row_columns.hpp"

namespace vortex {
namespace {

std::shared_ptr<arrow::Schema> some_schema() {
  return arrow::schema({arrow::field("name", arrow::utf8()), arrow::field("size", arrow::int64()),
                        arrow::field("price", arrow::float64()),
                        arrow::field("day", arrow::date32()),
                        arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
                        arrow::field("commit_id", arrow::utf8())});
}

struct SomeRow {
  std::string name = "a";
  std::int64_t size = 1;
  double price = 2;
  Date day{std::chrono::days{3}};
  std::optional<TimePoint> at = TimePoint{Duration{4}};
  std::string commit = "c";
};

std::shared_ptr<arrow::RecordBatch> rows_of(const std::vector<SomeRow>& rows) {
  RowWriter writer(some_schema());
  for (const SomeRow& row : rows) {
    writer.text_or_null(row.name);
    writer.whole(row.size);
    writer.number(row.price);
    writer.date(row.day);
    writer.moment(row.at);
    writer.text(row.commit);
  }
  return writer.finish().value();
}

// The same rows, the texts of column 0 as a dictionary.
std::shared_ptr<arrow::RecordBatch> coded(const arrow::RecordBatch& rows) {
  arrow::StringDictionary32Builder builder;
  const auto& texts = static_cast<const arrow::StringArray&>(*rows.column(0));
  for (std::int64_t row = 0; row < texts.length(); ++row) {
    EXPECT_TRUE(
        (texts.IsNull(row) ? builder.AppendNull() : builder.Append(texts.GetView(row))).ok());
  }
  const auto array = builder.Finish().ValueOrDie();
  return rows.SetColumn(0, arrow::field("name", array->type()), array).ValueOrDie();
}

TEST(SideRowsTest, EveryColumnButTheCommitIsInTheHash) {
  const SomeRow plain;
  std::vector<SomeRow> rows(8);
  rows[1].name = "b";
  rows[2].size = 2;
  rows[3].price = 2.5;
  rows[4].day += std::chrono::days{1};
  rows[5].at = TimePoint{Duration{5}};
  rows[6].at.reset();
  rows[7].name = "";  // null
  const auto hashes = hashes_of(*rows_of(rows), *some_schema());
  EXPECT_EQ(std::set(hashes.begin(), hashes.end()).size(), rows.size());
  SomeRow settled = plain;
  settled.commit = "";
  EXPECT_EQ(hashes_of(*rows_of({settled}), *some_schema())[0], hashes[0]);
}

TEST(SideRowsTest, CodedAndPlainTextsAndSlicesAreTheSameRows) {
  std::vector<SomeRow> rows(5);
  rows[1].name = "";
  rows[3].name = "long enough not to lie in the string itself";
  const auto plain = rows_of(rows);
  const auto hashes = hashes_of(*plain, *some_schema());
  EXPECT_EQ(hashes_of(*coded(*plain), *some_schema()), hashes);
  EXPECT_EQ(hashes_of(*coded(*plain)->Slice(2), *some_schema()),
            std::vector(hashes.begin() + 2, hashes.end()));
  const auto back = rows_in_schema(*coded(*plain), some_schema(), 1, 3, /*settled=*/false).value();
  EXPECT_TRUE(back->Equals(*plain->Slice(1, 3)));
}

TEST(SideRowsTest, SettledRowsLoseTheirCommitAndAbsentColumnsAreNull) {
  const auto rows = rows_of(std::vector<SomeRow>(2));
  const auto settled = rows_in_schema(*rows, some_schema(), 0, 2, /*settled=*/true).value();
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*settled->column(5)).GetView(1), "");
  EXPECT_EQ(settled->column(5)->null_count(), 0);
  const auto fewer = rows->RemoveColumn(1).ValueOrDie();
  const auto filled = rows_in_schema(*fewer, some_schema(), 0, 2, /*settled=*/false).value();
  EXPECT_EQ(filled->column(1)->null_count(), 2);
  EXPECT_NE(hashes_of(*fewer, *some_schema()), hashes_of(*rows, *some_schema()));
  EXPECT_EQ(hashes_of(*fewer, *some_schema()), hashes_of(*filled, *some_schema()));
}

TEST(SideRowsTest, AColumnOfAnotherTypeIsNotTakenForOurs) {
  const auto rows = rows_of(std::vector<SomeRow>(1));
  const auto odd =
      rows->SetColumn(1, arrow::field("size", arrow::float64()), rows->column(2)).ValueOrDie();
  const auto taken = rows_in_schema(*odd, some_schema(), 0, 1, /*settled=*/false);
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace vortex
