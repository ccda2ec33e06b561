#include "vortex/config/value_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "vortex/base/suggest.hpp"
#include "vortex/base/time_zone.hpp"
#include "vortex/config/rate_limit.hpp"
#include "vortex/config/schedule.hpp"
#include "vortex/config/secret_source.hpp"
#include "vortex/model/symbol.hpp"

namespace vortex {
namespace {

template <class T>
using Read = std::expected<T, std::string>;

constexpr std::size_t kListMax = 100'000;
constexpr std::size_t kShownMax = 60;

std::unexpected<std::string> expected(std::string_view what, const RawValue& found) {
  return std::unexpected(
      fmt::format("expected {}, found {}", what, untrusted(to_toml(found), kShownMax)));
}

std::unexpected<std::string> outside(const RawValue& found, std::string_view bounds) {
  return std::unexpected(
      fmt::format("{} is not possible here: {}", untrusted(to_toml(found), kShownMax), bounds));
}

// A number and the unit behind it: "64MiB" → 64, "MiB".
std::optional<std::pair<std::int64_t, std::string_view>> split_unit(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  return std::pair(number, text.substr(static_cast<std::size_t>(end - text.data())));
}

// Multiplies unless it overflows.
std::optional<std::int64_t> scaled(std::int64_t number, std::int64_t factor) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(number, factor, &product)) return std::nullopt;
  return product;
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  const auto parts = split_unit(text);
  if (!parts) return std::nullopt;
  const auto [number, unit] = *parts;
  if (unit == "B") return number;
  if (unit == "KiB") return scaled(number, 1LL << 10);
  if (unit == "MiB") return scaled(number, 1LL << 20);
  if (unit == "GiB") return scaled(number, 1LL << 30);
  return std::nullopt;
}

// History is long: years of 365.25 days besides the units of parse_duration.
std::optional<Duration> parse_span(std::string_view text) {
  const auto parts = split_unit(text);
  if (!parts || parts->second != "y") return parse_duration(text);
  const auto hours = scaled(parts->first, 8766);
  if (!hours || *hours > std::int64_t{8766} * 1000) return std::nullopt;
  return std::chrono::hours(*hours);
}

Read<std::string> read_text(const RawValue& raw, const ReadingRules& rules) {
  if (const std::string* text = raw.as_string()) return *text;
  if (rules.from_text && raw.as_array() == nullptr && !raw.is_table()) return to_toml(raw);
  return expected("a string in quotes", raw);
}

Read<TypedValue> read_boolean(const RawValue& raw) {
  if (const bool* flag = std::get_if<bool>(&raw.value)) return *flag;
  return expected("true or false", raw);
}

Read<TypedValue> read_integer(const RawValue& raw, const KeyBounds& bounds) {
  const auto* number = std::get_if<std::int64_t>(&raw.value);
  if (number == nullptr) return expected("a whole number", raw);
  if (static_cast<double>(*number) < bounds.min || static_cast<double>(*number) > bounds.max) {
    return outside(raw,
                   fmt::format("a whole number from {:.0f} to {:.0f}", bounds.min, bounds.max));
  }
  return *number;
}

Read<TypedValue> read_number(const RawValue& raw, const KeyBounds& bounds) {
  double number = 0;
  if (const auto* whole = std::get_if<std::int64_t>(&raw.value)) {
    number = static_cast<double>(*whole);
  } else if (const auto* real = std::get_if<double>(&raw.value)) {
    number = *real;
  } else {
    return expected("a number", raw);
  }
  const bool is_inside = number >= bounds.min && number <= bounds.max;  // never for NaN
  if (!is_inside) {
    return outside(raw, fmt::format("a number from {:g} to {:g}", bounds.min, bounds.max));
  }
  return number;
}

Read<TypedValue> read_duration(const RawValue& raw, const KeyBounds& bounds) {
  const std::string* text = raw.as_string();
  const auto duration = text == nullptr ? std::nullopt : parse_duration(*text);
  if (!duration) return expected(R"(a duration with its unit such as "5s" or "250ms")", raw);
  const double seconds = std::chrono::duration<double>(*duration).count();
  if (seconds < bounds.min || seconds > bounds.max) {
    return outside(raw, fmt::format("from {:g} s to {:.0f} s", bounds.min, bounds.max));
  }
  return *duration;
}

