// What is asked of one provider: bars of one symbol and interval over a range.
#pragma once

#include "vortex/model/interval.hpp"
#include "vortex/model/symbol.hpp"
#include "vortex/model/time_range.hpp"

namespace vortex {

struct BarsRequest {
  Symbol symbol;
  std::string
      provider_symbol;  // the provider's spelling; set from [symbols] or by the adapter's map
  Interval interval = Interval::d1;
  TimeRange range;            // for day-or-longer: session dates as UTC midnights
  bool keep_unfinal = false;  // also return bars that can still change, marked final = false
};

}  // namespace vortex
