// The head of a Barchart table: which column is what, by name, whatever the order. The room's own
// header; pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"

namespace vortex {

enum class BarchartColumn : std::uint8_t {
  other,  // Change, %Chg, sessionCode …: of no use here
  symbol,
  time,
  trading_day,
  open,
  high,
  low,
  close,
  volume,
  open_interest,
};

inline constexpr std::string_view kBarchartHeaders =
    "Time,Open,High,Low,Latest,Change,%Change,Volume or "
    "symbol,timestamp,tradingDay,open,high,low,close,volume,openInterest";

struct BarchartHeader {
  std::vector<BarchartColumn> columns;
  std::vector<std::string> names;  // as written
  std::size_t size = 0;            // bytes before the first row, title lines included

  bool has(BarchartColumn column) const;
};

// A byte order mark and up to three title lines may stand before it. Fails with schema, naming what
// was found and what is known, where no line is a header, a column is missing or stands twice.
Result<BarchartHeader> read_barchart_header(std::string_view text);

// The fields of one line, without quotes.
std::vector<std::string> split_barchart_line(std::string_view line);

}  // namespace vortex
