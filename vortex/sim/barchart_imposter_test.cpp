// Barchart's wire as its description has it, by request and reply alone.
#include "vortex/sim/barchart_imposter.hpp"

#include <gtest/gtest.h>

namespace vortex {
namespace {

BarchartImposter barchart_at_noon(BarchartImposterOptions options = {}) {
  static const ManualClock clock(parse_time("2024-07-15T17:00:00Z").value());
  return BarchartImposter(SimWorld("barchart", clock, Market(1), FaultScript()),
                          std::move(options));
}

ServerReply ask_barchart(BarchartImposter& imposter, QueryParams params,
                         std::string path = "/getHistory.json") {
  ServerRequest request;
  request.method = "GET";
  request.path = std::move(path);
  request.query = std::move(params);
  return imposter.answer(request);
}

TEST(BarchartImposterTest, DaysCarryTheTradingDayAndTheZonesOffset) {
  BarchartImposter imposter = barchart_at_noon();
  const ServerReply reply = ask_barchart(imposter, {{"apikey", "k"},
                                                    {"symbol", "AAPL"},
                                                    {"type", "daily"},
                                                    {"startDate", "20240102"},
                                                    {"endDate", "20240104"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.body.starts_with(R"({"status":{"code":200,"message":"Success."},"results":[)"));
  EXPECT_NE(reply.body.find(R"("timestamp":"2024-01-02T00:00:00-05:00","tradingDay":"2024-01-02")"),
            std::string::npos)
      << reply.body;
  EXPECT_EQ(reply.body.find("2024-01-04"), std::string::npos);  // the end is exclusive
}

TEST(BarchartImposterTest, CsvHasItsHeaderAndFuturesAreWrittenInChicago) {
  BarchartImposter imposter = barchart_at_noon();
  const ServerReply reply = ask_barchart(imposter,
                                         {{"apikey", "k"},
                                          {"symbol", "GCZ24"},
                                          {"type", "minutes"},
                                          {"interval", "60"},
                                          {"startDate", "20240502"},
                                          {"endDate", "20240503"}},
                                         "/getHistory.csv");
  EXPECT_TRUE(reply.body.starts_with(
      "symbol,timestamp,tradingDay,open,high,low,close,volume,openInterest\nGCZ24,2024-05-0"));
  EXPECT_NE(reply.body.find("-05:00,2024-05-02,"), std::string::npos) << reply.body.substr(0, 200);
}

TEST(BarchartImposterTest, B4B9RefusalsComeByStatusAndByStatusCode) {
  BarchartImposter imposter = barchart_at_noon({.day_calls = 1});
  const QueryParams good = {{"apikey", "k"}, {"symbol", "AAPL"}, {"type", "daily"}};
  EXPECT_EQ(ask_barchart(imposter, {{"apikey", "BAD1"}, {"symbol", "AAPL"}}).status, 401);
  EXPECT_EQ(ask_barchart(imposter, {{"symbol", "AAPL"}}).status, 401);
  EXPECT_EQ(ask_barchart(imposter, good).status, 200);
  const ServerReply over = ask_barchart(imposter, good);
  EXPECT_EQ(over.status, 429);
  EXPECT_NE(over.body.find("daily limit"), std::string::npos);
}

TEST(BarchartImposterTest, NothingThereIs204InsideA200AndAWrongQuestionIs400) {
  BarchartImposter imposter = barchart_at_noon();
  const ServerReply none =
      ask_barchart(imposter, {{"apikey", "k"}, {"symbol", "NOSUCH"}, {"type", "daily"}});
  EXPECT_EQ(none.status, 200);
  EXPECT_NE(none.body.find("Success, but no content to return."), std::string::npos);
  EXPECT_EQ(ask_barchart(imposter, {{"apikey", "k"}, {"type", "daily"}}).status, 400);
  EXPECT_EQ(ask_barchart(imposter, {{"apikey", "k"}, {"symbol", "A"}, {"type", "often"}}).status,
            400);
}

TEST(BarchartImposterTest, RowsAreCappedToTheNewest) {
  BarchartImposter imposter = barchart_at_noon();
  const ServerReply reply = ask_barchart(
      imposter, {{"apikey", "k"}, {"symbol", "AAPL"}, {"type", "daily"}, {"maxRecords", "2"}});
  std::size_t rows = 0;
  for (std::size_t at = 0; (at = reply.body.find("\"symbol\"", at)) != std::string::npos; ++at) {
    ++rows;
  }
  EXPECT_EQ(rows, 2U);
}

}  // namespace
}  // namespace vortex
