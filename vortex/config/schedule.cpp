#include "vortex/config/schedule.hpp"

#include <array>
#include <charconv>

#include <fmt/core.h>

namespace vortex {
namespace {

struct Field {
  std::string_view name;
  int min;
  int max;
};
constexpr std::array kFields = {Field{"minute", 0, 59}, Field{"hour", 0, 23}, Field{"day", 1, 31},
                                Field{"month", 1, 12}, Field{"weekday", 0, 7}};

std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view head = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return head;
}

std::optional<int> number_in(std::string_view text, int min, int max) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (number < min || number > max) return std::nullopt;
  return number;
}

// One entry of a list: `*`, `5`, `1-5`, each with an optional `/step`.
bool is_entry(std::string_view entry, const Field& field) {
  const bool stepped = entry.find('/') != std::string_view::npos;
  std::string_view range = take_until(entry, '/');
  if (stepped && !number_in(entry, 1, field.max)) return false;
  if (range == "*") return true;
  const bool spans = range.find('-') != std::string_view::npos;
  const auto first = number_in(take_until(range, '-'), field.min, field.max);
  if (!first || !spans) return first && !stepped;
  const auto last = number_in(range, field.min, field.max);
  return last && *first <= *last;
}

bool is_field(std::string_view text, const Field& field) {
  if (text.empty() || text.back() == ',') return false;
  while (!text.empty()) {
    if (!is_entry(take_until(text, ','), field)) return false;
  }
  return true;
}

}  // namespace

Result<void> check_schedule(std::string_view text) {
  std::string_view rest = text;
  for (const Field& field : kFields) {
    const std::string_view word = take_until(rest, ' ');
    if (is_field(word, field)) continue;
    return fail(ErrorCode::config,
                fmt::format("schedule '{}': '{}' is no {} ({}-{})", untrusted(text, 60),
                            untrusted(word, 20), field.name, field.min, field.max));
  }
  if (!rest.empty()) {
    return fail(ErrorCode::config,
                fmt::format("schedule '{}' has more than five fields", untrusted(text, 60)));
  }
  return {};
}

}  // namespace vortex
