#include "vortex/model/calendar_rules.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace vortex {
namespace {

constexpr int kDayMinutes = 24 * 60;

std::optional<int> read_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "09:30", "<17:00", "24:00".
std::optional<int> read_minutes(std::string_view text) {
  const bool day_before = text.starts_with('<');
  if (day_before) text.remove_prefix(1);
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hours = read_number(text.substr(0, 2));
  const auto minutes = read_number(text.substr(3));
  if (!hours || !minutes || *hours < 0 || *minutes < 0 || *minutes > 59) return std::nullopt;
  const int time = *hours * 60 + *minutes;
  if (time > kDayMinutes) return std::nullopt;
  return day_before ? time - kDayMinutes : time;
}

std::string clock_text(int minutes) {
  const int in_day = minutes < 0 ? minutes + kDayMinutes : minutes;
  return fmt::format("{}{:02}:{:02}", minutes < 0 ? "<" : "", in_day / 60, in_day % 60);
}

unsigned month_and_day(Date date) {
  const std::chrono::year_month_day ymd(date);
  return static_cast<unsigned>(ymd.month()) * 100 + static_cast<unsigned>(ymd.day());
}

bool is_closed_every_year(const CalendarRules& rules, Date date) {
  if (!rules.regular_on(date)) return false;
  if (std::ranges::binary_search(rules.every, month_and_day(date))) return true;
  if (rules.from_easter.empty()) return false;
  const int year = static_cast<int>(std::chrono::year_month_day(date).year());
  const auto days_on = static_cast<int>((date - easter_sunday(year)).count());
  return std::ranges::find(rules.from_easter, days_on) != rules.from_easter.end();
}

}  // namespace

// By the anonymous Gregorian algorithm.
Date easter_sunday(int year) {
  const int golden = year % 19;
  const int century = year / 100;
  const int rest = year % 100;
  const int epact =
      (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
  const int to_sunday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
  const int on = epact + to_sunday - 7 * ((golden + 11 * epact + 22 * to_sunday) / 451) + 114;
  return Date{std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(on / 31)) /
              std::chrono::day(static_cast<unsigned>(on % 31 + 1))};
}

std::optional<DayHours> parse_hours(std::string_view text) {
  std::vector<int> times;
  while (true) {
    const std::size_t end = text.find_first_of("-+");
    const auto time = read_minutes(text.substr(0, end));
    if (!time) return std::nullopt;
    times.push_back(*time);
    if (end == std::string_view::npos) break;
    const bool pause_ends = times.size() == 2;  // 09:30-12:00+13:00-16:00
    if ((text[end] == '+') != pause_ends) return std::nullopt;
    text.remove_prefix(end + 1);
  }
  if (!std::ranges::is_sorted(times, std::less_equal{})) return std::nullopt;
  if (times.size() == 2) return DayHours{.open = times[0], .close = times[1]};
  if (times.size() != 4) return std::nullopt;
  return DayHours{
      .open = times[0], .close = times[3], .pause_start = times[1], .pause_end = times[2]};
}

std::string to_string(const DayHours& hours) {
  if (!hours.has_pause())
    return fmt::format("{}-{}", clock_text(hours.open), clock_text(hours.close));
  return fmt::format("{}-{}+{}-{}", clock_text(hours.open), clock_text(hours.pause_start),
                     clock_text(hours.pause_end), clock_text(hours.close));
}

bool CalendarRules::knows(Date date) const {
  if (changed.contains(date)) return true;
  if (first && date < *first) return false;
  return !is_beyond_table(date) || rule != nullptr;
}

const std::optional<DayHours>& CalendarRules::regular_on(Date date) const {
  static const std::optional<DayHours> kNone;
  if (weeks.empty()) return kNone;
  auto week = std::ranges::upper_bound(weeks, date, {}, &Week::from);
  if (week != weeks.begin()) --week;
  return week->days[std::chrono::weekday(date).c_encoding()];
}

std::optional<SpecialDay> CalendarRules::special_on(Date date) const {
  if (const auto own = changed.find(date); own != changed.end()) return own->second;
  const bool by_rule = rule != nullptr && (!horizon || date > *horizon);
  if (by_rule) return rule(date);
  if (const auto found = special.find(date); found != special.end()) return found->second;
  return is_closed_every_year(*this, date) ? std::optional(SpecialDay{}) : std::nullopt;
}

std::optional<DayHours> CalendarRules::hours_on(Date date) const {
  if (!knows(date)) return std::nullopt;
  if (const auto special_day = special_on(date)) return special_day->hours;
  return regular_on(date);
}

}  // namespace vortex
