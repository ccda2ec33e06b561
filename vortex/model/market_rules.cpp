#include "vortex/model/market_rules.hpp"

#include <utility>

namespace vortex {
namespace {

using std::chrono::days;
using std::chrono::weekday;
using std::chrono::year_month_day;

constexpr unsigned kSunday = 0;
constexpr unsigned kMonday = 1;
constexpr unsigned kThursday = 4;
constexpr unsigned kFriday = 5;
constexpr unsigned kSaturday = 6;

constexpr int clock(int hours, int minutes = 0) {
  return hours * 60 + minutes;
}
constexpr int clock_before(int hours) {  // on the day before
  return clock(hours - 24);
}

struct Day {
  explicit Day(Date day) : date(day), ymd(day), of_week(weekday(day).c_encoding()) {}
  int year() const { return static_cast<int>(ymd.year()); }
  bool is(unsigned month, unsigned day) const {
    return static_cast<unsigned>(ymd.month()) == month && static_cast<unsigned>(ymd.day()) == day;
  }
  // "the third Monday of February"; counted from the end: -1 is the last.
  bool is_nth(int nth, unsigned day_of_week, unsigned month) const {
    if (of_week != day_of_week || static_cast<unsigned>(ymd.month()) != month) return false;
    const auto day = static_cast<unsigned>(ymd.day());
    if (nth > 0) return (day - 1) / 7 + 1 == static_cast<unsigned>(nth);
    const auto last = static_cast<unsigned>((ymd.year() / ymd.month() / std::chrono::last).day());
    return day + 7 > last;
  }

  Date date;
  year_month_day ymd;
  unsigned of_week;
};

bool is_good_friday(const Day& day) {
  return day.of_week == kFriday && day.date == easter_sunday(day.year()) - days(2);
}

// A holiday of fixed date: on it, on Friday where it is a Saturday, on Monday where a Sunday.
bool is_observed(const Day& day, unsigned month, unsigned day_of_month) {
  if (day.is(month, day_of_month)) return day.of_week != kSaturday && day.of_week != kSunday;
  return (day.of_week == kFriday && Day(day.date + days(1)).is(month, day_of_month)) ||
         (day.of_week == kMonday && Day(day.date - days(1)).is(month, day_of_month));
}

// On it, or on Monday where it is a Sunday; where it is a Saturday nobody keeps it.
bool is_new_year(const Day& day) {
  return day.is(1, 1) || (day.of_week == kMonday && day.is(1, 2));
}

// Monday to Thursday, as the eve of a holiday must be to be a short day.
bool is_early_week(const Day& day) {
  return day.of_week >= kMonday && day.of_week <= kThursday;
}

constexpr int kMartinLutherKingSince = 1998;
constexpr int kJuneteenthSince = 2022;

// Those on which Globex halts early and the stock exchange is closed.
bool is_lesser_us_holiday(const Day& day) {
  return (day.year() >= kMartinLutherKingSince && day.is_nth(3, kMonday, 1)) ||
         day.is_nth(3, kMonday, 2) || day.is_nth(-1, kMonday, 5) ||
         (day.year() >= kJuneteenthSince && is_observed(day, 6, 19)) || is_observed(day, 7, 4) ||
         day.is_nth(1, kMonday, 9) || day.is_nth(4, kThursday, 11);
}

bool is_short_day(const Day& day) {
  const bool after_thanksgiving = Day(day.date - days(1)).is_nth(4, kThursday, 11);
  return after_thanksgiving || (is_early_week(day) && (day.is(7, 3) || day.is(12, 24)));
}

// Good Fridays with a jobs report, on which the equity indices traded until 08:15.
bool is_jobs_report_good_friday(int year) {
  return year == 2010 || year == 2012 || year == 2015 || year == 2021 || year == 2023;
}

CalendarRules rules_for(std::string name, std::string title, std::string zone, DayHours hours,
                        unsigned first_day, unsigned last_day) {
  CalendarRules rules{.name = std::move(name), .title = std::move(title), .zone = std::move(zone)};
  CalendarRules::Week week;
  for (unsigned day = first_day; day <= last_day; ++day) week.days[day] = hours;
  rules.weeks = {week};
  rules.rule = [](Date) {
    return std::optional<SpecialDay>();
  };
  return rules;
}

}  // namespace

std::optional<SpecialDay> nyse_special_day(Date date) {
  const Day day(date);
  if (day.of_week == kSaturday || day.of_week == kSunday) return std::nullopt;
  if (is_new_year(day) || is_lesser_us_holiday(day) || is_good_friday(day) ||
      is_observed(day, 12, 25)) {
    return SpecialDay{.reason = "holiday"};
  }
  if (!is_short_day(day)) return std::nullopt;
  return SpecialDay{.hours = DayHours{.open = clock(9, 30), .close = clock(13)},
                    .reason = "eve of a holiday"};
}

std::optional<SpecialDay> cme_special_day(Date date) {
  const Day day(date);
  if (day.of_week == kSaturday || day.of_week == kSunday) return std::nullopt;
  const auto until = [](int close) {
    return SpecialDay{.hours = DayHours{.open = clock_before(17), .close = close},
                      .reason = "early halt"};
  };
  if (is_good_friday(day)) {
    if (is_jobs_report_good_friday(day.year())) return until(clock(8, 15));
    return SpecialDay{.reason = "holiday"};
  }
  if (is_new_year(day) || is_observed(day, 12, 25)) return SpecialDay{.reason = "holiday"};
  if (is_lesser_us_holiday(day)) return until(clock(12));
  if (is_short_day(day)) return until(clock(12, 15));
  return std::nullopt;
}

std::vector<CalendarRules> calendars_by_rule() {
  const DayHours globex{.open = clock_before(17), .close = clock(16)};
  const DayHours grains{.open = clock_before(19),
                        .close = clock(13, 20),
                        .pause_start = clock(7, 45),
                        .pause_end = clock(8, 30)};
  const DayHours livestock{.open = clock(8, 30), .close = clock(13, 5)};
  const DayHours new_york_day{.open = clock_before(17), .close = clock(17)};
  const DayHours whole_day{.open = 0, .close = clock(24)};
  const std::string chicago = "America/Chicago";
  std::vector<CalendarRules> all = {
      rules_for("CME", "CME Globex futures", chicago, globex, kMonday, kFriday),
      rules_for("CME_GRAINS", "CBOT grains and oilseeds", chicago, grains, kMonday, kFriday),
      rules_for("CME_LIVESTOCK", "CME livestock", chicago, livestock, kMonday, kFriday),
      rules_for("FX", "spot currencies", "America/New_York", new_york_day, kMonday, kFriday),
      rules_for("24/7", "always open", "UTC", whole_day, kSunday, kSaturday)};
  all[0].rule = cme_special_day;
  // Of the pits and their products only the closed days are by rule; half days differ by product.
  const auto closed_days = [](Date date) -> std::optional<SpecialDay> {
    auto special = nyse_special_day(date);
    if (special && special->hours) special.reset();
    return special;
  };
  all[1].rule = closed_days;
  all[2].rule = closed_days;
  return all;
}

}  // namespace vortex
