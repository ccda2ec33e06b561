#include "vortex/sim/yahoo_wire.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "vortex/base/json.hpp"

namespace vortex {
namespace {

const TimePoint kWireNow = *parse_time("2025-06-04T15:00:30Z");  // a Wednesday, New York is open

WireAnswer ask_chart(const std::string& symbol, QueryParams params, TimePoint now = kWireNow) {
  Market market(1);
  return chart_answer(market, {symbol, std::move(params), {}}, now);
}

std::string unix_text(std::string_view time) {
  return std::to_string(to_unix_seconds(*parse_time(time)));
}

QueryParams window_params(std::string_view interval, std::string_view from, std::string_view to) {
  return {{"interval", std::string(interval)},
          {"period1", unix_text(from)},
          {"period2", unix_text(to)},
          {"events", "div,splits,capitalGains"}};
}

const Json* path_in(const Json& json, std::initializer_list<std::string_view> names) {
  const Json* at = &json;
  for (const std::string_view name : names) {
    if (at != nullptr && at->as_array() != nullptr)
      at = at->as_array()->empty() ? nullptr : at->as_array()->data();
    if (at != nullptr) at = at->find(name);
  }
  return at;
}

struct ChartSeen {
  Json json;
  const Json* result() const { return path_in(json, {"chart", "result"}); }
  const Json* at(std::initializer_list<std::string_view> names) const {
    const Json& first = result()->as_array()->front();
    return path_in(first, names);
  }
  std::vector<std::int64_t> stamps() const {
    std::vector<std::int64_t> all;
    const Json* found = at({"timestamp"});
    if (found == nullptr) return all;
    for (const Json& stamp : *found->as_array()) all.push_back(*stamp.as_int());
    return all;
  }
  std::vector<std::string> times() const {
    std::vector<std::string> all;
    for (const std::int64_t stamp : stamps()) all.push_back(format_time(from_unix_seconds(stamp)));
    return all;
  }
};

ChartSeen see_chart(const std::string& symbol, QueryParams params, TimePoint now = kWireNow) {
  const WireAnswer answer = ask_chart(symbol, std::move(params), now);
  EXPECT_EQ(answer.status, 200) << answer.body;
  auto json = Json::parse(answer.body);
  EXPECT_TRUE(json) << json.error().message;
  return {std::move(*json)};
}

std::string refusal_of(const std::string& symbol, QueryParams params) {
  const WireAnswer answer = ask_chart(symbol, std::move(params));
  return std::to_string(answer.status) + " " + answer.body;
}

TEST(YahooWireTest, DailyStampsAreSessionOpensAndTheEndIsIncluded) {
  EXPECT_EQ(see_chart("AAPL", window_params("1d", "2024-03-08", "2024-03-12")).times(),
            (std::vector<std::string>{"2024-03-08T14:30:00Z", "2024-03-11T13:30:00Z"}));
  EXPECT_EQ(see_chart("BTC-USD", window_params("1d", "2020-01-01", "2020-01-03")).times(),
            (std::vector<std::string>{"2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z",
                                      "2020-01-03T00:00:00Z"}));
  EXPECT_EQ(see_chart("GC=F", window_params("1d", "2020-01-02", "2020-01-03")).times(),
            (std::vector<std::string>{"2020-01-02T05:00:00Z"}));
}

TEST(YahooWireTest, WeeksStandAtMondayMidnightAndMonthsAtTheFirst) {
  EXPECT_EQ(see_chart("SAP.DE", window_params("1wk", "2024-03-17", "2024-04-02")).times(),
            (std::vector<std::string>{"2024-03-17T23:00:00Z", "2024-03-24T23:00:00Z",
                                      "2024-03-31T22:00:00Z"}));
  EXPECT_EQ(see_chart("AAPL", window_params("1mo", "2024-02-01", "2024-04-02")).times(),
            (std::vector<std::string>{"2024-02-01T05:00:00Z", "2024-03-01T05:00:00Z",
                                      "2024-04-01T04:00:00Z"}));
}

TEST(YahooWireTest, TodaysRowCarriesTheLastTradesTime) {
  const auto open = see_chart("AAPL", {{"range", "5d"}, {"interval", "1d"}}).times();
  ASSERT_EQ(open.size(), 5U);
  EXPECT_EQ(open.back(), "2025-06-04T15:00:30Z");
  const TimePoint evening = *parse_time("2025-06-04T23:00Z");
  EXPECT_EQ(see_chart("AAPL", {{"range", "5d"}, {"interval", "1d"}}, evening).times().back(),
            "2025-06-04T20:00:01Z");
  const TimePoint morning = *parse_time("2025-06-05T11:00Z");
  EXPECT_EQ(see_chart("AAPL", {{"range", "5d"}, {"interval", "1d"}}, morning).times().back(),
            "2025-06-04T13:30:00Z");
}

TEST(YahooWireTest, LongerIntervalsGetTodayAsAnAdditionalRow) {
  const auto times = see_chart("AAPL", {{"range", "1mo"}, {"interval", "1wk"}}).times();
  EXPECT_EQ(times.back(), "2025-06-04T15:00:30Z");
  EXPECT_EQ(times[times.size() - 2], "2025-06-02T04:00:00Z");
}

TEST(YahooWireTest, IntradayEndsWithTheRunningSlotAndALiveRow) {
  const auto chart = see_chart("AAPL", {{"range", "1d"}, {"interval", "1h"}});
  EXPECT_EQ(chart.times(), (std::vector<std::string>{"2025-06-04T13:30:00Z", "2025-06-04T14:30:00Z",
                                                     "2025-06-04T15:00:30Z"}));
  EXPECT_EQ(path_in(*chart.at({"indicators", "quote"}), {"volume"})->as_array()->back().as_int()[0],
            0);
  EXPECT_EQ(chart.at({"indicators", "adjclose"}), nullptr);
  EXPECT_NE(chart.at({"meta", "previousClose"}), nullptr);
}

TEST(YahooWireTest, PrePostRowsHaveNoVolumeAndChangeTheTradingPeriods) {
  auto params = window_params("30m", "2025-06-03", "2025-06-03T23:59Z");
  params.emplace_back("includePrePost", "true");
  const auto chart = see_chart("AAPL", params);
  const auto times = chart.times();
  EXPECT_EQ(times.front(), "2025-06-03T08:00:00Z");
  EXPECT_EQ(times[31], "2025-06-03T23:30:00Z");
  EXPECT_NE(chart.at({"meta", "tradingPeriods", "pre"}), nullptr);
  EXPECT_NE(chart.at({"meta", "tradingPeriods", "regular"}), nullptr);
}

TEST(YahooWireTest, EmptyWindowsAreTwoHundredWithoutStamps) {
  const auto daily = see_chart("AAPL", window_params("1d", "2025-02-01", "2025-02-02"));
  EXPECT_EQ(daily.at({"timestamp"}), nullptr);
  EXPECT_EQ(daily.at({"indicators", "quote"})->dump(), "[{}]");
  EXPECT_EQ(daily.at({"indicators", "adjclose"})->dump(), "[{}]");
  const auto minutes = see_chart("AAPL", window_params("1m", "2025-05-31", "2025-06-01"));
  EXPECT_EQ(minutes.at({"indicators"})->dump(), R"({"quote":[{}]})");
}

// A refusal as it stands on the wire; `description` may be its beginning only.
std::string refusal_text(int status, std::string_view code, std::string_view description) {
  return std::to_string(status) + R"( {"chart":{"result":null,"error":{"code":")" +
         std::string(code) + R"(","description":")" + std::string(description);
}

TEST(YahooWireTest, RefusalsUseYahoosWords) {
  EXPECT_EQ(refusal_of("NOPE", {{"interval", "1d"}}),
            refusal_text(404, "Not Found", "No data found, symbol may be delisted\"}}}"));
  EXPECT_EQ(
      refusal_of("TSLA", window_params("1d", "2009-01-01", "2009-01-03")),
      refusal_text(400, "Bad Request",
                   "Data doesn't exist for startDate = 1230768000, endDate = 1230940800\"}}}"));
  EXPECT_TRUE(refusal_of("AAPL", {{"interval", "7d"}})
                  .starts_with(refusal_text(400, "Bad Request",
                                            "Invalid input - interval=7d is not supported. Valid "
                                            "intervals: [1m, 2m, 5m,")));
  EXPECT_TRUE(
      refusal_of("AAPL", window_params("1d", "2024-03-08", "2024-03-01")).starts_with("400"));
  EXPECT_TRUE(refusal_of("AAPL", {{"interval", "1d"}, {"range", "7parsecs"}}).contains("7parsecs"));
}

TEST(YahooWireTest, IntervalLimitsAreRefusedInYahoosWords) {
  const std::string words =
      refusal_text(422, "Unprocessable Entity", "15m data not available for ");
  EXPECT_TRUE(
      refusal_of("AAPL", window_params("15m", "2025-03-01", "2025-03-08")).starts_with(words));
  EXPECT_TRUE(refusal_of("AAPL", window_params("1h", "2022-03-01", "2022-03-08"))
                  .contains("within the last 730 days."));
  EXPECT_TRUE(refusal_of("AAPL", window_params("1m", "2025-05-20", "2025-06-04"))
                  .contains("Only 8 days worth of 1m granularity data are allowed to be fetched"));
}

TEST(YahooWireTest, RangesAreJudgedByTheirName) {
  for (const auto& [range, interval] :
       std::vector<std::pair<std::string, std::string>>{{"7d", "1m"},
                                                        {"60d", "15m"},
                                                        {"1mo", "5m"},
                                                        {"2y", "1h"},
                                                        {"730d", "1h"},
                                                        {"30h", "1h"}}) {
    EXPECT_EQ(ask_chart("AAPL", {{"range", range}, {"interval", interval}}).status, 200) << range;
  }
  EXPECT_EQ(ask_chart("AAPL", {{"range", "1mo"}, {"interval", "1m"}}).status, 422);
  EXPECT_EQ(ask_chart("AAPL", {{"range", "3mo"}, {"interval", "15m"}}).status, 422);
  EXPECT_EQ(ask_chart("AAPL", {{"range", "max"}, {"interval", "1h"}}).status, 422);
}

TEST(YahooWireTest, ALongHistoryAskedAsMaxComesCoarser) {
  EXPECT_EQ(see_chart("^GSPC", {{"range", "max"}, {"interval", "1d"}})
                .at({"meta", "dataGranularity"})
                ->dump(),
            R"("3mo")");
  EXPECT_EQ(see_chart("TSLA", {{"range", "max"}, {"interval", "1d"}})
                .at({"meta", "dataGranularity"})
                ->dump(),
            R"("1d")");
}

TEST(YahooWireTest, EventsStandUnderTheirBarAndOnlyWhenAsked) {
  const auto chart = see_chart("AAPL", window_params("1d", "2020-08-31", "2020-11-07"));
  EXPECT_EQ(
      chart.at({"events", "splits"})->dump(),
      R"({"1598880600":{"date":1598880600,"numerator":4,"denominator":1,"splitRatio":"4:1"}})");
  ASSERT_NE(chart.at({"events", "dividends"}), nullptr);
  const auto& [key, dividend] = chart.at({"events", "dividends"})->as_object()->front();
  EXPECT_EQ(key, std::to_string(*dividend.int_at("date")));
  EXPECT_EQ(key, "1604673000");
  auto params = window_params("1mo", "2020-10-01", "2020-12-01");
  EXPECT_EQ(see_chart("AAPL", params).at({"events", "dividends"})->as_object()->front().first,
            "1604203200");
  params.pop_back();
  EXPECT_EQ(see_chart("AAPL", params).at({"events"}), nullptr);
}

TEST(YahooWireTest, NullSlotsAreNullInEveryColumn) {
  const auto chart = see_chart("AAPL", window_params("1m", "2025-05-28", "2025-06-03"));
  const Json* quote = chart.at({"indicators", "quote"});
  std::set<std::string> patterns;
  for (const std::string_view column : {"open", "high", "low", "close", "volume"}) {
    std::string pattern;
    for (const Json& value : *path_in(*quote, {column})->as_array())
      pattern += value.is_null() ? 'x' : '.';
    patterns.insert(pattern);
  }
  EXPECT_EQ(patterns.size(), 1U);
  EXPECT_TRUE(patterns.begin()->contains('x'));
}

TEST(YahooWireTest, AnswersMayNameAnotherSymbol) {
  Market market(1);
  const auto answer =
      chart_answer(market, {"AAPL", {{"range", "5d"}, {"interval", "1d"}}, "WRNG"}, kWireNow);
  EXPECT_TRUE(answer.body.contains(R"("symbol":"WRNG")"));
}

// Genuine recordings say what a chart looks like; ours must have the same members in the same
// order.
class RecordedChartTest : public testing::Test {
 protected:
  void SetUp() override {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before other threads
    const char* shared = std::getenv("VORTEX_SHARED");
    const std::filesystem::path source(__FILE__);
    folder_ = shared != nullptr
                  ? std::filesystem::path(shared)
                  : source.parent_path().parent_path().parent_path().parent_path() / "shared";
    folder_ /= "fixtures/yahoo";
    if (!std::filesystem::is_directory(folder_)) GTEST_SKIP() << "no recordings in " << folder_;
  }