Read<TypedValue> read_size(const RawValue& raw, const KeyBounds& bounds) {
  const std::string* text = raw.as_string();
  const auto size = text == nullptr ? std::nullopt : parse_size(*text);
  if (!size) return expected(R"(a size with its unit such as "64MiB" (B, KiB, MiB, GiB))", raw);
  if (static_cast<double>(*size) < bounds.min || static_cast<double>(*size) > bounds.max) {
    return outside(raw, fmt::format("from {:.0f} B to {:.0f} B", bounds.min, bounds.max));
  }
  return *size;
}

bool is_web_address(std::string_view text) {
  const bool scheme = text.starts_with("http://") || text.starts_with("https://");
  const bool clean = text.find_first_of(" \t\r\n?#") == std::string_view::npos;
  return scheme && clean && text.find("://") + 3 < text.size();
}

constexpr std::string_view kAddressWanted =
    "expected an address that begins with http:// or https:// and has no query";

Read<TypedValue> read_url(const RawValue& raw, const ReadingRules& rules) {
  auto text = read_text(raw, rules);
  if (!text) return std::unexpected(std::move(text).error());
  if (text->empty() || is_web_address(*text)) return *text;
  return std::unexpected(std::string(kAddressWanted));
}

Read<TypedValue> read_choice(const RawValue& raw, const ReadingRules& rules) {
  auto text = read_text(raw, rules);
  if (!text) return std::unexpected(std::move(text).error());
  if (std::ranges::find(rules.choices, *text) != rules.choices.end()) return *text;
  return std::unexpected(fmt::format("'{}' is none of {}{}", untrusted(*text, kShownMax),
                                     fmt::join(rules.choices, ", "),
                                     did_you_mean(*text, rules.choices)));
}

Read<TypedValue> read_secret(const RawValue& raw) {
  const std::string* text = raw.as_string();
  if (text != nullptr && (text->empty() || is_secret_reference(*text))) return *text;
  // What was written may be the secret: it is not repeated.
  return std::unexpected(
      "a secret is not written here but referred to: use env:NAME, file:PATH or vault:PATH#FIELD");
}

Read<TypedValue> read_date(const RawValue& raw) {
  const RawDate* literal = std::get_if<RawDate>(&raw.value);
  const std::string* text = literal != nullptr ? &literal->text : raw.as_string();
  const auto date = text == nullptr ? std::nullopt : parse_date(*text);
  if (!date) return expected("a date such as 2015-01-31", raw);
  return *date;
}

Read<TypedValue> read_interval(const RawValue& raw) {
  const std::string* text = raw.as_string();
  if (text == nullptr) return expected(R"(an interval such as "1d")", raw);
  auto interval = parse_interval(*text);
  if (!interval) return std::unexpected(interval.error().message);
  return *interval;
}

Read<TypedValue> read_zone(const RawValue& raw, const ReadingRules& rules) {
  auto text = read_text(raw, rules);
  if (!text || text->empty()) return text;
  auto zone = TimeZone::find(*text);
  if (!zone) return std::unexpected(zone.error().message);
  return *text;
}

Read<TypedValue> read_schedule(const RawValue& raw, const ReadingRules& rules) {
  auto text = read_text(raw, rules);
  if (!text || text->empty()) return text;
  if (auto checked = check_schedule(*text); !checked)
    return std::unexpected(checked.error().message);
  return *text;
}

Read<std::vector<std::string>> read_texts(const RawValue& raw, const ReadingRules& rules) {
  std::vector<std::string> texts;
  if (const std::string* text = raw.as_string(); text != nullptr && rules.from_text) {
    for (std::size_t start = 0; start <= text->size();) {
      const std::size_t end = std::min(text->find(',', start), text->size());
      if (end > start) texts.push_back(text->substr(start, end - start));
      start = end + 1;
    }
    return texts;
  }
  const RawArray* array = raw.as_array();
  if (array == nullptr) return expected(R"(a list such as ["a", "b"])", raw);
  if (array->size() > kListMax)
    return std::unexpected(fmt::format("more than {} entries", kListMax));
  for (const RawValue& element : *array) {
    const std::string* text = element.as_string();
    if (text == nullptr) return expected("a list of strings", raw);
    texts.push_back(*text);
  }
  return texts;
}

