// IANA time zones over the system's tz database. A TimeZone is a cheap handle that may be shared
// between threads; the database is loaded once and lives as long as the program.
#pragma once

#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"

namespace vortex {

class TimeZone {
 public:
  // "America/New_York". Unknown names fail with unknown_name.
  static Result<TimeZone> find(std::string_view name);
  static TimeZone utc();

  // A stretch of UTC in which the offset does not change: convert many stamps with one look-up.
  struct Stretch {
    TimePoint begin;
    TimePoint end;  // first moment not covered
    Duration offset;
    bool holds(TimePoint time) const { return begin <= time && time < end; }
  };
  // Beyond 2037 the changes follow the rules that hold in 2037; a stretch may then be told in
  // parts.
  Stretch stretch_at(TimePoint time) const;

  Duration offset_at(TimePoint time) const { return stretch_at(time).offset; }
  Date local_date(TimePoint time) const { return date_of(time + offset_at(time)); }

  // The moment of a wall time. In a gap: the moment the gap ends; said twice: the first.
  TimePoint to_utc(Date date, Duration time_of_day = Duration::zero()) const;

  std::string_view name() const;
  bool operator==(const TimeZone&) const = default;

 private:
  TimePoint to_utc_by_stretches(TimePoint wall) const;

  explicit TimeZone(const void* zone) : zone_(zone) {}
  const void* zone_;  // the database's own entry
};

// Of the tz database.
std::vector<std::string_view> all_zone_names();

}  // namespace vortex
