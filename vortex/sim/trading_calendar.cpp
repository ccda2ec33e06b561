#include "vortex/sim/trading_calendar.hpp"

#include <chrono>

namespace vortex {
namespace {

using std::chrono::days;
using std::chrono::weekday;
using std::chrono::year_month_day;

// Gauss's rule in its Gregorian form.
Date easter_sunday(int year) {
  const int a = year % 19;
  const int b = year / 100;
  const int c = year % 100;
  const int d = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
  const int e = (32 + 2 * (b % 4) + 2 * (c / 4) - d - c % 4) % 7;
  const int f = d + e - 7 * ((a + 11 * d + 22 * e) / 451) + 114;
  return std::chrono::sys_days(year_month_day(std::chrono::year(year),
                                              std::chrono::month(static_cast<unsigned>(f / 31)),
                                              std::chrono::day(static_cast<unsigned>(f % 31 + 1))));
}

struct DayParts {
  int year;
  unsigned month;
  unsigned day;
  unsigned weekday;  // 0 is Sunday
  unsigned nth() const { return (day - 1) / 7 + 1; }
};

DayParts parts_of(Date date) {
  const year_month_day ymd(date);
  return {.year = static_cast<int>(ymd.year()),
          .month = static_cast<unsigned>(ymd.month()),
          .day = static_cast<unsigned>(ymd.day()),
          .weekday = weekday(date).c_encoding()};
}

bool is_fixed_day_observed(const DayParts& at, unsigned month, unsigned day) {
  if (at.month != month) return false;
  const bool friday_before = at.weekday == 5 && at.day + 1 == day && month != 1;
  return at.day == day || friday_before || (at.weekday == 1 && at.day == day + 1);
}

bool is_us_holiday(Date date) {
  const DayParts at = parts_of(date);
  const bool monday = at.weekday == 1;
  return is_fixed_day_observed(at, 1, 1) || is_fixed_day_observed(at, 7, 4) ||
         is_fixed_day_observed(at, 12, 25) ||
         (at.year >= 2022 && is_fixed_day_observed(at, 6, 19)) ||
         (at.year >= 1998 && monday && at.month == 1 && at.nth() == 3) ||
         (monday && at.month == 2 && at.nth() == 3) || (monday && at.month == 5 && at.day > 24) ||
         (monday && at.month == 9 && at.nth() == 1) ||
         (at.weekday == 4 && at.month == 11 && at.nth() == 4) ||
         date == easter_sunday(at.year) - days(2);
}

bool is_european_holiday(Date date) {
  const DayParts at = parts_of(date);
  const Date easter = easter_sunday(at.year);
  return (at.month == 1 && at.day == 1) || (at.month == 12 && (at.day == 25 || at.day == 26)) ||
         date == easter - days(2) || date == easter + days(1);
}

bool is_asian_holiday(Date date) {
  const DayParts at = parts_of(date);
  return at.month == 1 && at.day <= 2;
}

bool is_weekend(Date date) {
  const unsigned day = weekday(date).c_encoding();
  return day == 0 || day == 6;
}

TimeZone zone_of(const Venue& venue) {
  auto zone = TimeZone::find(venue.zone);
  return zone ? *zone : TimeZone::utc();
}

}  // namespace

bool is_trading_date(const Venue& venue, Date date) {
  if (venue.holidays == HolidayRule::none_at_all) return true;
  if (is_weekend(date)) return false;
  switch (venue.holidays) {
    case HolidayRule::us: return !is_us_holiday(date);
    case HolidayRule::europe: return !is_european_holiday(date);
    case HolidayRule::asia: return !is_asian_holiday(date);
    default: return true;
  }
}

Date trading_date_before(const Venue& venue, Date date) {
  do date -= days(1);
  while (!is_trading_date(venue, date));
  return date;
}

Date trading_date_on_or_after(const Venue& venue, Date date) {
  while (!is_trading_date(venue, date)) date += days(1);
  return date;
}

VenueClock::VenueClock(const Venue& venue)
    : venue_(&venue), zone_(zone_of(venue)), stretch_(zone_.stretch_at(TimePoint{})) {}

const TimeZone::Stretch& VenueClock::stretch(TimePoint time) {
  if (!stretch_.holds(time)) stretch_ = zone_.stretch_at(time);
  return stretch_;
}

TimePoint VenueClock::at(Date date, int minute) {
  const Duration time_of_day = std::chrono::minutes(minute);
  // A wall time well inside the known stretch needs no look-up; near its ends the zone decides.
  constexpr Duration kMargin = days(2);
  const TimePoint guess = midnight(date) + time_of_day - stretch_.offset;
  if (stretch_.begin + kMargin < guess && guess < stretch_.end - kMargin) return guess;
  const TimePoint time =
      minute == 24 * 60 ? zone_.to_utc(date + days(1)) : zone_.to_utc(date, time_of_day);
  stretch_ = zone_.stretch_at(time);
  return time;
}

TradingDay VenueClock::day(Date date) {
  TradingDay day;
  day.date = date;
  day.open = at(date, venue_->open_minute);
  day.close = at(date, venue_->close_minute);
  day.pre = at(date, venue_->pre_minute);
  day.post = at(date, venue_->post_minute);
  return day;
}

Date VenueClock::local_date(TimePoint time) {
  return date_of(time + stretch(time).offset);
}

int VenueClock::offset_seconds(TimePoint time) {
  return static_cast<int>(std::chrono::floor<std::chrono::seconds>(stretch(time).offset).count());
}

std::string_view VenueClock::zone_name(TimePoint time) {
  return offset_seconds(time) == venue_->standard_offset_s ? venue_->standard_name
                                                           : venue_->summer_name;
}

}  // namespace vortex
