// How many permits were leased today, for each zone whose midnight resets an allowance.
//
// The calendar is followed, with two exceptions: a clock set back never gives a day's allowance
// again (the counter stays with the later date), and a date that comes a second time finds what was
// leased in it before. A clock set forward opens the next day as early as the clock says; it cannot
// do so twice. Permits are also kept by quarter of an hour, so that a zone that is new in the
// configuration finds the day's use. Belongs to one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "vortex/base/time.hpp"
#include "vortex/base/time_zone.hpp"
#include "vortex/resilience/windows.hpp"

namespace vortex {

class DayCounts {
 public:
  struct Zone {
    TimeZone zone = TimeZone::utc();
    Date date;
    std::int64_t used = 0;
    std::int64_t foreign = 0;  // counted by the provider and not sent by us
    bool operator==(const Zone&) const = default;
  };
  struct Quarter {
    std::int64_t number = 0;  // quarters of an hour since 1970
    std::int64_t permits = 0;
    bool operator==(const Quarter&) const = default;
  };

  // Every zone of the windows has a counter, and all stand at the date of `now`. True: something
  // changed.
  bool roll(const std::vector<DayWindow>& windows, TimePoint now);
  // After `roll`: of a zone of the windows given there.
  const Zone* find(const TimeZone& zone) const;
  // The midnight that ends the counter's day.
  static TimePoint reset_of(const Zone& zone);

  void add(std::int64_t permits, TimePoint now);
  // Of a lease of that moment; counts no day that began later.
  void give_back(std::int64_t permits, TimePoint leased);
  void note_foreign(const TimeZone& zone, std::int64_t calls);

  const std::vector<Zone>& zones() const { return zones_; }
  const std::vector<Quarter>& quarters() const { return quarters_; }
  // As read back.
  void restore(std::vector<Zone> zones, std::vector<Quarter> quarters);

 private:
  std::int64_t used_since(TimePoint midnight) const;
  void forget_an_unused_zone(const std::vector<DayWindow>& windows);

  std::vector<Zone> zones_;
  std::vector<Quarter> quarters_;  // in the order of leasing
};

}  // namespace vortex