Read<TypedValue> read_urls(const RawValue& raw, const ReadingRules& rules) {
  auto texts = read_texts(raw, rules);
  if (!texts) return std::unexpected(std::move(texts).error());
  if (static_cast<double>(texts->size()) > rules.bounds.max) {
    return std::unexpected(fmt::format("more than {:.0f} entries", rules.bounds.max));
  }
  for (const std::string& text : *texts) {
    if (is_web_address(text)) continue;
    return std::unexpected(
        fmt::format("{}, found '{}'", kAddressWanted, untrusted(text, kShownMax)));
  }
  return std::move(*texts);
}

Read<TypedValue> read_symbols(const RawValue& raw, const ReadingRules& rules) {
  auto texts = read_texts(raw, rules);
  if (!texts) return std::unexpected(std::move(texts).error());
  for (const std::string& text : *texts) {
    if (auto symbol = Symbol::parse(text); !symbol) return std::unexpected(symbol.error().message);
  }
  return std::move(*texts);
}

Read<TypedValue> read_providers(const RawValue& raw, const ReadingRules& rules) {
  auto texts = read_texts(raw, rules);
  if (!texts) return std::unexpected(std::move(texts).error());
  for (const std::string& text : *texts) {
    if (std::ranges::find(rules.providers, text) != rules.providers.end()) continue;
    return std::unexpected(fmt::format("unknown provider '{}'{}", untrusted(text, kShownMax),
                                       did_you_mean(text, rules.providers)));
  }
  return std::move(*texts);
}

Read<TypedValue> read_limits(const RawValue& raw, const ReadingRules& rules) {
  auto texts = read_texts(raw, rules);
  if (!texts) return std::unexpected(std::move(texts).error());
  std::vector<RateLimit> limits;
  for (const std::string& text : *texts) {
    auto limit = parse_rate_limit(text);
    if (!limit) return std::unexpected(limit.error().message);
    limits.push_back(std::move(*limit));
  }
  return limits;
}

Read<TypedValue> read_depth(const RawValue& raw) {
  const RawTable* table = raw.as_table();
  if (table == nullptr) return expected(R"(a table such as { "1d" = "20y" })", raw);
  DepthMap depth;
  for (const RawMember& member : *table) {
    const auto interval = parse_interval(member.name);
    if (!interval) return std::unexpected(interval.error().message);
    const std::string* text = member.value.as_string();
    const auto span = text == nullptr ? std::nullopt : parse_span(*text);
    if (!span || *span <= Duration::zero()) {
      return expected(R"(a span with its unit such as "20y" or "60d")", member.value);
    }
    depth[*interval] = *span;
  }
  return depth;
}

}  // namespace

std::string_view to_string(KeyType type) {
  static constexpr std::array kNames = {"string",        "choice",
                                        "url",           "secret reference",
                                        "boolean",       "integer",
                                        "number",        "duration",
                                        "size",          "date",
                                        "interval",      "time zone",
                                        "schedule",      "string list",
                                        "url list",      "symbol list",
                                        "provider list", "rate limit list",
                                        "depth table"};
  return kNames.at(static_cast<std::size_t>(type));
}

std::expected<TypedValue, std::string> read_value(const RawValue& raw, const ReadingRules& rules) {
  switch (rules.type) {
    case KeyType::text: return read_text(raw, rules);
    case KeyType::choice: return read_choice(raw, rules);
    case KeyType::url: return read_url(raw, rules);
    case KeyType::secret: return read_secret(raw);
    case KeyType::boolean: return read_boolean(raw);
    case KeyType::integer: return read_integer(raw, rules.bounds);
    case KeyType::number: return read_number(raw, rules.bounds);
    case KeyType::duration: return read_duration(raw, rules.bounds);
    case KeyType::size: return read_size(raw, rules.bounds);
    case KeyType::date: return read_date(raw);
    case KeyType::interval: return read_interval(raw);
    case KeyType::zone: return read_zone(raw, rules);
    case KeyType::schedule: return read_schedule(raw, rules);
    case KeyType::texts: return read_texts(raw, rules);
    case KeyType::urls: return read_urls(raw, rules);
    case KeyType::symbols: return read_symbols(raw, rules);
    case KeyType::providers: return read_providers(raw, rules);
    case KeyType::limits: return read_limits(raw, rules);
    case KeyType::depth: return read_depth(raw);
  }
  return std::unexpected("has no type");
}

}  // namespace vortex
