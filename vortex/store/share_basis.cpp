#include "vortex/store/share_basis.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

namespace vortex {
namespace {

constexpr std::size_t kPriceColumns = 4;  // open, high, low, close lead kNumberColumns
constexpr std::size_t kVolumeColumn = 4;
constexpr std::size_t kVwapColumn = 5;

constexpr double kDoubleRoom = 1e-9;
constexpr double kFloatRoom = 1.5 / (1 << 23);  // two roundings of 2^-24, and the division's own
constexpr int kDecimalsMin = 2;                 // trailing zeros are not seen: 25.00 may mean cents
constexpr int kDecimalsMax = 6;  // with more it is no decimal that a provider rounded

bool is_price(std::size_t column) {
  return column < kPriceColumns || column == kVwapColumn;
}

bool is_float(double value) {
  return static_cast<double>(static_cast<float>(value)) == value;
}

// Half a unit of the last decimal the row's prices have; 0 where they are no rounded decimals.
double half_unit(const BarNumbers& numbers) {
  double unit = 1;
  for (int decimals = 0; decimals <= kDecimalsMax; ++decimals, unit *= 10) {
    if (decimals < kDecimalsMin) continue;
    const bool all = std::all_of(numbers.begin(), numbers.begin() + kPriceColumns, [&](double n) {
      return std::isnan(n) || std::round(n * unit) / unit == n;
    });
    if (all) return 0.5 / unit;
  }
  return 0;
}

bool both_missing(double a, double b) {
  return std::isnan(a) && std::isnan(b);
}

struct Room {
  double price = 0;
  double volume = 0;
};

Room room_of(const RowPair& pair) {
  Room room;
  if (pair.incoming_scaled) {
    room.price += half_unit(pair.incoming);
    room.volume += 1;
  }
  if (pair.stored_scaled) {
    room.price += half_unit(pair.stored) / pair.ratio;
    room.volume += pair.ratio;
  }
  room.price *= 1 + kDoubleRoom;
  return room;
}

bool same_price(double expected, double found, double room) {
  if (both_missing(expected, found)) return true;
  const double relative = is_float(found) ? kFloatRoom : kDoubleRoom;
  return std::abs(expected - found) <= std::max(room, relative * std::abs(expected));
}

bool same_volume(double expected, double found, double room) {
  if (both_missing(expected, found)) return true;
  const bool whole = std::round(found) == found;
  const double relative = kDoubleRoom * std::abs(expected);
  return std::abs(expected - found) <= (whole ? std::max(room, relative) : relative);
}

}  // namespace

BarDays days_of(std::int64_t stamp, Interval interval, const TimeZone& zone) {
  const TimePoint time{Duration{stamp}};
  if (is_intraday(interval)) {
    const Date day = zone.local_date(time);
    return {.first = day, .last = day};
  }
  const Date first = date_of(time);
  return {.first = first, .last = next_bar_date(interval, first) - std::chrono::days{1}};
}

Date shares_day(const BarDays& days, const RowBasis& row) {
  return row.adjusted == Adjustment::none ? days.last : std::max(days.first, row.basis);
}

double shares_between(const std::vector<Split>& splits, Date from, Date to) {
  if (from > to) return 1 / shares_between(splits, to, from);
  double ratio = 1;
  for (const Split& split : splits) {
    if (split.ex_date > from && split.ex_date <= to) ratio *= split.ratio;
  }
  return ratio;
}

Result<void> check_convertible(Adjustment from, Adjustment to) {
  if (from != Adjustment::all || to == Adjustment::all) return {};
  return fail(
      ErrorCode::mismatch,
      fmt::format("prices with dividends in them cannot be brought to '{}'", to_string(to)));
}

BarNumbers on_shares(const BarNumbers& numbers, double ratio) {
  BarNumbers out = numbers;
  if (ratio == 1) return out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (is_price(i)) out[i] /= ratio;
  }
  out[kVolumeColumn] *= ratio;
  return out;
}

bool same_prices_but_for_rounding(const RowPair& pair) {
  const BarNumbers expected = on_shares(pair.stored, pair.ratio);
  const double room = room_of(pair).price;
  for (std::size_t i = 0; i < kPriceColumns; ++i) {
    if (!same_price(expected[i], pair.incoming[i], room)) return false;
  }
  return true;
}

bool same_but_for_rounding(const RowPair& pair) {
  if (!same_prices_but_for_rounding(pair)) return false;
  const BarNumbers expected = on_shares(pair.stored, pair.ratio);
  const Room room = room_of(pair);
  for (std::size_t i = kPriceColumns; i < expected.size(); ++i) {
    const double found = pair.incoming[i];
    const bool same = i == kVolumeColumn ? same_volume(expected[i], found, room.volume)
                      : is_price(i)      ? same_price(expected[i], found, room.price)
                                         : expected[i] == found || both_missing(expected[i], found);
    if (!same) return false;
  }
  return true;
}

}  // namespace vortex
