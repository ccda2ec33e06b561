// Cells of Barchart's CSV, read where they stand: decimal numbers and the forms of its stamps. Each
// function takes the rest of the text and returns where it stopped, or null where the text is none.
// Reads up to 64 bytes past `end`. The room's own header; pure, inlined into the loop over rows.
#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "vortex/base/ascii.hpp"
#include "vortex/base/time.hpp"

namespace vortex::barchart_cells {

inline constexpr std::int64_t kMicrosPerMinute = 60'000'000;
inline constexpr std::int64_t kMicrosPerDay = 1440 * kMicrosPerMinute;

// A plain decimal of up to 19 digits is exact as m / 10^k where m < 2^53 and k ≤ 22: the nearest
// double with one division. All else goes the slow way.
[[gnu::always_inline]] inline const char* read_decimal(const char* at, double& out) {
  static constexpr std::array<double, 23> kPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  constexpr std::uint64_t kExactMax = std::uint64_t{1} << 53;
  constexpr std::ptrdiff_t kDigitsMax = 19;
  const bool negative = *at == '-';
  at += negative ? 1 : 0;
  const char* const begin = at;
  std::uint64_t mantissa = 0;
  unsigned digit = 0;
  while ((digit = static_cast<unsigned char>(*at) - static_cast<unsigned>('0')) < 10) {
    mantissa = mantissa * 10 + digit;
    ++at;
  }
  std::ptrdiff_t decimals = 0;
  std::ptrdiff_t digits = at - begin;
  if (*at == '.') {
    const char* const point = ++at;
    while ((digit = static_cast<unsigned char>(*at) - static_cast<unsigned>('0')) < 10) {
      mantissa = mantissa * 10 + digit;
      ++at;
    }
    decimals = at - point;
    digits += decimals;
  }
  if (digits == 0 || digits > kDigitsMax || mantissa >= kExactMax || *at == 'e' || *at == 'E') {
    return nullptr;
  }
  const double value = static_cast<double>(mantissa) / kPowers[static_cast<std::size_t>(decimals)];
  out = negative ? -value : value;
  return at;
}

inline int two_digits(const char* at) {
  return (at[0] - '0') * 10 + (at[1] - '0');
}

// Eight bytes, all decimal digits?
inline bool are_digits(std::uint64_t word) {
  return (((word & 0xF0F0F0F0F0F0F0F0ULL) |
           (((word + 0x0606060606060606ULL) & 0xF0F0F0F0F0F0F0F0ULL) >> 4U)) ==
          0x3333333333333333ULL);
}

// A real day between 1900 and 2199 as days since the epoch; -1 << 40 where it is none.
inline constexpr std::int64_t kNoDay = -(std::int64_t{1} << 40);
inline std::int64_t day_of(int year, int month, int day) {
  constexpr int kYearMin = 1900;
  constexpr int kYearMax = 2199;
  if (year < kYearMin || year > kYearMax) return kNoDay;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (month < 1 || day < 1 || !date.ok()) return kNoDay;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

// "2026-03-04", and "03/04/2026".
inline std::int64_t iso_day(const char* at) {
  std::array<char, 8> digits = {at[0], at[1], at[2], at[3], at[5], at[6], at[8], at[9]};
  std::uint64_t word = 0;
  std::memcpy(&word, digits.data(), sizeof word);
  if (!are_digits(word) || at[4] != '-' || at[7] != '-') return kNoDay;
  return day_of(two_digits(at) * 100 + two_digits(at + 2), two_digits(at + 5), two_digits(at + 8));
}
inline std::int64_t us_day(const char* at) {
  std::array<char, 8> digits = {at[0], at[1], at[3], at[4], at[6], at[7], at[8], at[9]};
  std::uint64_t word = 0;
  std::memcpy(&word, digits.data(), sizeof word);
  if (!are_digits(word) || at[2] != '/' || at[5] != '/') return kNoDay;
  return day_of(two_digits(at + 6) * 100 + two_digits(at + 8), two_digits(at), two_digits(at + 3));
}

// "13:05" as minutes; -1 where it is none.
inline int minute_of_day(const char* at) {
  if (!is_digit(at[0]) || !is_digit(at[1]) || at[2] != ':' || !is_digit(at[3]) ||
      !is_digit(at[4])) {
    return -1;
  }
  const int hour = two_digits(at);
  const int minute = two_digits(at + 3);
  return hour < 24 && minute < 60 ? hour * 60 + minute : -1;
}

}  // namespace vortex::barchart_cells
