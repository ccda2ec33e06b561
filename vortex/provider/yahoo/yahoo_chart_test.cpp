#include "vortex/provider/yahoo/yahoo_chart.hpp"

#include <functional>
#include <string>

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "vortex/provider/yahoo/yahoo_adapter.hpp"

namespace vortex {
namespace {

// Large enough that work growing with its square would not end within the test's time limit.
constexpr int kManyMembers = 400'000;

Result<Page> decode_chart(std::string body) {
  const BarsRequest request{.symbol = *Symbol::parse("AAPL"),
                            .provider_symbol = "AAPL",
                            .range = {*parse_time("2024-01-01"), *parse_time("2024-02-01")}};
  const HttpReply reply{.status = 200,
                        .headers = {{"Content-Type", "application/json"}},
                        .body = Body::take(std::move(body)),
                        .received_at = *parse_time("2024-06-01")};
  return YahooAdapter().decode(request, reply);
}

std::string chart_with(const std::string& members) {
  return R"({"chart":{"result":[{"meta":{"symbol":"AAPL","dataGranularity":"1d","currency":"USD",)"
         R"("exchangeTimezoneName":"America/New_York"},)" +
         members +
         R"("timestamp":[1704205800],"indicators":{"quote":[{"open":[1],"high":[2],"low":[1],)"
         R"("close":[1.5],"volume":[10]}]}}],"error":null}})";
}

std::string repeated(int count, const std::function<std::string(int)>& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text(i);
  return all;
}

TEST(YahooChartTest, J5ManyUnknownMembersCostTheirLength) {
  const auto page = decode_chart(chart_with(
      repeated(kManyMembers, [](int i) { return "\"x" + std::to_string(i) + "\":0,"; })));
  ASSERT_TRUE(page.has_value()) << page.error().message;
  EXPECT_EQ(page->bars->num_rows(), 1);
}

TEST(YahooChartTest, J5ManyEventsOfOneDayCostTheirLength) {
  const std::string events = repeated(kManyMembers, [](int i) {
    return (i > 0 ? ",\"" : "\"") + std::to_string(i) + R"(":{"amount":0.1,"date":1704205800})";
  });
  const auto page = decode_chart(chart_with(R"("events":{"dividends":{)" + events + "}},"));
  ASSERT_TRUE(page.has_value()) << page.error().message;
  EXPECT_EQ(page->bars->num_rows(), 1);
}

TEST(YahooChartTest, C3H8J4DeepNestingIsRefusedNotRecursed) {
  for (const char* open : {"[", "{\"a\":"}) {
    const auto page = decode_chart(
        chart_with("\"x\":" + repeated(kManyMembers, [&](int) { return std::string(open); })));
    ASSERT_FALSE(page.has_value());
    EXPECT_TRUE(page.error().error_class() == ErrorClass::bad_payload ||
                page.error().error_class() == ErrorClass::truncated);
  }
}

TEST(YahooChartTest, J4AMegabyteOfTextInAnErrorIsCut) {
  const auto page =
      decode_chart(R"({"chart":{"result":null,"error":{"code":")" + std::string(1 << 20, 'A') +
                   R"(","description":")" + std::string(1 << 20, 'B') + "\"}}}");
  ASSERT_FALSE(page.has_value());
  EXPECT_LT(page.error().message.size() + page.error().evidence.size(), 2000u);
}

}  // namespace
}  // namespace vortex
