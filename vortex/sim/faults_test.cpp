#include "vortex/sim/faults.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "vortex/sim/fault_reply.hpp"
#include "vortex/sim/request_window.hpp"

namespace vortex {
namespace {

FaultedCall fault_call(std::string_view symbol, Duration at = Duration::zero()) {
  return {"yahoo", symbol, "/v8/finance/chart/x", at};
}

// Which of `count` calls are hit, as "x" and ".".
std::string hits(FaultScript& script, std::string_view symbol, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += script.decide(fault_call(symbol)) == nullptr ? '.' : 'x';
  return text;
}

FaultScript script_of(std::string_view json) {
  auto script = FaultScript::parse(json, 9);
  EXPECT_TRUE(script) << script.error().message;
  return script ? std::move(*script) : FaultScript();
}

TEST(FaultScriptTest, FiresAtTheNumberedCallsOfItsSymbol) {
  auto script = script_of(R"([{"symbol":"AAPL","calls":[1,3],"fault":"status","status":503}])");
  EXPECT_EQ(hits(script, "MSFT", 2), "..");
  EXPECT_EQ(hits(script, "AAPL", 5), "x.x..");
}

TEST(FaultScriptTest, FiresWithinACallRange) {
  auto script = script_of(R"([{"calls":{"from":2,"to":3},"fault":"hang"}])");
  EXPECT_EQ(hits(script, "AAPL", 5), ".xx..");
  auto open_ended = script_of(R"([{"calls":{"from":2},"fault":"hang"}])");
  EXPECT_EQ(hits(open_ended, "AAPL", 4), ".xxx");
}

TEST(FaultScriptTest, FiresWithinItsTime) {
  auto script = script_of(R"([{"after":"1s","until":2,"fault":"empty"}])");
  using std::chrono::milliseconds;
  EXPECT_EQ(script.decide(fault_call("A", milliseconds(999))), nullptr);
  EXPECT_NE(script.decide(fault_call("A", milliseconds(1000))), nullptr);
  EXPECT_EQ(script.decide(fault_call("A", milliseconds(2000))), nullptr);
}

TEST(FaultScriptTest, ProbabilityIsSeeded) {
  const std::string_view text = R"([{"probability":0.3,"fault":"reset"}])";
  auto one = FaultScript::parse(text, 4);
  auto two = FaultScript::parse(text, 4);
  auto other = FaultScript::parse(text, 5);
  const std::string first = hits(*one, "A", 200);
  EXPECT_EQ(first, hits(*two, "A", 200));
  EXPECT_NE(first, hits(*other, "A", 200));
  const auto count = std::ranges::count(first, 'x');
  EXPECT_GT(count, 30);
  EXPECT_LT(count, 90);
}

TEST(FaultScriptTest, TheFirstRuleThatFiresDecidesAndAllCount) {
  auto script = script_of(R"([{"calls":[1],"fault":"hang"},{"calls":[2],"fault":"empty"}])");
  EXPECT_EQ(script.decide(fault_call("A"))->kind, FaultKind::hang);
  EXPECT_EQ(script.decide(fault_call("A"))->kind, FaultKind::empty);
}

TEST(FaultScriptTest, ErrorsNameTheRuleAndTheNearestName) {
  const auto message = [](std::string_view json) {
    const auto script = FaultScript::parse(json, 1);
    return script ? std::string() : script.error().message;
  };
  EXPECT_TRUE(message(R"([{"fault":"hang"},{"fualt":"hang"}])").contains("rule 1"));
  EXPECT_TRUE(message(R"([{"fualt":"hang"}])").contains("fault"));
  EXPECT_TRUE(message(R"([{"fault":"rate_limits"}])").contains("rate_limit"));
  EXPECT_TRUE(message(R"([{"fault":"delay","delay":"50"}])").contains("'delay'"));
  EXPECT_TRUE(message(R"([{"fault":"hang","probability":1.5}])").contains("'probability'"));
  EXPECT_TRUE(message(R"([{"fault":"hang","calls":[0]}])").contains("'calls'"));
  EXPECT_TRUE(message(R"([{"fault":"hang","calls":{"form":1}}])").contains("'form'"));
  EXPECT_TRUE(message(R"([{"fault":"redirect"}])").contains("location"));
  EXPECT_TRUE(message(R"([{"symbol":"A"}])").contains("fault"));
  EXPECT_FALSE(message(R"({"fault":"hang"})").empty());
  EXPECT_FALSE(message("[").empty());
}

TEST(FaultReplyTest, EveryKindChangesTheReplyAsNamed) {
  const ServerReply good{.headers = {{"Content-Type", "application/json"}}, .body = "0123456789"};
  const auto faulted = [&](std::string_view json) {
    auto script = FaultScript::parse("[" + std::string(json) + "]", 1);
    EXPECT_TRUE(script);
    return with_fault(good, *script->decide(fault_call("A")));
  };
  EXPECT_EQ(faulted(R"({"fault":"status","status":503,"retry_after":"2"})").status, 503);
  EXPECT_EQ(
      find_header(faulted(R"({"fault":"rate_limit","retry_after":7})").headers, "retry-after"),
      "7");
  EXPECT_EQ(faulted(R"({"fault":"rate_limit"})").body, "Too Many Requests\r\n");
  EXPECT_EQ(faulted(R"({"fault":"delay","delay":"50ms"})").delay, std::chrono::milliseconds(50));
  EXPECT_EQ(faulted(R"({"fault":"cut"})").close_after_bytes, 5U);
  EXPECT_EQ(faulted(R"({"fault":"cut","at_byte":3})").close_after_bytes, 3U);
  EXPECT_TRUE(faulted(R"({"fault":"reset"})").reset);
  EXPECT_TRUE(faulted(R"({"fault":"hang"})").hang);
  EXPECT_TRUE(faulted(R"({"fault":"connect_hang"})").hang);
  EXPECT_TRUE(faulted(R"({"fault":"refuse"})").reset);
  EXPECT_FALSE(faulted(R"({"fault":"resolve"})").close_after_bytes) << "nothing is answered";
  EXPECT_EQ(faulted(R"({"fault":"trickle"})").trickle_bytes, 1U);
  EXPECT_TRUE(faulted(R"({"fault":"html"})").body.starts_with("<!DOCTYPE"));
  EXPECT_EQ(faulted(R"({"fault":"empty"})").body, "");
  EXPECT_NE(faulted(R"({"fault":"garbage"})").body, good.body);
  const ServerReply moved =
      faulted(R"({"fault":"redirect","location":"https://guce.yahoo.com/consent"})");
  EXPECT_EQ(moved.status, 302);
  EXPECT_EQ(find_header(moved.headers, "location"), "https://guce.yahoo.com/consent");
}

TEST(FaultReplyTest, TheBombIsAsLongAsAskedAndAGzipStream) {
  const std::string bomb = gzip_bomb(1000);
  EXPECT_TRUE(bomb.starts_with("\x1f\x8b\x08"));
  EXPECT_GT(bomb.size(), 1000U);
  EXPECT_LT(bomb.size(), 1100U);
}

TEST(RequestWindowTest, AdmitsAtMostNInAnyWindow) {
  using std::chrono::milliseconds;
  RequestWindow window(2, std::chrono::seconds(1));
  const Monotonic start{};
  EXPECT_TRUE(window.admit(start));
  EXPECT_TRUE(window.admit(start + milliseconds(500)));
  EXPECT_FALSE(window.admit(start + milliseconds(800)));
  EXPECT_TRUE(window.admit(start + milliseconds(1000)));
  EXPECT_FALSE(window.admit(start + milliseconds(1100)));
  EXPECT_TRUE(window.admit(start + milliseconds(1500)));
}

}  // namespace
}  // namespace vortex
