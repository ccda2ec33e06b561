#include "vortex/provider/answer_rows.hpp"

#include <gmock/gmock.h>

namespace vortex {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(AnswerRowsTest, RowsOfAnArrayAreItsObjects) {
  const auto found = rows_of_answer(
      R"({"status":{"code":200},"results":[{"a":1, "b":"x,}{"},{"a":2}],"more":[1,2]})");
  EXPECT_THAT(found.rows, ElementsAre(R"({"a":1, "b":"x,}{"})", R"({"a":2})"));
  EXPECT_FALSE(found.is_cut);
  EXPECT_THAT(rows_of_answer(R"([{"a":1},{"a":2}])").rows, SizeIs(2));
}

TEST(AnswerRowsTest, RowsOfAnObjectKeepTheirNames) {
  const auto found = rows_of_answer(
      "{\"Meta Data\": {\"1. Symbol\": \"IBM\"}, \"Candles\": {\n"
      "  \"2024-01-02\": {\n    \"open\": \"1\"\n  },\n"
      "  \"2024-01-03\": {\"open\": \"2\"}}}");
  EXPECT_THAT(found.rows,
              ElementsAre(R"("2024-01-02": { "open": "1" })", R"("2024-01-03": {"open": "2"})"));
}

TEST(AnswerRowsTest, LinesAreRowsButTheHeader) {
  EXPECT_THAT(rows_of_answer("day,first,last\r\n02.01.2024,1,2\r\n\r\n03.01.2024,2,3").rows,
              ElementsAre("02.01.2024,1,2", "03.01.2024,2,3"));
  EXPECT_THAT(rows_of_answer("2024-01-02,1,2\n2024-01-03,2,3\n").rows, SizeIs(2))
      << "without a header the first line is one too";
  EXPECT_THAT(rows_of_answer("ZCH24,\"01/02\",1\nZCH24,\"01/03\",2\n").rows, SizeIs(2));
}

TEST(AnswerRowsTest, WhatHasNoRowsHasNone) {
  for (const std::string_view body :
       {"", " ", "{}", "[]", "null", R"({"Information":"We moved, to 7 Elm Street."})",
        "}}}}{{{{]]]",
        R"({"chart":{"result":[{"timestamp":[1],"indicators":{"quote":[{"open":[1]}]}}]}})",
        "one line", R"({"a":{"b":{)", "\"", "{\"a\\"}) {
    EXPECT_THAT(rows_of_answer(body).rows, IsEmpty()) << body;
  }
}

TEST(AnswerRowsTest, NumberAndSizeAreBounded) {
  std::string many = "day,open\n";
  for (std::size_t i = 0; i <= kAnswerRowsMax; ++i) many += std::to_string(i) + ",1\n";
  const auto cut = rows_of_answer(many);
  EXPECT_THAT(cut.rows, SizeIs(kAnswerRowsMax));
  EXPECT_TRUE(cut.is_cut);

  std::string wide;
  for (int i = 0; i < 400; ++i) wide += "1," + std::string(2000, 'x') + "\n";
  const auto bounded = rows_of_answer(wide);
  EXPECT_TRUE(bounded.is_cut);
  ASSERT_FALSE(bounded.rows.empty());
  EXPECT_LE(bounded.rows.size() * bounded.rows.front().size(), kAnswerRowsBytesMax);
  EXPECT_LE(bounded.rows.front().size(), kAnswerRowBytesMax + 3) << "and a sign of the cut";
}

}  // namespace
}  // namespace vortex
