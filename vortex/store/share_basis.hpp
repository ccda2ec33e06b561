// On which shares a row's numbers stand, and what they are on others. A row marked `none` stands on
// the shares of its own day; one marked `split` or `all` with basis b on those of day b. From one
// to the other a price is divided by the ratios of the splits between, a volume multiplied. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/time_zone.hpp"
#include "vortex/model/adjustment.hpp"
#include "vortex/model/interval.hpp"
#include "vortex/store/bar_columns.hpp"

namespace vortex {

struct Split {
  Date ex_date;
  double ratio = 1;  // new shares for an old one
  bool operator==(const Split&) const = default;
};

// What is known of a series' splits, ascending by ex-date, each date once.
struct SeriesSplits {
  std::vector<Split> splits;
  TimeZone zone = TimeZone::utc();  // of the exchange: which session an intraday bar belongs to
};

struct RowBasis {
  Adjustment adjusted = Adjustment::none;
  Date basis;
  bool operator==(const RowBasis&) const = default;
};

// The first and last session date a bar spans.
struct BarDays {
  Date first;
  Date last;
};
BarDays days_of(std::int64_t stamp, Interval interval, const TimeZone& zone);

// The day on whose shares a row stands. A bar as traded that spans an ex-date stands on the shares
// of its close.
Date shares_day(const BarDays& days, const RowBasis& row);

// New shares for one old share from a day to another; below 1 where `to` is the earlier one.
double shares_between(const std::vector<Split>& splits, Date from, Date to);

// mismatch where rows of one adjustment cannot be shown or compared on the other: dividends that
// are in a price cannot be taken out. A fallback asks this before it takes another provider's rows.
Result<void> check_convertible(Adjustment from, Adjustment to);

using BarNumbers = std::array<double, kNumberColumns.size()>;

// The numbers of a row on other shares, of which `ratio` make one of the row's.
BarNumbers on_shares(const BarNumbers& numbers, double ratio);

// One bar, received twice, on two bases.
struct RowPair {
  BarNumbers stored{};
  BarNumbers incoming{};
  double ratio = 1;            // the incoming row's shares for one of the stored row's
  bool stored_scaled = false;  // the provider had divided the stored numbers by a split
  bool incoming_scaled = false;
};

// Do the two say the same, but for what rounding does to a number that was divided? A price may
// differ by 1e-9 of itself; by 1.8e-7 where it is a 32-bit number (two roundings to 24 bits); by
// half a unit of its last decimal, of at least two and at most six, where it was scaled; a volume
// by one whole share for each scaling. Numbers as traded were not rounded and get no such room.
// Trade counts and open interest must be equal.
bool same_but_for_rounding(const RowPair& pair);
bool same_prices_but_for_rounding(const RowPair& pair);

}  // namespace vortex
