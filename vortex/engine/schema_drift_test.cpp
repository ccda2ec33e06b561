// An answer of another form (fault C5): nothing of it is believed, its rows stand in quarantine
// under one error that shows both forms, and its bytes are kept.
#include <filesystem>

#include <arrow/table.h>
#include <gmock/gmock.h>

#include "vortex/base/fault_record_for_test.hpp"
#include "vortex/base/random.hpp"
#include "vortex/engine/decode_job.hpp"
#include "vortex/provider/alphavantage/alphavantage_adapter.hpp"
#include "vortex/provider/barchart/barchart_adapter.hpp"

namespace vortex {
namespace {

using test::fault_fired;
using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;

constexpr std::string_view kAlphaJson =
    R"j({"Meta Data":{"2. Symbol":"IBM","5. Time Zone":"US/Eastern"},"Time Series (Daily)":{)j"
    R"j("2024-01-03":{"1. open":"161.0","2. high":"162.5","3. low":"160.5",)j"
    R"j("4. close":"160.9","5. volume":"4086065"},)j"
    R"j("2024-01-02":{"1. open":"162.8","2. high":"163.3","3. low":"160.4",)j"
    R"j("4. close":"161.5","5. volume":"3825044"}}})j";
constexpr std::string_view kAlphaCsv =
    "timestamp,open,high,low,close,volume\r\n"
    "2024-01-03,161.0,162.5,160.5,160.9,4086065\r\n"
    "2024-01-02,162.8,163.3,160.4,161.5,3825044\r\n";
constexpr std::string_view kBarchartJson =
    R"({"status":{"code":200,"message":"Success."},"results":[)"
    R"({"symbol":"ZCH24","timestamp":"2024-01-02T00:00:00-06:00","tradingDay":"2024-01-02",)"
    R"("open":471.25,"high":473,"low":462.5,"close":463.75,"volume":172345,"openInterest":601},)"
    R"({"symbol":"ZCH24","timestamp":"2024-01-03T00:00:00-06:00","tradingDay":"2024-01-03",)"
    R"("open":463.5,"high":468,"low":462,"close":465.5,"volume":150000,"openInterest":602}]})";
constexpr std::string_view kBarchartCsv =
    "symbol,timestamp,tradingDay,open,high,low,close,volume,openInterest\n"
    "ZCH24,2024-01-02T00:00:00-06:00,2024-01-02,471.25,473,462.5,463.75,172345,601234\n"
    "ZCH24,2024-01-03T00:00:00-06:00,2024-01-03,463.5,468,462,465.5,150000,602000\n";

struct Drift {
  std::string_view what;
  std::string_view sound;
  std::vector<std::pair<std::string_view, std::string_view>> changes;  // every place
  std::string_view found, expected;
};

std::string changed(const Drift& drift) {
  std::string body(drift.sound);
  for (const auto& [from, to] : drift.changes) {
    std::size_t at = body.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    for (; at != std::string::npos; at = body.find(from, at + to.size())) {
      body.replace(at, from.size(), to);
    }
  }
  return body;
}

Result<CheckedPage> decoded(std::string_view sound, std::string_view body, bool keep = true) {
  static const AlphaVantageAdapter alphavantage;
  static const BarchartAdapter barchart;
  const bool alpha = sound == kAlphaJson || sound == kAlphaCsv;
  DecodeJob job{.adapter = alpha ? static_cast<const HttpAdapter*>(&alphavantage) : &barchart,
                .request = {.symbol = *Symbol::parse(alpha ? "IBM" : "ZCH24"),
                            .interval = Interval::d1,
                            .range = {*parse_time("2024-01-01"), *parse_time("2024-02-01")}},
                .redacted_request = "GET http://x/",
                .keep_refused = keep};
  job.reply.status = 200;
  job.reply.body = Body::copy_of(body);
  job.reply.received_at = *parse_time("2024-02-01T00:00:00Z");
  return run_decode_job(job);
}

// Two rows of the answer are in quarantine, under one error.
void expect_quarantined(const Drift& drift) {
  SCOPED_TRACE(drift.what);
  const auto page = decoded(drift.sound, changed(drift));
  ASSERT_TRUE(page) << page.error().to_line();
  ASSERT_TRUE(page->refused);
  EXPECT_EQ(page->refused->code, ErrorCode::schema);
  EXPECT_THAT(page->refused->message, AllOf(HasSubstr(drift.found), HasSubstr(drift.expected)));
  EXPECT_EQ(page->page.bars->num_rows(), 0);
  ASSERT_THAT(page->quarantine, SizeIs(2));
  ASSERT_TRUE(page->capture);
  for (const QuarantineEntry& entry : page->quarantine) {
    EXPECT_EQ(entry.reasons, "schema");
    EXPECT_EQ(entry.capture_id, page->capture->id);
    EXPECT_FALSE(entry.timestamp);
  }
  EXPECT_NE(page->quarantine[0].row_text, page->quarantine[1].row_text);
  EXPECT_THAT(page->capture->headers,
              AllOf(HasSubstr("vortex-refused"), HasSubstr("VX-4003"), HasSubstr(drift.expected)));
  fault_fired("C5");
}

TEST(SchemaDriftTest, C5AlphaVantagesRowsOfAnotherFormGoToQuarantine) {
  const std::vector<Drift> drifts = {
      {"renamed", kAlphaJson, {{"4. close", "4. last"}}, "'4. last'", "open, high, low, close"},
      {"missing",
       kAlphaJson,
       {{R"("3. low":"160.5",)", ""}, {R"("3. low":"160.4",)", ""}},
       "'2. high', '4. close'",
       "open, high, low, close"},
      {"added",
       kAlphaJson,
       {{R"("4. close")", R"("9. vwap":"1","4. close")"}},
       "'9. vwap'",
       "open, high, low, close"},
      {"date",
       kAlphaJson,
       {{"2024-01-03", "03.01.2024"}, {"2024-01-02", "02.01.2024"}},
       "'03.01.2024'",
       "2024-01-02"},
      {"number",
       kAlphaJson,
       {{"161.0", "161,0"}, {"162.8", "162,8"}},
       "'161,0'",
       "a number such as"},
      {"series", kAlphaJson, {{"Time Series (Daily)", "Candles"}}, "'Candles'", "'Time Series"},
      {"csv renamed", kAlphaCsv, {{"close", "last"}}, "last", "open, high, low, close"},
      {"csv missing", kAlphaCsv, {{",volume", ""}}, "open,high,low,close'", "volume"},
      {"csv added", kAlphaCsv, {{",volume", ",volume,vwap"}}, "vwap", "open, high, low, close"},
      {"csv date", kAlphaCsv, {{"2024-01-", "01/2024/"}}, "01/2024/03", "2024-01-02"},
      {"csv number",
       kAlphaCsv,
       {{"161.0", "161'4"}, {"162.8", "162'8"}},
       "161'4",
       "a number such as"}};
  for (const Drift& drift : drifts) expect_quarantined(drift);
}

TEST(SchemaDriftTest, C5BarchartsRowsOfAnotherFormGoToQuarantine) {
  const std::vector<Drift> drifts = {
      {"renamed", kBarchartJson, {{"\"low\"", "\"lowest\""}}, "'lowest'", "high, low, close"},
      {"missing",
       kBarchartJson,
       {{R"("low":462.5,)", ""}, {R"("low":462,)", ""}},
       "'high', 'close'",
       "high, low, close"},
      {"date",
       kBarchartJson,
       {{"T00:00:00-06:00", " 00:00"}},
       "'2024-01-02 00:00'",
       "2020-05-01T00:00:00-04:00"},
      {"number",
       kBarchartJson,
       {{"463.75", "\"463'6\""}, {"465.5", "\"465'4\""}},
       "close",
       "such as 412.5"},
      {"list", kBarchartJson, {{"\"results\"", "\"bars\""}}, "'bars'", "results is missing"},
      {"csv renamed", kBarchartCsv, {{",close", ",settle"}}, "settle", "Last, Latest or Close"},
      {"csv missing", kBarchartCsv, {{",volume", ""}}, "close,openInterest", "Volume"},
      {"csv date",
       kBarchartCsv,
       {{"T00:00:00-06:00", ""}, {"2024-01-0", "Jan 0"}},
       "Jan 02",
       "YYYY-MM-DD"},
      {"csv number",
       kBarchartCsv,
       {{"471.25", "471'2"}, {"463.5,", "463'4,"}},
       "471'2",
       "such as 412.5"}};
  for (const Drift& drift : drifts) expect_quarantined(drift);
}

TEST(SchemaDriftTest, WhatBarchartAddsIsReadOver) {
  for (const Drift& drift :
       {Drift{"added", kBarchartJson, {{"\"open\"", R"("vwap":1,"open")"}}, "", ""},
        Drift{"csv added",
              kBarchartCsv,
              {{",open,", ",vwap,open,"}, {"-02,4", "-02,1,4"}, {"-03,4", "-03,1,4"}},
              "",
              ""}}) {
    const auto page = decoded(drift.sound, changed(drift));
    ASSERT_TRUE(page) << page.error().to_line();
    EXPECT_FALSE(page->refused) << drift.what;
    EXPECT_EQ(page->page.bars->num_rows(), 2) << drift.what;
  }
}

TEST(SchemaDriftTest, SoundAnswersAreNotRefused) {
  for (const std::string_view sound : {kAlphaJson, kAlphaCsv, kBarchartJson, kBarchartCsv}) {
    const auto page = decoded(sound, sound);
    ASSERT_TRUE(page) << page.error().to_line();
    EXPECT_FALSE(page->refused);
    EXPECT_THAT(page->quarantine, SizeIs(0));
    EXPECT_THAT(page->capture->headers, testing::Not(HasSubstr("vortex-refused")));
  }
}

TEST(SchemaDriftTest, C5WithoutACaptureOrRowsItIsAnError) {
  const std::string renamed = changed({"", kAlphaJson, {{"4. close", "4. last"}}, "", ""});
  const auto unasked = decoded(kAlphaJson, renamed, false);
  ASSERT_FALSE(unasked);
  EXPECT_EQ(unasked.error().code, ErrorCode::schema);
  const auto words = decoded(kAlphaJson, R"({"Information":"We moved house."})");
  ASSERT_FALSE(words);
  EXPECT_EQ(words.error().code, ErrorCode::schema);
  fault_fired("C5", 2);
}

}  // namespace
}  // namespace vortex
