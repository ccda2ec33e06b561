#include "vortex/telemetry/event.hpp"

#include <set>

#include <gtest/gtest.h>

#include "vortex/base/json.hpp"

namespace vortex {
namespace {

const TimePoint kEventTestNow = *parse_time("2024-01-02T14:30:00.25Z");

Event breaker_event() {
  return {.sequence = 7,
          .time = kEventTestNow,
          .type = EventType::circuit_breaker_open,
          .provider = "yahoo",
          .symbol = "BRK-B",
          .text = "5 in a row",
          .code = ErrorCode::server,
          .count = 5,
          .of = 12,
          .measure = 60};
}

TEST(EventTest, TopicIsProviderNameAndType) {
  EXPECT_EQ(topic(breaker_event()), "provider.yahoo.circuit_breaker.open");
  EXPECT_EQ(topic({.type = EventType::data_received}), "provider.-.data.received");
}

TEST(EventTest, EveryTypeHasOneNameThatReadsBack) {
  std::set<std::string_view> names;
  for (const EventTypeEntry& entry : event_type_table()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_EQ(parse_event_type(entry.name), entry.type);
    EXPECT_EQ(to_string(entry.type), entry.name);
  }
  for (const char* promised :
       {"connected", "disconnected", "error", "data.received", "data.transformed", "rate_limit.hit",
        "circuit_breaker.open", "circuit_breaker.half_open", "circuit_breaker.closed",
        "health_check.failed", "quota.low", "data.quarantined", "dataset.committed"})
    EXPECT_TRUE(names.contains(promised)) << promised;
  EXPECT_FALSE(parse_event_type("circuit_breaker"));
}

TEST(EventTest, JsonLineHasAFixedOrderAndTheTypesOwnNumbers) {
  EXPECT_EQ(to_json_line(breaker_event()),
            R"({"sequence":7,"time":"2024-01-02T14:30:00.25Z",)"
            R"("topic":"provider.yahoo.circuit_breaker.open","provider":"yahoo",)"
            R"("type":"circuit_breaker.open","symbol":"BRK-B","failures":5,"calls":12,)"
            R"("wait_s":60,"code":"VX-2106","text":"5 in a row"})");
  EXPECT_EQ(to_json_line({.sequence = 8, .time = kEventTestNow, .provider = "yahoo"}),
            R"({"sequence":8,"time":"2024-01-02T14:30:00.25Z","topic":"provider.yahoo.error",)"
            R"("provider":"yahoo","type":"error","attempt":0,"attempts_max":0,"elapsed_ms":0})");
}

TEST(EventTest, EqualEventsWriteEqualLines) {
  Event once = breaker_event();
  once.text = "a longer text that stood here before";
  once.text = "5 in a row";
  EXPECT_EQ(once, breaker_event()) << "nothing of the former text is left behind";
  EXPECT_EQ(to_json_line(once), to_json_line(breaker_event()));
}

TEST(EventTest, J6TextFromOutsideCannotForgeALine) {
  Event event{.time = kEventTestNow, .provider = "ya\nhoo", .text = "x\"}\r\n{\x1b[31m\xc3\xa9"};
  const std::string line = to_json_line(event);
  for (const char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7F);
  const auto read = Json::parse(line);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->string_at("provider"), "ya?hoo");
  EXPECT_EQ(read->string_at("text"), "x\"}??{?[31m??");
}

TEST(EventTest, LongTextsAreCutAndTheLongestSymbolFits) {
  const std::string long_text(300, 'a');
  const Event event{.provider = std::string_view(long_text),
                    .symbol = std::string_view(long_text).substr(0, 40),
                    .text = std::string_view(long_text)};
  EXPECT_EQ(event.symbol.view().size(), 40U);
  EXPECT_EQ(event.provider.view().size(), ProviderName::kSizeMax);
  EXPECT_LE(topic(event).size(), kTopicSizeMax);
}

TEST(EventTest, AnErrorGivesItsCodeAndItsFirstWordsMasked) {
  Event event;
  event.set_error({.code = ErrorCode::server, .message = "GET /q?apikey=abcdef12345 failed"});
  EXPECT_EQ(event.code, ErrorCode::server);
  EXPECT_FALSE(event.text.view().contains("abcdef")) << event.text.view();
}

}  // namespace
}  // namespace vortex
