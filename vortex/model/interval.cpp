#include "vortex/model/interval.hpp"

#include <fmt/format.h>

#include "vortex/base/suggest.hpp"

namespace vortex {
namespace {

constexpr std::array<std::string_view, kIntervals.size()> kNames = {"1m", "5m", "15m", "30m", "1h",
                                                                    "4h", "1d", "1wk", "1mo"};

}  // namespace

std::string_view to_string(Interval interval) {
  return kNames[static_cast<std::size_t>(interval)];
}

Result<Interval> parse_interval(std::string_view text) {
  for (const Interval interval : kIntervals) {
    if (to_string(interval) == text) return interval;
  }
  return fail(ErrorCode::unknown_name,
              fmt::format("no interval '{}'{}: one of {}", untrusted(text, 32),
                          did_you_mean(text, kNames), fmt::join(kNames, " ")));
}

Duration nominal_length(Interval interval) {
  using std::chrono::hours;
  using std::chrono::minutes;
  switch (interval) {
    case Interval::m1: return minutes(1);
    case Interval::m5: return minutes(5);
    case Interval::m15: return minutes(15);
    case Interval::m30: return minutes(30);
    case Interval::h1: return hours(1);
    case Interval::h4: return hours(4);
    case Interval::d1: return hours(24);
    case Interval::wk1: return hours(24 * 7);
    case Interval::mo1: return hours(24 * 31);
  }
  return hours(24);
}

Date bar_date(Interval interval, Date session) {
  if (interval == Interval::wk1) {
    return session - (std::chrono::weekday{session} - std::chrono::Monday);
  }
  if (interval == Interval::mo1) {
    const std::chrono::year_month_day date{session};
    return Date{date.year() / date.month() / std::chrono::day{1}};
  }
  return session;
}

Date next_bar_date(Interval interval, Date bar) {
  if (interval == Interval::wk1) return bar + std::chrono::days(7);
  if (interval == Interval::mo1) {
    const std::chrono::year_month_day date{bar};
    return Date{(date.year() / date.month() + std::chrono::months(1)) / std::chrono::day{1}};
  }
  return bar + std::chrono::days(1);
}

}  // namespace vortex
