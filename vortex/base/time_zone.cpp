#include "vortex/base/time_zone.hpp"

#include <exception>

#include <date/tz.h>

namespace vortex {
namespace {

const date::time_zone& entry(const void* zone) {
  return *static_cast<const date::time_zone*>(zone);
}

// The database library gives years ±32767 for "for ever"; clamp before microseconds overflow.
TimePoint clamp(date::sys_seconds time) {
  constexpr std::chrono::seconds kMax{253'402'300'800};  // year 10000
  return TimePoint{std::clamp(time.time_since_epoch(), -kMax, kMax)};
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
  return {.begin = clamp(info.begin), .end = clamp(info.end), .offset = info.offset};
}

TimePoint TimeZone::to_utc(Date date, Duration time_of_day) const {
  const date::local_time<Duration> local{date.time_since_epoch() + time_of_day};
  return entry(zone_).to_sys(local, date::choose::earliest);
}

std::string_view TimeZone::name() const {
  return entry(zone_).name();
}

}  // namespace vortex
