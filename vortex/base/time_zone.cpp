#include "vortex/base/time_zone.hpp"

#include <exception>

#include <date/tz.h>

namespace vortex {
namespace {

const date::time_zone& entry(const void* zone) {
  return *static_cast<const date::time_zone*>(zone);
}

constexpr std::chrono::seconds kMax{253'402'300'800};  // year 10000

// The database library gives years ±32767 for "for ever"; clamp before microseconds overflow.
TimePoint clamp(date::sys_seconds time) {
  return TimePoint{std::clamp(time.time_since_epoch(), -kMax, kMax)};
}

// The database's files name every change up to 2037; the rule for the time after that stands at
// their end, where the library does not look. So a moment after the last named change is looked up
// in a year that is like its own from the first day on, or from March on, because changes of offset
// go by month and weekday.
constexpr int kLastYear = 2036;
constexpr TimePoint kNamedUntil =
    TimePoint{std::chrono::sys_days{std::chrono::year{kLastYear + 1} / 1 / 1}.time_since_epoch()};

struct LikeYear {
  TimePoint begin;  // of the part of the year in question
  TimePoint end;
  Duration ahead;  // how far it lies after the part of a named year that is like it
};

LikeYear like_year_of(TimePoint time) {
  namespace chr = std::chrono;
  const chr::year year = chr::year_month_day(date_of(time)).year();
  const Date march{year / chr::March / 1};
  const bool is_early = time < midnight(march);
  const Date begin = is_early ? Date{year / chr::January / 1} : march;
  const Date end = is_early ? march : Date{(year + chr::years(1)) / chr::January / 1};
  for (int back = kLastYear;; --back) {  // within the last eleven years each weekday occurs
    const chr::year like{back};
    const Date same{like / (is_early ? chr::January : chr::March) / 1};
    if (chr::weekday(same) == chr::weekday(begin))
      return {.begin = midnight(begin), .end = midnight(end), .ahead = begin - same};
  }
}

}  // namespace

Result<TimeZone> TimeZone::find(std::string_view name) {
  try {
    return TimeZone(date::locate_zone(std::string(name)));
  } catch (const std::exception&) {  // the library's only way to say "unknown"
    return fail(ErrorCode::unknown_name,
                "no time zone '" + untrusted(name, 64) + "' in the tz database");
  }
}

TimeZone TimeZone::utc() {
  static const date::time_zone* zone = date::locate_zone("UTC");
  return TimeZone(zone);
}

TimeZone::Stretch TimeZone::stretch_at(TimePoint time) const {
  const date::sys_info info = entry(zone_).get_info(std::chrono::floor<std::chrono::seconds>(time));
  const TimePoint end = clamp(info.end);
  if (time < kNamedUntil || end < TimePoint{kMax})
    return {.begin = clamp(info.begin), .end = end, .offset = info.offset};
  const LikeYear like = like_year_of(time);
  const Stretch stretch = stretch_at(time - like.ahead);
  return {.begin = std::max(stretch.begin + like.ahead, like.begin),
          .end = std::min(stretch.end + like.ahead, like.end),
          .offset = stretch.offset};
}

TimePoint TimeZone::to_utc(Date date, Duration time_of_day) const {
  const TimePoint wall = midnight(date) + time_of_day;
  if (wall >= kNamedUntil) return to_utc_by_stretches(wall);
  const date::local_time<Duration> local{wall.time_since_epoch()};
  return entry(zone_).to_sys(local, date::choose::earliest);
}

// As the library does it, over our own stretches. No zone changes twice within a day of a moment.
TimePoint TimeZone::to_utc_by_stretches(TimePoint wall) const {
  const Duration before = offset_at(wall - std::chrono::days(1));
  const Duration after = offset_at(wall + std::chrono::days(1));
  if (offset_at(wall - before) == before) return wall - before;
  if (offset_at(wall - after) == after) return wall - after;
  return stretch_at(wall - before).begin;  // in a gap
}

std::vector<std::string_view> all_zone_names() {
  std::vector<std::string_view> names;
  for (const date::time_zone& zone : date::get_tzdb().zones) names.emplace_back(zone.name());
  return names;
}

std::string_view TimeZone::name() const {
  return entry(zone_).name();
}

}  // namespace vortex
