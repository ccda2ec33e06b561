// Bodies that lie, by the ids of the fault matrix: what a chart answer may do wrong, and what
// decode makes of it. Each is a change of one sound answer.
#include <string>
#include <string_view>
#include <vector>

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "vortex/base/fault_record_for_test.hpp"
#include "vortex/codec/bar_view.hpp"
#include "vortex/provider/yahoo/yahoo_adapter.hpp"

namespace vortex {
namespace {

using test::fault_fired;

constexpr std::string_view kSoundChart =
    R"({"chart":{"result":[{"meta":{"currency":"USD","symbol":"AAPL","exchangeName":"NMS",)"
    R"("exchangeTimezoneName":"America/New_York","regularMarketTime":1706734800,)"
    R"("dataGranularity":"1d"},)"
    R"("timestamp":[1704205800,1704292200],"indicators":{"quote":[{"open":[187.15,184.22],)"
    R"("high":[188.44,185.88],"low":[183.89,183.43],"close":[185.64,184.25],)"
    R"("volume":[82488700,58414500]}]}}],"error":null}})";

HttpReply faulty_reply(std::string_view body, int status = 200) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = Body::copy_of(body),
          .received_at = *parse_time("2024-02-01")};
}

Result<Page> decode_faulty(const HttpReply& reply) {
  const BarsRequest request{.symbol = *Symbol::parse("AAPL"),
                            .range = {*parse_time("2024-01-02"), *parse_time("2024-01-04")}};
  return YahooAdapter().decode(request, reply);
}

// The sound answer with one piece replaced.
std::string with_piece(std::string_view piece, std::string_view other) {
  std::string body(kSoundChart);
  const auto at = body.find(piece);
  EXPECT_NE(at, std::string::npos) << piece;
  return body.replace(at, piece.size(), other);
}

std::string outcome_of(const std::string& body) {
  const auto page = decode_faulty(faulty_reply(body));
  return page ? std::to_string(page->bars->num_rows()) + " rows" : to_string(page.error().code);
}

TEST(YahooFaultsTest, TheSoundAnswerIsSound) {
  EXPECT_EQ(outcome_of(std::string(kSoundChart)), "2 rows");
}

TEST(YahooFaultsTest, C1TwoHundredWithAnErrorTextIsNoData) {
  for (const std::string_view body :
       {"", " ", "null", "[]", "{}", "\"Note: call frequency\"", "Information: premium endpoint",
        R"({"Note":"Thank you for using"})", R"({"Information":"rate limit"})", R"({"chart":null})",
        R"({"chart":{"result":null,"error":null}})", "<html></html>", "Too Many Requests"}) {
    const auto page = decode_faulty(faulty_reply(body));
    ASSERT_FALSE(page) << body;
    const auto error_class = page.error().error_class();
    EXPECT_TRUE(error_class == ErrorClass::bad_payload || error_class == ErrorClass::schema ||
                error_class == ErrorClass::rate_limited)
        << body << page.error().to_line();
    fault_fired("C1");
  }
}

TEST(YahooFaultsTest, C2ACutAtEveryByteIsTruncatedAndSaysWhere) {
  for (std::size_t k = 1; k < kSoundChart.size(); ++k) {
    const auto page = decode_faulty(faulty_reply(kSoundChart.substr(0, k)));
    ASSERT_FALSE(page) << k;
    EXPECT_EQ(page.error().code, ErrorCode::truncated) << k << page.error().to_line();
    EXPECT_NE(page.error().message.find("cut at byte " + std::to_string(k)), std::string::npos)
        << page.error().message;
    fault_fired("C2");
  }
}

TEST(YahooFaultsTest, C3MembersThatComeTwiceAreRefused) {
  for (const std::string_view member :
       {R"("timestamp":[1704205800,1704292200],)", R"("open":[187.15,184.22],)"}) {
    const std::string twice = std::string(member) + std::string(member);
    EXPECT_EQ(outcome_of(with_piece(member, twice)), to_string(ErrorCode::bad_payload)) << member;
    fault_fired("C3");
  }
}

