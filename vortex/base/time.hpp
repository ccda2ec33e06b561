// Moments, dates and their text forms. A moment is UTC microseconds; a Date is a calendar day with
// no zone. Pure functions; reading a clock is vortex/base/clock.hpp, zones are
// vortex/base/time_zone.hpp.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace vortex {

using Duration = std::chrono::microseconds;
using TimePoint = std::chrono::sys_time<Duration>;
using Date = std::chrono::sys_days;

// Elapsed time only: never stored, never compared across processes.
using Monotonic = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

// "2024-01-02T14:30:00Z"; with a fraction only where there is one: "2024-01-02T14:30:00.25Z".
std::string format_time(TimePoint time);
std::string format_date(Date date);  // "2024-01-02"

// "2024-01-02T14:30Z", with seconds and fraction optional, 'Z' or "+05:30"; a bare date is its
// midnight UTC. A stamp without a zone is refused: nothing is guessed.
std::optional<TimePoint> parse_time(std::string_view text);
std::optional<Date> parse_date(std::string_view text);  // "2024-01-02", real days only

// The three forms of RFC 9110 §5.6.7 (IMF-fixdate, RFC 850, asctime).
std::optional<TimePoint> parse_http_date(std::string_view text);

// "250ms", "30s", "5m", "2h", "400d". A number without a unit is refused.
std::optional<Duration> parse_duration(std::string_view text);
std::string format_duration(Duration duration);  // "1m 05s", "3.2s", "250ms"

inline Date date_of(TimePoint time) {
  return std::chrono::floor<std::chrono::days>(time);
}
inline TimePoint midnight(Date date) {
  return TimePoint{date.time_since_epoch()};
}
inline TimePoint from_unix_seconds(std::int64_t seconds) {
  return TimePoint{std::chrono::seconds{seconds}};
}
inline std::int64_t to_unix_seconds(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace vortex
