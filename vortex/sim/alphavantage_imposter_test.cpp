#include "vortex/sim/alphavantage_imposter.hpp"

#include <string>

#include <gtest/gtest.h>

#include "vortex/base/json.hpp"

namespace vortex {
namespace {

class AlphaVantageImposterTest : public testing::Test {
 protected:
  AlphaVantageImposterTest() : clock_(*parse_time("2025-06-04T15:00Z")) {}

  void start(AlphaVantageImposterOptions options = {}, std::string_view faults = "[]",
             std::optional<RequestWindow> limit = std::nullopt) {
    auto script = FaultScript::parse(faults, 1);
    ASSERT_TRUE(script) << script.error().message;
    vendor_.emplace(SimWorld("alphavantage", clock_, Market(1), std::move(*script),
                             {.limit = std::move(limit)}),
                    std::move(options));
  }

  std::string ask(QueryParams query, const std::string& key = "K") {
    query.emplace_back("apikey", key);
    const ServerReply reply =
        vendor_->answer({.method = "GET", .path = "/query", .query = std::move(query)});
    EXPECT_EQ(reply.status, 200) << "errors too";
    return reply.body;
  }
  std::string daily(const std::string& symbol, const std::string& key = "K") {
    return ask({{"function", "TIME_SERIES_DAILY"}, {"symbol", symbol}}, key);
  }

  ManualClock clock_;
  std::optional<AlphaVantageImposter> vendor_;
};

TEST_F(AlphaVantageImposterTest, ADayIsAHundredRowsNewestFirst) {
  start();
  const auto json = Json::parse(daily("IBM"));
  ASSERT_TRUE(json);
  EXPECT_EQ(*json->find("Meta Data")->string_at("2. Symbol"), "IBM");
  const auto& rows = *json->find("Time Series (Daily)")->as_object();
  ASSERT_EQ(rows.size(), 100U);
  EXPECT_EQ(rows.front().first, "2025-06-04") << "the session that runs";
  EXPECT_LT(rows.back().first, rows.front().first);
  EXPECT_TRUE(rows.front().second.string_at("5. volume"));
}

TEST_F(AlphaVantageImposterTest, PricesAreAsTradedAndTheSplitIsTold) {
  start();
  const auto json = Json::parse(ask(
      {{"function", "TIME_SERIES_DAILY_ADJUSTED"}, {"symbol", "AAPL"}, {"outputsize", "full"}}));
  ASSERT_TRUE(json);
  const Json& rows = *json->find("Time Series (Daily)");
  const auto close = [&](std::string_view day) {
    return std::stod(std::string(*rows.find(day)->string_at("4. close")));
  };
  EXPECT_NEAR(close("2020-08-28") / close("2020-08-31"), 4, 0.5);
  EXPECT_EQ(*rows.find("2020-08-31")->string_at("8. split coefficient"), "4.0000");
}

TEST_F(AlphaVantageImposterTest, CsvHasNoMetaAndErrorsStayJson) {
  start();
  const std::string csv =
      ask({{"function", "TIME_SERIES_DAILY"}, {"symbol", "IBM"}, {"datatype", "csv"}});
  EXPECT_TRUE(csv.starts_with("timestamp,open,high,low,close,volume\r\n2025-06-04,")) << csv;
  const std::string error =
      ask({{"function", "TIME_SERIES_DAILY"}, {"symbol", "NOSUCH"}, {"datatype", "csv"}});
  EXPECT_TRUE(error.contains("\"Error Message\": \"Invalid API call.")) << error;
}

TEST_F(AlphaVantageImposterTest, KeysDaysAndPlansAreKept) {
  start({.api_key = "GOOD", .day_calls = 2, .free_plan = true});
  EXPECT_TRUE(daily("IBM", "BAD").contains("apikey is invalid or missing"));
  EXPECT_TRUE(daily("IBM", "GOOD").contains("Time Series"));
  const std::string full =
      ask({{"function", "TIME_SERIES_DAILY"}, {"symbol", "IBM"}, {"outputsize", "full"}}, "GOOD");
  EXPECT_TRUE(full.contains("outputsize=full parameter value is a premium feature")) << full;
  EXPECT_TRUE(daily("IBM", "GOOD").contains("your API key as GOOD")) << "the vendor names the key";
  clock_.advance(std::chrono::hours(13));  // 00:00 in New York
  EXPECT_TRUE(daily("IBM", "GOOD").contains("Time Series"));
}

TEST_F(AlphaVantageImposterTest, TooManyASecondIsToldInWords) {
  start({}, "[]", RequestWindow(1, std::chrono::seconds(1)));
  EXPECT_TRUE(daily("IBM").contains("Time Series"));
  EXPECT_TRUE(daily("IBM").contains("spreading out"));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_TRUE(daily("IBM").contains("Time Series"));
}

TEST_F(AlphaVantageImposterTest, FaultsAreScripted) {
  start({}, R"([{"symbol": "IBM", "calls": [1], "fault": "wrong_symbol"},
                {"symbol": "IBM", "calls": [2], "fault": "rate_limit"},
                {"symbol": "IBM", "calls": [3], "fault": "bad_session"}])");
  EXPECT_TRUE(daily("IBM").contains("WRNG"));
  EXPECT_TRUE(daily("IBM").contains("spreading out"));
  EXPECT_TRUE(daily("IBM").contains("apikey is invalid"));
  EXPECT_TRUE(daily("IBM").contains("\"2. Symbol\": \"IBM\""));
}

TEST_F(AlphaVantageImposterTest, AMonthIsItsOwnAndHoursAreWallTimeOfNewYork) {
  start();
  const auto json = Json::parse(ask({{"function", "TIME_SERIES_INTRADAY"},
                                     {"symbol", "IBM"},
                                     {"interval", "60min"},
                                     {"extended_hours", "false"},
                                     {"outputsize", "full"},
                                     {"month", "2024-03"}}));
  ASSERT_TRUE(json);
  const auto& rows = *json->find("Time Series (60min)")->as_object();
  EXPECT_EQ(rows.front().first, "2024-03-28 15:30:00");
  EXPECT_EQ(rows.back().first, "2024-03-01 09:30:00");
}

}  // namespace
}  // namespace vortex
