// Gives a written value the type its key asks for, or says what was expected. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vortex/config/raw_value.hpp"
#include "vortex/config/settings.hpp"

namespace vortex {

enum class KeyType : std::uint8_t {
  text,    // any string
  choice,  // one of the key's words
  url,     // http:// or https://
  secret,  // a reference to a secret
  boolean,
  integer,
  number,
  duration,   // "30s"
  size,       // "64MiB"
  date,       // 2015-01-01, bare or quoted
  interval,   // "1d"
  zone,       // IANA name
  schedule,   // five fields of cron
  texts,      // list of strings
  urls,       // list of URLs, none of them empty
  symbols,    // list of symbols
  providers,  // list of known providers
  limits,     // list of rate limits
  depth,      // interval → span
};
std::string_view to_string(KeyType type);

// Inclusive; for durations in seconds, for sizes in bytes, for lists of URLs their length.
struct KeyBounds {
  double min = 0;
  double max = 0;
};

using DepthMap = std::map<Interval, Duration>;
using TypedValue = std::variant<std::string, bool, std::int64_t, double, Duration, Date, Interval,
                                std::vector<std::string>, std::vector<RateLimit>, DepthMap>;

struct ReadingRules {
  KeyType type = KeyType::text;
  KeyBounds bounds;
  std::vector<std::string_view> providers;    // known names
  std::span<const std::string_view> choices;  // of a KeyType::choice
  bool from_text =
      false;  // environment or --set: lists may be comma-separated, numbers may be text
};

// The error is one clause: `expected a duration with its unit such as "5s", found 5`.
std::expected<TypedValue, std::string> read_value(const RawValue& raw, const ReadingRules& rules);

}  // namespace vortex
