#include "vortex/telemetry/event_pattern.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include <fmt/format.h>

namespace vortex {
namespace {

constexpr std::size_t kPatternSizeMax = 128;
constexpr std::size_t kPatternSegmentsMax = 16;
constexpr std::string_view kStar = "*";
// Stands for a provider of any name; no InlineText can contain it.
constexpr std::string_view kAnyProvider = "\x7F";

// The segment that begins at `start`; `start` moves behind its dot, or to npos after the last.
std::string_view take_segment(std::string_view text, std::size_t& start) {
  const std::size_t dot = text.find('.', start);
  const std::string_view segment = text.substr(start, dot - start);
  start = dot == std::string_view::npos ? dot : dot + 1;
  return segment;
}

// The usual matching of one wildcard: on a mismatch the last '*' takes one segment more.
bool match(std::string_view pattern, std::string_view topic) {
  constexpr std::size_t kEnd = std::string_view::npos;
  std::size_t in_pattern = 0;
  std::size_t in_topic = 0;
  bool star_seen = false;
  std::size_t after_star = kEnd;        // in the pattern
  std::size_t star_takes_until = kEnd;  // in the topic
  while (in_topic != kEnd) {
    std::size_t next_topic = in_topic;
    const std::string_view word = take_segment(topic, next_topic);
    std::size_t next_pattern = in_pattern;
    const std::string_view wanted =
        in_pattern == kEnd ? std::string_view() : take_segment(pattern, next_pattern);
    if (in_pattern != kEnd && wanted == kStar) {
      star_seen = true;
      after_star = in_pattern = next_pattern;
      star_takes_until = in_topic = next_topic;
    } else if (in_pattern != kEnd && (wanted == word || word == kAnyProvider)) {
      in_pattern = next_pattern;
      in_topic = next_topic;
    } else if (!star_seen) {
      return false;
    } else {
      take_segment(topic, star_takes_until);
      in_topic = star_takes_until;
      in_pattern = after_star;
    }
  }
  return in_pattern == kEnd;
}

bool can_match_an_event(std::string_view pattern) {
  return std::ranges::any_of(event_type_table(), [&](const EventTypeEntry& entry) {
    std::array<char, kTopicSizeMax> buffer{};
    return match(pattern, topic_in(buffer, entry.type, kAnyProvider));
  });
}

}  // namespace

Result<EventPattern> EventPattern::parse(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::usage,
                fmt::format("'{}' cannot be a pattern of events: {}", untrusted(text, 64), why));
  };
  if (text.empty()) return refuse("it is empty");
  if (text.size() > kPatternSizeMax) return refuse("it is longer than 128 characters");
  if (std::ranges::count(text, '.') >= static_cast<std::ptrdiff_t>(kPatternSegmentsMax))
    return refuse("it has more than 16 segments");
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const std::string_view segment = take_segment(text, at);
    if (segment.empty()) return refuse("a segment is empty");
    if (segment != kStar && segment.contains('*')) return refuse("'*' stands for whole segments");
  }
  if (!can_match_an_event(text)) return refuse("no event has such a topic");
  return EventPattern(text);
}

bool EventPattern::matches(std::string_view topic) const {
  return match(text_, topic);
}

bool EventPattern::matches(const Event& event) const {
  std::array<char, kTopicSizeMax> buffer{};
  return match(text_, topic_in(buffer, event.type, event.provider.view()));
}

}  // namespace vortex
