// What is known of a traded thing, as one provider tells it.
#pragma once

#include <optional>
#include <string>

#include "vortex/base/time.hpp"

namespace vortex {

struct Instrument {
  std::string provider;
  std::string symbol;  // the user's spelling
  std::string name;
  std::string exchange;          // the provider's own code ("NMS")
  std::string mic;               // ISO 10383 where the provider's code is known, else empty
  std::string zone;              // IANA ("America/New_York")
  std::string currency;          // as the provider writes it; "GBp" is pence
  double price_magnifier = 1.0;  // quoted price / price in the major unit: 100 for GBp
  std::optional<double> tick;    // smallest step, from the provider's number of decimals
  std::string type;  // "equity", "etf", "index", "currency", "crypto", "future", "fund", …
  std::optional<TimePoint> first_trade;
  bool operator==(const Instrument&) const = default;
};

}  // namespace vortex
