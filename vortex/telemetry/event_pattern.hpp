// Which topics a subscriber wants: segments between dots, where '*' stands for one or more whole
// segments. "provider.*.circuit_breaker.*", "provider.yahoo.*", "*". A value; matching allocates
// nothing and takes at most (segments of the pattern) × (segments of the topic) steps.
#pragma once

#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/telemetry/event.hpp"

namespace vortex {

class EventPattern {
 public:
  // Refused (usage): no segment or an empty one, more than 16, a '*' inside a word, and patterns
  // that no event can ever match, which are misspelt.
  static Result<EventPattern> parse(std::string_view text);

  bool matches(std::string_view topic) const;
  bool matches(const Event& event) const;
  const std::string& text() const { return text_; }

 private:
  explicit EventPattern(std::string_view text) : text_(text) {}
  std::string text_;
};

}  // namespace vortex