TEST(YahooFaultsTest, C3BytesThatAreNoTextAreRefused) {
  const std::vector<std::string> spoilt = {
      with_piece("USD", "US\xFF"),    // no UTF-8 at all
      with_piece("USD", "\xC0\x80"),  // an overlong NUL
      with_piece("USD", "\xED\xA0\x80"),
      with_piece("USD", "U\x01"),
      with_piece(R"("currency":"USD")", R"("currency":"\ud800")"),  // half a pair
      with_piece(R"("currency":"USD")", R"("currency":"\q")")};
  for (const std::string& body : spoilt) {
    const auto page = decode_faulty(faulty_reply(body));
    ASSERT_FALSE(page) << body;
    EXPECT_EQ(page.error().error_class(), ErrorClass::bad_payload) << page.error().to_line();
    fault_fired("C3");
  }
}

TEST(YahooFaultsTest, C3ATextOfManyMegabytesIsReadOrRefusedAndNeverCopiedIntoTheError) {
  const std::string body =
      with_piece(R"("currency":"USD")", R"("odd":")" + std::string(16 << 20, 'x') + "\"");
  EXPECT_EQ(outcome_of(body), "2 rows");
  const auto cut = decode_faulty(faulty_reply(std::string_view(body).substr(0, body.size() - 1)));
  ASSERT_FALSE(cut);
  EXPECT_LT(cut.error().message.size() + cut.error().evidence.size(), 2000u);
}

TEST(YahooFaultsTest, C4NumbersAreExactOrRefused) {
  for (const std::string_view number :
       {"1e400", "-1e400", "NaN", "Infinity", "-Infinity", "\"1,234.5\"", "1,234.5", "0x10", "+1",
        "01", ".5", "1.", "\"12abc\"", "\"\"", "true", "{}", "[1]"}) {
    const auto page = decode_faulty(faulty_reply(with_piece("187.15", number)));
    ASSERT_FALSE(page) << number;
    const auto error_class = page.error().error_class();
    EXPECT_TRUE(error_class == ErrorClass::bad_payload || error_class == ErrorClass::schema)
        << number << page.error().to_line();
    fault_fired("C4");
  }
}

TEST(YahooFaultsTest, C4WhatIsReadIsTheNearestDouble) {
  const std::vector<std::pair<std::string_view, double>> read = {
      {"0.1", 0.1},
      {"\"0.1\"", 0.1},
      {"1e-400", 0},
      {"4.9e-324", 4.9e-324},
      {"1e308", 1e308},
      {"-37.63", -37.63},
      {"9007199254740993", 9007199254740992.0}};
  for (const auto& [text, value] : read) {
    const auto page = decode_faulty(faulty_reply(with_piece("187.15", text)));
    ASSERT_TRUE(page) << text << page.error().to_line();
    EXPECT_EQ(BarView(*page->bars).value(kOpen, 0), value) << text;
    fault_fired("C4");
  }
  const auto beyond = decode_faulty(faulty_reply(with_piece("82488700", "9223372036854775808")));
  ASSERT_TRUE(beyond) << beyond.error().to_line();
  EXPECT_EQ(BarView(*beyond->bars).value(kVolume, 0), 9223372036854775808.0);
}

TEST(YahooFaultsTest, C5AnotherShapeIsASchemaErrorThatNamesTheMember) {
  const std::vector<std::pair<std::string, std::string_view>> shapes = {
      {with_piece("\"high\"", "\"High\""), "high"},
      {with_piece("\"timestamp\"", "\"timestamps\""), "timestamp"},
      {with_piece("\"meta\":{", R"("meta":7,"was":{)"), "meta"},
      {with_piece("[187.15,184.22]", "{\"0\":187.15}"), "open"},
      {with_piece("\"quote\":[{", "\"quotes\":[{"), "open"},
      {with_piece("1704205800", "\"2024-01-02\""), "timestamp"}};
  for (const auto& [body, member] : shapes) {
    const auto page = decode_faulty(faulty_reply(body));
    ASSERT_FALSE(page) << body;
    const auto error_class = page.error().error_class();
    EXPECT_TRUE(error_class == ErrorClass::schema || error_class == ErrorClass::bad_payload)
        << page.error().to_line();
    EXPECT_NE(page.error().message.find(member), std::string::npos) << page.error().message;
    fault_fired("C5");
  }
}

