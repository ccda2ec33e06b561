// Judges a log of leases by windows, with arithmetic that shares nothing with QuotaBook's: it adds
// up every window that ends with a lease. For tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "vortex/resilience/ledger.hpp"

namespace vortex {

struct CheckedLease {
  std::uint64_t id = 0;
  Now issued;
  std::int64_t permits = 0;
  std::int64_t returned = 0;
  std::int64_t net() const { return permits - returned; }
};

// The first lease that is one too many for the window; none: it holds.
inline std::optional<std::size_t> first_overdrawn(const std::vector<CheckedLease>& leases,
                                                  const RollingWindow& window) {
  for (std::size_t last = 0; last < leases.size(); ++last) {
    std::int64_t sum = 0;
    for (std::size_t i = last + 1; i-- > 0;) {
      const auto age = leases[last].issued.elapsed - leases[i].issued.elapsed;
      if (age >= std::chrono::nanoseconds(window.length)) break;
      sum += leases[i].net();
    }
    if (sum > window.count) return last;
  }
  return std::nullopt;
}

// A day that was left never comes again, whatever the calendar says.
inline std::optional<std::size_t> first_overdrawn_day(const std::vector<CheckedLease>& leases,
                                                      const DayWindow& day) {
  Date latest{};
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < leases.size(); ++i) {
    const Date date = day.zone.local_date(leases[i].issued.calendar);
    if (date > latest) {
      latest = date;
      sum = 0;
    }
    sum += leases[i].net();
    if (sum > day.count) return i;
  }
  return std::nullopt;
}

}  // namespace vortex
