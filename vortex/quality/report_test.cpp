#include "vortex/quality/report.hpp"

#include <gtest/gtest.h>

namespace vortex {
namespace {

QualityReport report_of(std::int64_t rows, std::int64_t quarantined, std::int64_t warnings) {
  QualityReport report{.rows = rows, .rows_quarantined = quarantined};
  report.hits[static_cast<std::size_t>(Rule::high_too_low)] = quarantined;
  report.hits[static_cast<std::size_t>(Rule::volume_null)] = warnings;
  return report;
}

TEST(QualityReportTest, NothingJudgedIsPerfect) {
  EXPECT_EQ(QualityReport{}.score(), 100);
}

TEST(QualityReportTest, ScoreCountsWarningsATenth) {
  EXPECT_DOUBLE_EQ(report_of(200, 1, 0).score(), 99.5);
  EXPECT_DOUBLE_EQ(report_of(200, 0, 10).score(), 99.5);
  EXPECT_DOUBLE_EQ(report_of(10, 10, 10).score(), 0);
}

TEST(QualityReportTest, VerdictsAndReportsAddUp) {
  BatchVerdict verdict{.quarantined = {{.row = 3, .reasons = bit(Rule::price_zero)}}, .rows = 5};
  verdict.hits[static_cast<std::size_t>(Rule::price_zero)] = 1;
  QualityReport report = report_of(10, 2, 1);
  report.add(verdict);
  QualityReport sum{.slots_empty = 4};
  sum.add(report);
  EXPECT_EQ(sum.rows, 15);
  EXPECT_EQ(sum.rows_quarantined, 3);
  EXPECT_EQ(sum.slots_empty, 4);
  EXPECT_EQ(sum.hits[static_cast<std::size_t>(Rule::price_zero)], 1);
  EXPECT_EQ(sum.warnings(), 1);
}

TEST(QualityReportTest, JsonListsOnlyRulesThatWereHit) {
  JsonWriter writer;
  report_of(200, 1, 0).write_json(writer);
  EXPECT_EQ(writer.take(),
            R"({"rows":200,"quarantined":1,"slots_empty":0,"outside_sessions":0,)"
            R"("warnings":0,"score":99.5,)"
            R"("rules":[{"id":"Q07","name":"high_too_low","severity":"error","rows":1}]})");
}

TEST(QualityReportTest, TextNamesRowsScoreAndRules) {
  const std::string text = to_text(report_of(200, 1, 3));
  EXPECT_TRUE(text.starts_with("200 rows, 1 quarantined, 3 warnings, score 99.35\n")) << text;
  EXPECT_NE(text.find("Q07 high_too_low"), std::string::npos);
  EXPECT_NE(text.find("Q13 volume_null"), std::string::npos);
  EXPECT_EQ(text.find("Q09"), std::string::npos);
}

}  // namespace
}  // namespace vortex