  Json recorded(const std::string& name) const {
    std::ifstream stream(folder_ / name, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream),
                           std::istreambuf_iterator<char>()};
    auto json = Json::parse(text);
    EXPECT_TRUE(json) << name;
    return json ? std::move(*json) : Json();
  }

  static std::vector<std::string> members(const Json* json) {
    std::vector<std::string> names;
    for (const auto& [name, value] : *json->as_object()) names.push_back(name);
    return names;
  }

  // Members in order, columns as a set: their order is arbitrary.
  static void expect_same_shape(const ChartSeen& ours, const ChartSeen& theirs) {
    EXPECT_EQ(members(&ours.result()->as_array()->front()),
              members(&theirs.result()->as_array()->front()));
    EXPECT_EQ(members(ours.at({"meta"})), members(theirs.at({"meta"})));
    EXPECT_EQ(members(ours.at({"meta", "currentTradingPeriod"})),
              members(theirs.at({"meta", "currentTradingPeriod"})));
    EXPECT_EQ(members(ours.at({"indicators"})), members(theirs.at({"indicators"})));
    EXPECT_EQ(ours.at({"meta", "validRanges"})->dump(), theirs.at({"meta", "validRanges"})->dump());
    for (const std::string_view name :
         {"currency", "exchangeName", "fullExchangeName", "instrumentType", "exchangeTimezoneName",
          "priceHint", "dataGranularity", "firstTradeDate", "hasPrePostMarketData"}) {
      EXPECT_EQ(ours.at({"meta", name})->dump(), theirs.at({"meta", name})->dump()) << name;
    }
  }

