// What can be traded in the simulated world: venues with their hours, and the instruments listed
// there. Plain values; the built-in table is immutable and may be read from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/time.hpp"

namespace vortex {

enum class ListingKind : std::uint8_t { equity, etf, fund, index, currency, crypto, future };

enum class HolidayRule : std::uint8_t { none_at_all, weekends, us, europe, asia };

// Where a listing trades. Minutes count from local midnight. Lunch breaks and half days are left
// out.
struct Venue {
  std::string_view code;           // "NMS"
  std::string_view name;           // "NasdaqGS"
  std::string_view zone;           // IANA
  std::string_view standard_name;  // "EST"
  std::string_view summer_name;    // "EDT"
  int standard_offset_s = 0;
  int open_minute = 0;
  int close_minute = 0;  // 1440: the next local midnight
  int pre_minute = 0;    // start of the pre-market; equal to open_minute: none
  int post_minute = 0;   // end of the post-market; equal to close_minute: none
  HolidayRule holidays = HolidayRule::weekends;

  bool around_the_clock() const { return close_minute - open_minute == 24 * 60; }
};

struct StockSplit {
  Date date;
  double numerator = 1;
  double denominator = 1;
  double ratio() const { return numerator / denominator; }
  bool operator==(const StockSplit&) const = default;
};

struct Listing {
  std::string symbol;
  std::string long_name;
  std::string short_name;
  const Venue* venue = nullptr;
  std::string currency;
  ListingKind kind = ListingKind::equity;
  int price_decimals = 2;
  Date first_trade;
  double price = 100;  // level around the anchor date, adjusted for every split ever
  double daily_volatility = 0.015;
  double dividend_yield = 0;       // a year; paid each quarter
  double typical_volume = 0;       // shares a session; 0: always 0
  int empty_per_mille = 0;         // sessions without any trade
  std::vector<StockSplit> splits;  // ascending by date
  double price_basis = 1;  // product of the ratios of the splits that `price` already contains
};

std::span<const Venue> venues();

// A built-in symbol, or "S" and four digits: any number of synthetic US equities, made from the
// seed.
std::optional<Listing> find_listing(std::string_view symbol, std::uint64_t seed);

// For a symbol known only from a file: venue and kind are read off its suffix (".L", "-USD", "=X"
// …).
Listing listing_by_suffix(std::string_view symbol);

std::vector<std::string> built_in_symbols();

std::string_view yahoo_type(ListingKind kind);  // "EQUITY"

}  // namespace vortex
