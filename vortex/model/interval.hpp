// The length of a bar, and how its start is stamped.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"

namespace vortex {

enum class Interval : std::uint8_t { m1, m5, m15, m30, h1, h4, d1, wk1, mo1 };

inline constexpr std::array kIntervals = {Interval::m1,  Interval::m5,  Interval::m15,
                                          Interval::m30, Interval::h1,  Interval::h4,
                                          Interval::d1,  Interval::wk1, Interval::mo1};

std::string_view to_string(Interval interval);           // "1m" … "1mo"
Result<Interval> parse_interval(std::string_view text);  // unknown_name with the nearest valid one

inline bool is_intraday(Interval interval) {
  return interval < Interval::d1;
}

// Length of an intraday interval; nominal for the others (1d = 24 h, 1wk = 7 d, 1mo = 31 d).
Duration nominal_length(Interval interval);

// The stamp of the day-or-longer bar that holds this session date: the date itself, its Monday, or
// the 1st of its month. Undefined for intraday intervals.
Date bar_date(Interval interval, Date session);
// The stamp of the bar after it (day-or-longer).
Date next_bar_date(Interval interval, Date bar);

inline std::string_view format_as(Interval interval) {
  return to_string(interval);
}

}  // namespace vortex
