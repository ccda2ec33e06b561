// The parts of one chart answer, and the writer of its `meta`. Pure.
#pragma once

#include <string>

#include "vortex/base/json.hpp"
#include "vortex/sim/market.hpp"
#include "vortex/sim/yahoo_query.hpp"
#include "vortex/sim/yahoo_rows.hpp"

namespace vortex {

// Everything the parts of one answer share.
struct ChartParts {
  const Market* market = nullptr;
  Listing listing;
  ChartQuery query;
  ChartRows rows;
  TimePoint now;
  std::string symbol;
};

// The member "meta", key included.
void write_meta(JsonWriter& json, const ChartParts& chart);

double round_to_decimals(double price, int decimals);

}  // namespace vortex