TEST(YahooFaultsTest, C6StampsInAnotherUnitAreRefused) {
  for (const std::string_view stamp : {"1704205800000", "1704205800000000", "1704205800000000000",
                                       "-1704205800000", "9223372036854775807", "1704205800.5"}) {
    const auto page = decode_faulty(faulty_reply(with_piece("1704205800", stamp)));
    ASSERT_FALSE(page) << stamp;
    EXPECT_NE(page.error().message.find("timestamp"), std::string::npos) << page.error().message;
    fault_fired("C6");
  }
  // 1970 and the far future are seconds: outside what was asked, counted and left out.
  for (const std::string_view stamp : {"0", "4000000000"}) {
    const auto page = decode_faulty(faulty_reply(with_piece("1704205800", stamp)));
    ASSERT_TRUE(page) << page.error().to_line();
    EXPECT_EQ(page->bars->num_rows(), 1) << stamp;
    EXPECT_EQ(page->rows_outside, 1) << stamp;
    fault_fired("C6");
  }
}

TEST(YahooFaultsTest, C10AnAnswerAboutAnotherSymbolOrIntervalIsRefused) {
  EXPECT_EQ(outcome_of(with_piece("AAPL", "MSFT")), to_string(ErrorCode::mismatch));
  EXPECT_EQ(outcome_of(with_piece("\"symbol\":\"AAPL\",", "")), to_string(ErrorCode::mismatch));
  EXPECT_EQ(outcome_of(with_piece("\"1d\"", "\"1wk\"")), to_string(ErrorCode::mismatch));
  fault_fired("C10", 3);
}

TEST(YahooFaultsTest, C11EveryPageSaysItsOwnCurrencyAndBasis) {
  const auto page = decode_faulty(faulty_reply(with_piece("USD", "EUR")));
  ASSERT_TRUE(page) << page.error().to_line();
  ASSERT_TRUE(page->instrument);
  EXPECT_EQ(page->instrument->currency, "EUR");
  EXPECT_EQ(BarView(*page->bars).text(kAdjusted, 0), "split");
}

TEST(YahooFaultsTest, A16B16WhatIsNoPlainAnswerIsNeverReadAsData) {
  for (const int status : {100, 101, 201, 202, 203, 204, 205, 206, 300, 304, 407, 511}) {
    const auto page = decode_faulty(faulty_reply(kSoundChart, status));
    EXPECT_FALSE(page) << status;
    fault_fired("B16");
  }
  const auto portal =
      decode_faulty(faulty_reply("<!DOCTYPE html><html>Log in to the Wi-Fi</html>"));
  ASSERT_FALSE(portal);
  EXPECT_EQ(portal.error().code, ErrorCode::html_instead);
  fault_fired("A16");
}

TEST(YahooFaultsTest, B5ABlockOfThisAddressIsABan) {
  EXPECT_EQ(decode_faulty(faulty_reply("", 403)).error().code, ErrorCode::banned);
}

TEST(YahooFaultsTest, B9ARefusedSessionIsToldApartFromOtherRefusals) {
  for (const std::string_view text : {"Invalid Crumb", "Invalid Cookie"}) {
    const std::string body = R"({"finance":{"result":null,"error":{"code":"Unauthorized",)"
                             R"("description":")" +
                             std::string(text) + "\"}}}";
    EXPECT_EQ(decode_faulty(faulty_reply(body, 401)).error().code, ErrorCode::session_refused);
    fault_fired("B9");
  }
}

TEST(YahooFaultsTest, B10NoContentIsNoData) {
  const auto page = decode_faulty(faulty_reply("", 204));
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace vortex
