// The parameters of a call to Alpha Vantage's /query, read and judged as the vendor does: which
// series of which of the simulated listings. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "vortex/base/http_message.hpp"
#include "vortex/base/time.hpp"

namespace vortex {

enum class SeriesLength : std::uint8_t { intraday, day, week, month };
enum class SeriesMarket : std::uint8_t { share, currency, coin };

struct SeriesQuery {
  std::string function;  // "TIME_SERIES_DAILY"
  SeriesMarket market = SeriesMarket::share;
  SeriesLength length = SeriesLength::day;
  bool with_actions = false;  // …_ADJUSTED
  std::string symbol;         // as asked; of a pair the first
  std::string quote;          // of a pair the second
  std::string listing;        // the market's own spelling: "OCDO.L", "EURUSD=X"
  std::string interval;       // "5min"
  int step_minutes = 0;
  bool full = false;
  bool adjusted = true;  // intraday
  bool extended_hours = true;
  std::optional<std::chrono::year_month> month;
  bool csv = false;

  bool is_premium() const;  // of the functions and sizes that free keys lack
};

// What the vendor writes under "Error Message" instead.
std::expected<SeriesQuery, std::string> read_series_query(const QueryParams& params);

std::string invalid_call(std::string_view function);

}  // namespace vortex
