// Answers that lie, by the ids of the fault matrix: each is a change of one sound answer. The
// vendor's known wordings and forms of columns stand in tests/cases/alphavantage.
#include <string>
#include <string_view>
#include <vector>

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "vortex/base/fault_record_for_test.hpp"
#include "vortex/codec/bar_view.hpp"
#include "vortex/provider/alphavantage/alphavantage_adapter.hpp"
#include "vortex/provider/alphavantage/alphavantage_errors.hpp"

namespace vortex {
namespace {

using test::fault_fired;

constexpr std::string_view kSoundSeries =
    R"j({"Meta Data":{"1. Information":"Daily Prices","2. Symbol":"IBM","3. Last Refreshed":)j"
    R"j("2024-01-03","4. Output Size":"Compact","5. Time Zone":"US/Eastern"},)j"
    R"j("Time Series (Daily)":{)j"
    R"j("2024-01-03":{"1. open":"161.0000","2. high":"161.7300","3. low":"160.0800",)j"
    R"j("4. close":"160.1000","5. volume":"4086065"},"2024-01-02":{"1. open":"162.8300",)j"
    R"j("2. high":"163.2900","3. low":"160.4600","4. close":"161.5000","5. volume":"3825044"}}})j";

Result<Page> decode_series(std::string_view body, int status = 200) {
  const BarsRequest request{.symbol = *Symbol::parse("IBM"),
                            .range = {*parse_time("2024-01-02"), *parse_time("2024-01-04")}};
  return AlphaVantageAdapter().decode(
      request,
      {.status = status, .body = Body::copy_of(body), .received_at = *parse_time("2024-02-01")});
}

std::string series_with(std::string_view piece, std::string_view other) {
  std::string body(kSoundSeries);
  const auto at = body.find(piece);
  EXPECT_NE(at, std::string::npos) << piece;
  return body.replace(at, piece.size(), other);
}

bool is_refused_form(const Error& error) {
  return error.error_class() == ErrorClass::bad_payload ||
         error.error_class() == ErrorClass::schema;
}

TEST(AlphaVantageFaultsTest, TheSoundAnswerIsSound) {
  const auto page = decode_series(kSoundSeries);
  ASSERT_TRUE(page) << page.error().to_line();
  EXPECT_EQ(page->bars->num_rows(), 2);
}

TEST(AlphaVantageFaultsTest, C1WhatIsNoSeriesIsNeverNoData) {
  for (const std::string_view body :
       {"", " ", "null", "[]", "7", "\"Note: call frequency\"", "Information: premium endpoint",
        R"({"Note":"Thank you"})", R"({"Information":{}})", R"({"Note":null})",
        R"({"Global Quote":{}})", R"({"Meta Data":{}})", "<html></html>", "Too Many Requests",
        R"j({"Time Series (Daily)":null})j", R"j({"Time Series (Daily)":[]})j"}) {
    const auto page = decode_series(body);
    ASSERT_FALSE(page) << body;
    EXPECT_TRUE(is_refused_form(page.error())) << body << page.error().to_line();
    fault_fired("C1");
  }
}

TEST(AlphaVantageFaultsTest, C2ACutAtEveryByteIsTruncatedAndSaysWhere) {
  for (std::size_t k = 1; k < kSoundSeries.size(); ++k) {
    const auto page = decode_series(kSoundSeries.substr(0, k));
    ASSERT_FALSE(page) << k;
    EXPECT_EQ(page.error().code, ErrorCode::truncated) << k << page.error().to_line();
    EXPECT_NE(page.error().message.find("cut at byte " + std::to_string(k)), std::string::npos)
        << page.error().message;
    fault_fired("C2");
  }
}

TEST(AlphaVantageFaultsTest, C3MembersThatComeTwiceAreRefused) {
  const std::string_view row =
      R"("2024-01-02":{"1. open":"1","2. high":"1","3. low":"1","4. close":"1","5. volume":"1"},)";
  for (const std::string& body :
       {series_with(R"("2024-01-03":)", std::string(row) + R"("2024-01-03":)"),
        series_with(R"("2. Symbol":"IBM")", R"("2. Symbol":"IBM","2. Symbol":"IBM")"),
        series_with(R"("1. open":"161.0000",)", R"("1. open":"161.0000","1. open":"1",)"),
        series_with(R"({"Meta Data")", R"j({"Time Series (Daily)":{},"Meta Data")j")}) {
    const auto page = decode_series(body);
    ASSERT_FALSE(page) << body;
    EXPECT_TRUE(is_refused_form(page.error())) << page.error().to_line();
    fault_fired("C3");
  }
}

TEST(AlphaVantageFaultsTest, C3DepthAndBytesThatAreNoTextAreRefused) {
  const std::string deep(100'000, '[');
  for (const std::string& body :
       {series_with("Daily Prices", "Daily \xFF"), series_with("Daily Prices", "\xED\xA0\x80"),
        series_with("Daily Prices", "Daily \x01"), series_with("Daily Prices", "\\ud800"),
        series_with("Daily Prices", "\\q"),
        series_with("\"Daily Prices\"", deep + std::string(100'000, ']'))}) {
    const auto page = decode_series(body);
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().error_class(), ErrorClass::bad_payload) << page.error().to_line();
    fault_fired("C3");
  }
}

TEST(AlphaVantageFaultsTest, C4NumbersAreExactOrRefused) {
  for (const std::string_view number : {"1e400", "-1e400", "NaN", "Infinity", "1,234.5", "0x10",
                                        "+1", ".5", "1.", "01", "12abc", "", "-", " 1", "1 "}) {
    const auto page = decode_series(series_with("161.0000", number));
    ASSERT_FALSE(page) << number;
    EXPECT_TRUE(is_refused_form(page.error())) << page.error().to_line();
    EXPECT_NE(page.error().message.find("1. open"), std::string::npos) << page.error().message;
    fault_fired("C4");
  }
}

TEST(AlphaVantageFaultsTest, C4WhatIsReadIsTheNearestDouble) {
  const std::vector<std::pair<std::string_view, double>> read = {
      {"0.1", 0.1},
      {"-37.63", -37.63},
      {"0.00000007", 7e-8},
      {"12345678901.2345", 12345678901.2345},
      {"123456789012345.678901", 123456789012345.678901},
      {"9007199254740993", 9007199254740992.0},
      {"9223372036854775808", 9223372036854775808.0},
      {"18446744073709551617.5", 18446744073709551617.5},
      {"4.9e-324", 4.9e-324}};
  for (const auto& [text, value] : read) {
    // In the first row it is read with care, in the second by the form learned from the first.
    for (const std::string_view place : {"161.0000", "162.8300"}) {
      const auto page = decode_series(series_with(place, text));
      ASSERT_TRUE(page) << text << page.error().to_line();
      EXPECT_EQ(BarView(*page->bars).value(kOpen, place == "161.0000" ? 1 : 0), value) << text;
      fault_fired("C4");
    }
  }
}

TEST(AlphaVantageFaultsTest, C5AnotherShapeIsASchemaErrorThatShowsBothForms) {
  struct Change {
    std::string body;
    std::string_view found, expected;
  };
  const std::vector<Change> changes = {
      {series_with("3. low", "3. lowest"), "'3. lowest'", "open, high, low, close, volume"},
      {series_with(R"(,"5. volume":"4086065")", ""), "'4. close'", "volume"},
      {series_with("\"2024-01-03\":", "\"03.01.2024\":"), "'03.01.2024'", "2024-01-02"},
      {series_with("\"2024-01-03\":", "\"2024-01-03 16:00:00\":"), "16:00:00", "2024-01-02"},
      {series_with("US/Eastern", "GMT+8"), "'GMT+8'", "'US/Eastern'"},
      {series_with("Time Series (Daily)", "Candles"), "'Candles'", "'Time Series (daily)'"},
      {series_with(R"("1. open":"162.8300",)", R"("1. open":"1","9. new":"1",)"), "'9. new'",
       "open, high, low, close, volume"}};
  for (const Change& change : changes) {
    const auto page = decode_series(change.body);
    ASSERT_FALSE(page) << change.body;
    EXPECT_EQ(page.error().code, ErrorCode::schema) << page.error().to_line();
    EXPECT_NE(page.error().message.find(change.found), std::string::npos) << page.error().message;
    EXPECT_NE(page.error().message.find(change.expected), std::string::npos)
        << page.error().message;
    fault_fired("C5");
  }
}

TEST(AlphaVantageFaultsTest, C6StampsOfNoDayAreRefused) {
  for (const std::string_view stamp : {"1704205800", "2024-02-30", "2024-13-01", "0024-01-03",
                                       "9024-01-03", "2024-1-3", "2024-01-3a"}) {
    const auto page =
        decode_series(series_with("\"2024-01-03\":", "\"" + std::string(stamp) + "\":"));
    ASSERT_FALSE(page) << stamp;
    EXPECT_EQ(page.error().code, ErrorCode::schema) << page.error().to_line();
    fault_fired("C6");
  }
}

TEST(AlphaVantageFaultsTest, C10C11AnswersAboutSomethingElseAreRefused) {
  for (const auto& [piece, other] : {std::pair(R"("2. Symbol":"IBM")", R"("2. Symbol":"MSFT")"),
                                     std::pair("Time Series (Daily)", "Weekly Time Series"),
                                     std::pair("Time Series (Daily)", "Time Series FX (Daily)")}) {
    const auto page = decode_series(series_with(piece, other));
    ASSERT_FALSE(page) << other;
    EXPECT_EQ(page.error().code, ErrorCode::mismatch) << page.error().to_line();
    fault_fired("C10");
  }
  const auto page = decode_series(kSoundSeries);
  ASSERT_TRUE(page);
  EXPECT_EQ(BarView(*page->bars).text(kAdjusted, 0), "none") << "as traded, in every answer";
  fault_fired("C11");
}

TEST(AlphaVantageFaultsTest, C9ARowThatStrikesAnotherLayoutIsReadLikeItsNeighbours) {
  const std::string spread = series_with(R"("2024-01-02":{"1. open":"162.8300",)",
                                         "\n \"2024-01-02\" : {\"1. open\" : 162.83,");
  const auto plain = decode_series(kSoundSeries);
  const auto other = decode_series(spread);
  ASSERT_TRUE(plain && other) << other.error().to_line();
  EXPECT_TRUE(plain->bars->Equals(*other->bars));
  fault_fired("C9");
}

TEST(AlphaVantageFaultsTest, B4B9TheAllowanceReturnsAndAWrongKeyDoesNot) {
  const auto spent = decode_series(
      R"({"Information":"Our standard API rate limit is 25 requests per day. Please subscribe"})");
  ASSERT_FALSE(spent);
  EXPECT_EQ(spent.error().error_class(), ErrorClass::quota_exhausted);
  EXPECT_EQ(spent.error().retry_at, *parse_time("2024-02-01T05:00:00Z"));
  fault_fired("B4");
  const auto wrong = decode_series(
      R"({"Error Message":"the parameter apikey is invalid or missing. Please claim"})");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().error_class(), ErrorClass::authentication);
  EXPECT_FALSE(wrong.error().retryable());
  fault_fired("B9");
}

TEST(AlphaVantageFaultsTest, J1AKeyThatTheVendorEchoesIsInNoPartOfAnError) {
  constexpr std::string_view kKey = "QX7ZP0L2M4N6B8V1";
  const std::string key(kKey);
  for (const std::string& text :
       {"We have detected your API key as " + key + " and our limit is 25 requests per day.",
        "Your key (" + key + ") may not ask this premium endpoint.", "the new words of " + key,
        "https://www.alphavantage.co/query?function=X&apikey=" + key + " is gone",
        std::string("We have detected your API key as short-key.")}) {
    for (const int status : {200, 403, 500}) {
      const auto page = decode_series(R"({"Information":")" + text + "\"}", status);
      ASSERT_FALSE(page);
      const Error& error = page.error();
      for (const std::string& part : {error.message, error.evidence, error.hint}) {
        EXPECT_EQ(part.find(kKey), std::string::npos) << part;
        EXPECT_EQ(part.find("short-key"), std::string::npos) << part;
      }
      fault_fired("J1");
    }
  }
  EXPECT_EQ(mask_keys("a day of 2024-01-02T00:00:00Z stays"),
            "a day of 2024-01-02T00:00:00Z stays");
}

}  // namespace
}  // namespace vortex