  std::filesystem::path folder_;
};

TEST_F(RecordedChartTest, DailyChartsOfEveryClassHaveTheRecordedShapeAndStamps) {
  for (const std::string symbol : {"AAPL", "BTC-USD", "EURUSD=X", "OCDO.L", "AMZN", "QQQ"}) {
    SCOPED_TRACE(symbol);
    const ChartSeen theirs{recorded("chart-" + symbol + "-2020-01-01-to-2020-01-03.json")};
    const auto ours = see_chart(
        symbol, {{"interval", "1d"}, {"period1", "1577836800"}, {"period2", "1578009600"}});
    expect_same_shape(ours, theirs);
    EXPECT_EQ(ours.stamps(), theirs.stamps());
  }
}

TEST_F(RecordedChartTest, EventsHaveTheRecordedShape) {
  const ChartSeen theirs{recorded("chart-AAPL-2020-08-31-to-2020-11-07.json")};
  const auto ours = see_chart("AAPL", window_params("1d", "2020-08-31", "2020-11-07"));
  expect_same_shape(ours, theirs);
  EXPECT_EQ(ours.stamps(), theirs.stamps());
  EXPECT_EQ(members(ours.at({"events"})), members(theirs.at({"events"})));
  for (const std::string_view kind : {"dividends", "splits"}) {
    EXPECT_EQ(members(ours.at({"events", kind})), members(theirs.at({"events", kind})));
    const auto& our_event = ours.at({"events", kind})->as_object()->front().second;
    const auto& their_event = theirs.at({"events", kind})->as_object()->front().second;
    EXPECT_EQ(members(&our_event), members(&their_event));
  }
}

TEST_F(RecordedChartTest, MinuteChartsHaveTheRecordedShapeAndStamps) {
  const ChartSeen theirs{
      recorded("chart-AAPL-2024-10-02-to-2024-10-03-includePrePost-false-interval-1m.json")};
  const auto ours =
      see_chart("AAPL", {{"interval", "1m"}, {"period1", "1727827200"}, {"period2", "1727913600"}},
                *parse_time("2024-10-04T01:00Z"));
  expect_same_shape(ours, theirs);
  EXPECT_EQ(ours.stamps(), theirs.stamps());
}

TEST_F(RecordedChartTest, AWeekendOfMinutesHasTheRecordedShape) {
  const ChartSeen theirs{
      recorded("chart-AAPL-2025-02-01-to-2025-02-02-includePrePost-false-interval-1m.json")};
  const auto ours =
      see_chart("AAPL", {{"interval", "1m"}, {"period1", "1738368000"}, {"period2", "1738454400"}},
                *parse_time("2025-02-20T12:00Z"));
  expect_same_shape(ours, theirs);
}

}  // namespace
}  // namespace vortex
