#include "vortex/base/time.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "vortex/base/ascii.hpp"

namespace vortex {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Reads exactly `digits` digits at the front.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Date> make_date(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return Date{date};
}

std::optional<Date> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  return make_date(*year, *month, *day);
}

// ".25" → 250 ms; more than six digits are cut.
std::optional<Duration> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return Duration::zero();
  std::int64_t value = 0;
  std::size_t digits = 0;
  while (!text.empty() && is_digit(text.front())) {
    if (digits < 6) value = value * 10 + (text.front() - '0');
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  for (std::size_t i = digits; i < 6; ++i) value *= 10;
  return Duration{value};
}

// "HH:MM[:SS[.ffffff]]"
std::optional<Duration> take_time_of_day(std::string_view& text) {
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  Duration time = hours{*hour} + minutes{*minute};
  if (!take(text, ':')) return time;
  const auto second = take_digits(text, 2);
  if (!second || *second > 60) return std::nullopt;  // 60: a leap second reads as the next minute
  const auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  return time + seconds{*second} + *fraction;
}

// "Z", "+05:30", "+0530", "-05"
std::optional<Duration> take_offset(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return Duration::zero();
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 15) return std::nullopt;
  Duration offset = hours{*hour};
  if (text.empty()) return sign * offset;
  take(text, ':');
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  return sign * (offset + minutes{*minute});
}

}  // namespace

std::string format_date(Date date) {
  const std::chrono::year_month_day ymd{date};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
}

std::string format_time(TimePoint time) {
  // Not the difference to midnight: that of the first moment lies outside of time.
  constexpr Duration kDay = std::chrono::days(1);
  const Duration rest = time.time_since_epoch() % kDay;
  const std::chrono::hh_mm_ss clock{rest < Duration::zero() ? rest + kDay : rest};
  std::string out =
      fmt::format("{}T{:02}:{:02}:{:02}", format_date(date_of(time)), clock.hours().count(),
                  clock.minutes().count(), clock.seconds().count());
  if (const auto fraction = clock.subseconds().count(); fraction != 0) {
    out += fmt::format(".{:06}", fraction);
    while (out.back() == '0') out.pop_back();
  }
  out += 'Z';
  return out;
}

std::optional<Date> parse_date(std::string_view text) {
  const auto date = take_date(text);
  if (!date || !text.empty()) return std::nullopt;
  return date;
}

std::optional<TimePoint> parse_time(std::string_view text) {
  const auto date = take_date(text);
  if (!date) return std::nullopt;
  if (text.empty()) return midnight(*date);
  if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return std::nullopt;
  const auto time = take_time_of_day(text);
  if (!time) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return midnight(*date) + *time - *offset;
}

namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<int> take_month(std::string_view& text) {
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (!text.starts_with(kMonths[i])) continue;
    text.remove_prefix(3);
    return static_cast<int>(i) + 1;
  }
  return std::nullopt;
}

std::optional<TimePoint> join(std::optional<Date> date, std::optional<Duration> time) {
  if (!date || !time) return std::nullopt;
  return midnight(*date) + *time;
}

// "06 Nov 1994 08:49:37 GMT"
std::optional<TimePoint> parse_imf(std::string_view text) {
  const auto day = take_digits(text, 2);
  if (!day || !take(text, ' ')) return std::nullopt;
  const auto month = take_month(text);
  if (!month || !take(text, ' ')) return std::nullopt;
  const auto year = take_digits(text, 4);
  if (!year || !take(text, ' ')) return std::nullopt;
  const auto time = take_time_of_day(text);
  if (text != " GMT") return std::nullopt;
  return join(make_date(*year, *month, *day), time);
}

// "06-Nov-94 08:49:37 GMT"; two-digit years within 1970–2069
std::optional<TimePoint> parse_rfc850(std::string_view text) {
  const auto day = take_digits(text, 2);
  if (!day || !take(text, '-')) return std::nullopt;
  const auto month = take_month(text);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto year = take_digits(text, 2);
  if (!year || !take(text, ' ')) return std::nullopt;
  const auto time = take_time_of_day(text);
  if (text != " GMT") return std::nullopt;
  return join(make_date(*year + (*year < 70 ? 2000 : 1900), *month, *day), time);
}

// "Nov  6 08:49:37 1994"
std::optional<TimePoint> parse_asctime(std::string_view text) {
  const auto month = take_month(text);
  if (!month || !take(text, ' ')) return std::nullopt;
  const auto day = take(text, ' ') ? take_digits(text, 1) : take_digits(text, 2);
  if (!day || !take(text, ' ')) return std::nullopt;
  const auto time = take_time_of_day(text);
  if (!take(text, ' ')) return std::nullopt;
  const auto year = take_digits(text, 4);
  if (!year || !text.empty()) return std::nullopt;
  return join(make_date(*year, *month, *day), time);
}

}  // namespace

std::optional<TimePoint> parse_http_date(std::string_view text) {
  text = trim(text);
  const std::size_t comma = text.find(", ");
  if (comma == 3) return parse_imf(text.substr(5));
  if (comma != std::string_view::npos) return parse_rfc850(text.substr(comma + 2));
  const std::size_t space = text.find(' ');
  if (space != 3) return std::nullopt;
  return parse_asctime(text.substr(4));
}

std::optional<Duration> parse_duration(std::string_view text) {
  double number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc{} || !std::isfinite(number) || number < 0) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  double unit_us = 0;
  if (unit == "us")
    unit_us = 1;
  else if (unit == "ms")
    unit_us = 1e3;
  else if (unit == "s")
    unit_us = 1e6;
  else if (unit == "m" || unit == "min")
    unit_us = 60e6;
  else if (unit == "h")
    unit_us = 3600e6;
  else if (unit == "d")
    unit_us = 86400e6;
  else if (unit == "y")
    unit_us = 365.25 * 86400e6;
  else
    return std::nullopt;
  constexpr double kMax = 1e17;  // some 3,000 years: sums of two stay inside 64 bits
  if (number * unit_us > kMax) return std::nullopt;
  return Duration{static_cast<std::int64_t>(std::llround(number * unit_us))};
}

std::string format_duration(Duration duration) {
  const auto us = duration.count();
  if (us < 1'000'000) return fmt::format("{}ms", us / 1000);
  const double s = static_cast<double>(us) / 1e6;
  if (s < 60) return fmt::format("{:.1f}s", s);
  const auto whole = us / 1'000'000;
  if (whole < 3600) return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{}h {:02}m", whole / 3600, whole / 60 % 60);
  return fmt::format("{}d {:02}h", whole / 86400, whole / 3600 % 24);
}

}  // namespace vortex
