// What a Barchart symbol stands for, read from its spelling alone: class of the instrument, and
// with it the zone of its stamps. The room's own header; pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vortex/base/time_zone.hpp"

namespace vortex {

enum class BarchartClass : std::uint8_t { future, continuous, equity, index, currency, cash };

// "ZCZ21" future · "ZC*1" continuous · "$SPX" "-031A" index · "^EURUSD" currency · "X-1-2.CM" cash
// · all else equity.
BarchartClass barchart_class(std::string_view symbol);

// Futures and currency pairs are written in Chicago's time, all else in New York's.
std::string_view barchart_zone_name(BarchartClass kind);
// From the tz database; `internal` where the machine has none.
Result<TimeZone> barchart_zone(BarchartClass kind);

std::string_view barchart_type(BarchartClass kind);  // as Instrument::type

// The symbol a file's name begins with ("nqh26", "spx", "^gbpusd"), as Barchart writes it: upper
// case, with the sign of its class where the name alone tells it. Empty: the name tells none.
std::string barchart_symbol_of_name(std::string_view name);

// The answer is about what was asked: the same but for case; for a continuous series, which answers
// with the contract it stands on, the same root.
bool barchart_same_symbol(std::string_view asked, std::string_view answered);

}  // namespace vortex
