// When the simulated venues trade: sessions by weekday, a few holidays by rule, and the local
// clock's DST changes. A VenueClock belongs to one thread (it remembers the last zone stretch).
#pragma once

#include <optional>
#include <string_view>

#include "vortex/base/time.hpp"
#include "vortex/base/time_zone.hpp"
#include "vortex/sim/listing.hpp"

namespace vortex {

struct TradingDay {
  Date date;  // local
  TimePoint open;
  TimePoint close;
  TimePoint pre;   // equal to open: no pre-market
  TimePoint post;  // equal to close: no post-market
};

bool is_trading_date(const Venue& venue, Date date);
Date trading_date_before(const Venue& venue, Date date);  // strictly before
Date trading_date_on_or_after(const Venue& venue, Date date);

class VenueClock {
 public:
  explicit VenueClock(const Venue& venue);

  TradingDay day(Date date);
  TimePoint midnight_of(Date date) { return at(date, 0); }
  Date local_date(TimePoint time);
  // "EST" or "EDT", and the offset, as they are at that moment.
  std::string_view zone_name(TimePoint time);
  int offset_seconds(TimePoint time);

 private:
  TimePoint at(Date date, int minute);
  const TimeZone::Stretch& stretch(TimePoint time);

  const Venue* venue_;
  TimeZone zone_;
  TimeZone::Stretch stretch_;
};

}  // namespace vortex
