#include "apps/cli/arguments.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include <fmt/core.h>

#include "vortex/base/ascii.hpp"
#include "vortex/base/suggest.hpp"

namespace vortex::cli {
namespace {

// The date somebody probably meant: "20240105", "2024-1-5", "2024/01/05", "2024-02-30", "2015".
std::string nearest_date(std::string_view text) {
  std::array<int, 3> parts = {0, 1, 1};
  const std::string digits = [&] {
    std::string kept;
    for (const char c : text.substr(0, 32)) kept += is_digit(c) ? c : ' ';
    return kept;
  }();
  std::vector<std::string_view> words = words_of(digits);
  if (!words.empty() && words[0].size() == 8)
    words = {words[0].substr(0, 4), words[0].substr(4, 2), words[0].substr(6)};
  if (words.empty() || words[0].size() != 4) return "";
  for (std::size_t i = 0; i < std::min<std::size_t>(3, words.size()); ++i) {
    std::from_chars(words[i].data(), words[i].data() + words[i].size(), parts[i]);
  }
  const std::chrono::year_month month{
      std::chrono::year(parts[0]),
      std::chrono::month(static_cast<unsigned>(std::clamp(parts[1], 1, 12)))};
  const auto last = std::chrono::year_month_day_last(month / std::chrono::last).day();
  const auto day =
      std::min(last, std::chrono::day(static_cast<unsigned>(std::clamp(parts[2], 1, 31))));
  return format_date(std::chrono::sys_days(month / day));
}

Result<std::optional<TimePoint>> moment_of(const Arguments& arguments, std::string_view flag) {
  const auto text = arguments.value(flag);
  if (!text) return std::optional<TimePoint>();
  VORTEX_TRY(const TimePoint moment, parse_moment(flag, *text));
  return std::optional(moment);
}

}  // namespace

int Arguments::count(std::string_view flag) const {
  const auto found = flags.find(flag);
  return found == flags.end() ? 0 : static_cast<int>(found->second.size());
}

std::optional<std::string> Arguments::value(std::string_view flag) const {
  const auto found = flags.find(flag);
  if (found == flags.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

std::string Arguments::value_or(std::string_view flag, std::string_view fallback) const {
  return value(flag).value_or(std::string(fallback));
}

Result<std::optional<Interval>> Arguments::interval() const {
  const auto text = value("--interval");
  if (!text) return std::optional<Interval>();
  VORTEX_TRY(const Interval interval, parse_interval(*text));
  return std::optional(interval);
}

Result<std::optional<TimePoint>> Arguments::since() const {
  return moment_of(*this, "--since");
}

Result<std::optional<TimePoint>> Arguments::until() const {
  VORTEX_TRY(const auto start, since());
  VORTEX_TRY(const auto end, moment_of(*this, "--until"));
  if (start && end && *end <= *start) {
    return fail(ErrorCode::usage,
                fmt::format("--until {} does not lie after --since {}",
                            untrusted(*value("--until"), 40), untrusted(*value("--since"), 40)));
  }
  return end;
}

Result<std::vector<Symbol>> Arguments::symbols() const {
  std::vector<Symbol> symbols;
  std::set<std::string> seen;
  for (const std::string& text : positional) {
    VORTEX_TRY(Symbol symbol, Symbol::parse(text));
    if (seen.insert(symbol.text()).second) symbols.push_back(std::move(symbol));
  }
  return symbols;
}

Result<std::vector<std::string>> Arguments::providers(const std::vector<std::string_view>& known,
                                                      std::string_view flag) const {
  std::vector<std::string> names;
  const auto given = flags.find(flag);
  if (given == flags.end()) return names;
  for (const std::string& list : given->second) {
    for (std::size_t start = 0; start <= list.size();) {
      const std::size_t end = std::min(list.find(',', start), list.size());
      std::string name = list.substr(start, end - start);
      VORTEX_TRY_VOID(check_choice("provider", name, known));
      if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
      start = end + 1;
    }
  }
  return names;
}

Result<std::optional<std::int64_t>> Arguments::integer(std::string_view flag, std::int64_t min,
                                                       std::int64_t max) const {
  const auto text = value(flag);
  if (!text) return std::optional<std::int64_t>();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size() || number < min || number > max) {
    return fail(ErrorCode::usage, fmt::format("{} '{}' is no whole number from {} to {}", flag,
                                              untrusted(*text, 40), min, max));
  }
  return std::optional(number);
}

Result<std::optional<double>> Arguments::number(std::string_view flag, double min,
                                                double max) const {
  const auto text = value(flag);
  if (!text) return std::optional<double>();
  double number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size() || !(number >= min) ||
      !(number <= max)) {
    return fail(ErrorCode::usage, fmt::format("{} '{}' is no number from {} to {}", flag,
                                              untrusted(*text, 40), min, max));
  }
  return std::optional(number);
}

Result<void> check_choice(std::string_view what, std::string_view typed,
                          const std::vector<std::string_view>& choices) {
  if (std::ranges::find(choices, typed) != choices.end()) return {};
  std::string list;
  for (const std::string_view choice : choices)
    list += list.empty() ? std::string(choice) : fmt::format(", {}", choice);
  Error error{.code = ErrorCode::unknown_name,
              .message = fmt::format("unknown {} '{}'{}", what, untrusted(typed, 60),
                                     did_you_mean(typed, choices)),
              .hint = fmt::format("one of {}", list)};
  return std::unexpected(std::move(error));
}

Result<TimePoint> parse_moment(std::string_view flag, std::string_view text) {
  if (const auto moment = parse_time(text)) return *moment;
  const std::string meant = nearest_date(text);
  const std::string suggestion = meant.empty() ? "" : fmt::format(" (did you mean '{}'?)", meant);
  return fail(ErrorCode::bad_time,
              fmt::format("{} '{}' is no date or time{}", flag, untrusted(text, 60), suggestion));
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find(' '), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

}  // namespace vortex::cli
