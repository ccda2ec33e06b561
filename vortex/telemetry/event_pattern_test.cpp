#include "vortex/telemetry/event_pattern.hpp"

#include <gtest/gtest.h>

#include "vortex/telemetry/topic_masks.hpp"

namespace vortex {
namespace {

bool pattern_matches(std::string_view pattern, std::string_view topic) {
  const auto parsed = EventPattern::parse(pattern);
  EXPECT_TRUE(parsed.has_value()) << pattern;
  return parsed && parsed->matches(topic);
}

constexpr std::string_view kOpened = "provider.yahoo.circuit_breaker.open";

TEST(EventPatternTest, AStarIsOneOrMoreWholeSegments) {
  EXPECT_TRUE(pattern_matches("*", kOpened));
  EXPECT_TRUE(pattern_matches("provider.*", kOpened));
  EXPECT_TRUE(pattern_matches("provider.yahoo.*", kOpened));
  EXPECT_TRUE(pattern_matches("provider.*.circuit_breaker.*", kOpened));
  EXPECT_TRUE(pattern_matches("provider.*.open", kOpened));
  EXPECT_TRUE(pattern_matches("*.circuit_breaker.open", kOpened));
  EXPECT_TRUE(pattern_matches("*.*.*.*", kOpened)) << "four segments";
  EXPECT_FALSE(pattern_matches("*.*.*.*", "provider.yahoo.connected")) << "three segments";
  EXPECT_FALSE(pattern_matches("provider.*.data.*", "provider.yahoo.data")) << "one at least";
}

TEST(EventPatternTest, WordsMatchWholeAndExactly) {
  EXPECT_TRUE(pattern_matches(kOpened, kOpened));
  EXPECT_FALSE(pattern_matches("provider.yahoo.circuit_breaker.closed", kOpened));
  EXPECT_FALSE(pattern_matches("provider.yaho.*", kOpened));
  EXPECT_FALSE(pattern_matches("provider.yahoo2.*", kOpened));
  EXPECT_FALSE(pattern_matches("provider.*.data.*", kOpened));
}

TEST(EventPatternTest, AProviderWithADotIsMatchedByAStar) {
  EXPECT_TRUE(pattern_matches("provider.*.connected", "provider.my.own.connected"));
}

TEST(EventPatternTest, RefusesWhatCanNeverMatch) {
  const auto code_of = [](std::string_view text) {
    const auto parsed = EventPattern::parse(text);
    return parsed ? std::optional<ErrorCode>() : parsed.error().code;
  };
  for (const char* bad :
       {"", ".", "provider..error", "provider.yahoo.", "provider.yahoo.circuit_*", "**",
        "provider.yahoo.cicuit_breaker.open", "yahoo.*", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q"})
    EXPECT_EQ(code_of(bad), ErrorCode::usage) << bad;
  EXPECT_EQ(code_of(std::string(200, '*')), ErrorCode::usage);
}

TEST(EventPatternTest, J5ManyStarsAgainstALongTopic) {
  std::string topic = "provider";
  for (int i = 0; i < 12; ++i) topic += ".a";
  EXPECT_FALSE(pattern_matches("*.*.*.open", topic));
  EXPECT_TRUE(pattern_matches("*.*.*.*", topic));
}

TEST(TopicMasksTest, SayTheSameAsThePatterns) {
  const std::vector<std::string> texts = {"*", "provider.*.circuit_breaker.*", "provider.yahoo.*",
                                          "provider.ib.data.received"};
  TopicMasks masks;
  for (std::size_t i = 0; i < texts.size(); ++i)
    masks.set(i * 21, {*EventPattern::parse(texts[i])});
  for (const char* provider : {"yahoo", "ib", "other"}) {
    for (const EventTypeEntry& entry : event_type_table()) {
      const Event event{.type = entry.type, .provider = provider};
      std::uint64_t expected = 0;
      for (std::size_t i = 0; i < texts.size(); ++i) {
        if (EventPattern::parse(texts[i])->matches(event)) expected |= std::uint64_t{1} << (i * 21);
      }
      EXPECT_EQ(masks.of(event), expected) << topic(event);
    }
  }
  masks.clear(0);
  EXPECT_EQ(masks.of({.type = EventType::connected, .provider = "other"}), 0U);
}

TEST(TopicMasksTest, MoreProvidersThanAreKeptStillMatch) {
  TopicMasks masks;
  masks.set(3, {*EventPattern::parse("provider.p777.*")});
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 1000; ++i) {
      const std::string name = "p" + std::to_string(i);
      EXPECT_EQ(masks.of({.provider = std::string_view(name)}), i == 777 ? 8U : 0U);
    }
  }
}

}  // namespace
}  // namespace vortex
