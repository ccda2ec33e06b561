#include "vortex/codec/bar_file_time.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace vortex {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

// Seconds of 1900-01-01 and 2200-01-01.
constexpr std::int64_t kPlausibleMin = -2'208'988'800;
constexpr std::int64_t kPlausibleMax = 7'258'118'400;
// Plain numbers nearer to 1970 than this (in seconds) are not taken for seconds: 20240102 is a
// date.
constexpr std::int64_t kSecondsMin = 100'000'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Walks a stamp from left to right; a step that does not fit leaves `good` false.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool done() const { return at_ == text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }
  bool skip(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  // Between `min` and `max` digits as a number; -1 where there are fewer.
  int number(std::size_t min, std::size_t max) {
    int value = 0;
    std::size_t digits = 0;
    for (; digits < max && is_digit(peek()); ++digits) value = value * 10 + (text_[at_++] - '0');
    return digits < min ? -1 : value;
  }
  std::size_t digits_ahead() const {
    std::size_t count = 0;
    while (at_ + count < text_.size() && is_digit(text_[at_ + count])) ++count;
    return count;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<std::int64_t> day_micros(int year, int month, int day) {
  if (year < 1000 || month < 1 || day < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * kDay;
}

// "2024-01-02", "2024/01/02", "20240102", and "11/5/2019" where the order is known.
std::optional<std::int64_t> read_day(Cursor& cursor, const std::optional<bool>& day_first) {
  const std::size_t digits = cursor.digits_ahead();
  if (digits >= 8) {
    const int year = cursor.number(4, 4), month = cursor.number(2, 2), day = cursor.number(2, 2);
    return day_micros(year, month, day);
  }
  if (digits == 4) {
    const int year = cursor.number(4, 4);
    const char separator = cursor.peek();
    if (separator != '-' && separator != '/' && separator != '.') return std::nullopt;
    cursor.skip(separator);
    const int month = cursor.number(1, 2);
    if (!cursor.skip(separator)) return std::nullopt;
    return day_micros(year, month, cursor.number(1, 2));
  }
  const int first = cursor.number(1, 2);
  if (!cursor.skip('/')) return std::nullopt;
  const int second = cursor.number(1, 2);
  if (!cursor.skip('/') || !day_first) return std::nullopt;
  const int year = cursor.number(4, 4);
  return *day_first ? day_micros(year, second, first) : day_micros(year, first, second);
}

std::int64_t read_fraction(Cursor& cursor) {
  std::int64_t micros = 0;
  std::int64_t unit = kSecond / 10;
  for (; is_digit(cursor.peek()); unit /= 10) micros += cursor.number(1, 1) * unit;
  return micros;
}

// "14:30", "9:30", "14:30:05.25", "143005".
std::optional<std::int64_t> read_time_of_day(Cursor& cursor) {
  const bool packed = cursor.digits_ahead() >= 4;
  const int hour = packed ? cursor.number(2, 2) : cursor.number(1, 2);
  if (!packed && !cursor.skip(':')) return std::nullopt;
  const int minute = cursor.number(2, 2);
  int second = 0;
  std::int64_t micros = 0;
  if (packed ? cursor.digits_ahead() >= 2 : cursor.skip(':')) second = cursor.number(2, 2);
  if (cursor.skip('.') || cursor.skip(',')) micros = read_fraction(cursor);
  if (hour < 0 || minute < 0 || second < 0 || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  return hour * kHour + minute * kMinute + second * kSecond + micros;
}

// "Z", "+05:30", "-0400", "+08"; false where something else follows.
bool read_zone(Cursor& cursor, WallStamp& stamp) {
  if (cursor.done()) return true;
  if (cursor.skip('Z') || cursor.skip('z')) {
    stamp.has_zone = true;
    return cursor.done();
  }
  const bool west = cursor.peek() == '-';
  if (!cursor.skip('+') && !cursor.skip('-')) return false;
  const int hours = cursor.number(2, 2);
  cursor.skip(':');
  const int minutes = cursor.done() ? 0 : cursor.number(2, 2);
  if (hours < 0 || minutes < 0 || hours > 18 || minutes > 59 || !cursor.done()) return false;
  stamp.offset = (hours * kHour + minutes * kMinute) * (west ? -1 : 1);
  stamp.has_zone = true;
  return true;
}

bool is_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

}  // namespace

std::string_view to_string(UnixUnit unit) {
  switch (unit) {
    case UnixUnit::seconds: return "seconds";
    case UnixUnit::millis: return "milliseconds";
    case UnixUnit::micros: return "microseconds";
    case UnixUnit::nanos: break;
  }
  return "nanoseconds";
}

std::optional<UnixUnit> plausible_unit(std::int64_t count) {
  if (count == 0) return UnixUnit::seconds;
  constexpr std::int64_t kScales[] = {1, 1000, 1'000'000, 1'000'000'000};
  for (int unit = 0; unit < 4; ++unit) {
    const std::int64_t seconds = count / kScales[unit];
    const bool far = seconds >= kSecondsMin || seconds <= -kSecondsMin;
    if (far && seconds >= kPlausibleMin && seconds <= kPlausibleMax) {
      return static_cast<UnixUnit>(unit);
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> unix_micros(std::int64_t count, UnixUnit unit) {
  std::int64_t micros = 0;
  switch (unit) {
    case UnixUnit::seconds:
      if (__builtin_mul_overflow(count, kSecond, &micros)) return std::nullopt;
      return micros;
    case UnixUnit::millis:
      if (__builtin_mul_overflow(count, 1000, &micros)) return std::nullopt;
      return micros;
    case UnixUnit::micros: return count;
    case UnixUnit::nanos: break;
  }
  return count >= 0 ? count / 1000 : -((999 - count) / 1000);
}

std::optional<WallStamp> StampReader::read(std::string_view text) {
  const bool number = is_integer(text);
  if (number && (text.size() != 8 || text.starts_with('-') || unit_)) return read_number(text);
  return read_calendar(text);
}

std::optional<WallStamp> StampReader::read_number(std::string_view text) {
  std::int64_t count = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
  if (parsed.ec != std::errc{}) return std::nullopt;
  if (!unit_) unit_ = plausible_unit(count);
  if (!unit_) return std::nullopt;
  const auto micros = unix_micros(count, *unit_);
  if (!micros || *micros < kPlausibleMin * kSecond || *micros > kPlausibleMax * kSecond) {
    return std::nullopt;
  }
  return WallStamp{.wall = *micros, .has_zone = true};
}

std::optional<WallStamp> StampReader::read_calendar(std::string_view text) {
  Cursor cursor(text);
  const auto day = read_day(cursor, day_first_);
  if (!day) return std::nullopt;
  WallStamp stamp{.wall = *day};
  if (cursor.done()) return stamp;
  if (!cursor.skip('T') && !cursor.skip('t') && !cursor.skip(' ')) return std::nullopt;
  const auto time = read_time_of_day(cursor);
  if (!time) return std::nullopt;
  stamp.wall += *time;
  cursor.skip(' ');
  if (!read_zone(cursor, stamp)) return std::nullopt;
  if (!stamp.has_zone) saw_bare_ = true;
  return stamp;
}

std::optional<bool> day_first_in(const std::vector<std::string_view>& stamps) {
  for (const std::string_view stamp : stamps) {
    Cursor cursor(stamp);
    const int first = cursor.number(1, 2);
    if (!cursor.skip('/')) continue;
    const int second = cursor.number(1, 2);
    if (first > 12) return true;
    if (second > 12) return false;
  }
  return std::nullopt;
}

}  // namespace vortex
