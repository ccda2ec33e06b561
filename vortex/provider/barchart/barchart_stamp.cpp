#include "vortex/provider/barchart/barchart_stamp.hpp"

namespace vortex {

using barchart_cells::day_of;
using barchart_cells::kMicrosPerDay;
using barchart_cells::kMicrosPerMinute;
using barchart_cells::kNoDay;
using barchart_cells::minute_of_day;
using barchart_cells::two_digits;

bool BarchartStamps::learn(std::string_view first) {
  iso_ = first.size() >= kDateSize && first[4] == '-';
  const std::size_t slash = first.find('/');
  if (!iso_ && slash > 2) return false;  // or is not there
  padded_ = iso_ || (first.size() >= kDateSize && slash == 2 && first[5] == '/');
  const std::size_t colon = first.find(':');
  has_time_ = colon != std::string_view::npos;
  has_zone_ = iso_ && has_time_ && first.size() > kDateSize && first[kDateSize] == 'T';
  return true;
}

// " 13:05", " 13:05:00" or "T13:05:00-06:00".
const char* BarchartStamps::read_time(const char* at) {
  constexpr std::size_t kClockSize = 5;
  if (*at != (has_zone_ ? 'T' : ' ')) return nullptr;
  const int minute = minute_of_day(++at);
  if (minute < 0) return nullptr;
  at += kClockSize;
  std::int64_t of_day = minute * kMicrosPerMinute;
  if (*at == ':') {
    if (at[1] < '0' || at[1] > '5' || !is_digit(at[2])) return nullptr;
    of_day += two_digits(at + 1) * (kMicrosPerMinute / 60);
    at += 3;
  }
  if (!has_zone_) return finish(at, of_day);
  if (*at == 'Z') return finish(at + 1, of_day);
  if (*at != '+' && *at != '-') return nullptr;
  const int offset = minute_of_day(at + 1);
  constexpr int kOffsetMax = 14 * 60;
  if (offset < 0 || offset > kOffsetMax) return nullptr;
  const std::int64_t shift = offset * kMicrosPerMinute;
  return finish(at + 1 + kClockSize, *at == '-' ? of_day + shift : of_day - shift);
}

const char* BarchartStamps::read_loose(const char* at) {
  if (iso_) return nullptr;
  const auto number = [&at](int digits_max) {
    int value = 0;
    int digits = 0;
    while (digits < digits_max && is_digit(*at)) {
      value = value * 10 + (*at++ - '0');
      ++digits;
    }
    return digits > 0 ? value : -1;
  };
  const int month = number(2);
  if (*at++ != '/') return nullptr;
  const int date = number(2);
  if (*at++ != '/') return nullptr;
  const int year = number(4);
  const std::int64_t day = day_of(year, month, date);
  if (day == kNoDay) return nullptr;
  day_micros_ = day * kMicrosPerDay;
  last_date_ = 0;
  return has_time_ ? read_time(at) : finish(at, 0);
}

}  // namespace vortex
