// A series as Alpha Vantage writes it: newest first, numbers as texts with four decimals and more,
// JSON with Meta Data or CSV without. Written from nothing but the recordings; the adapter that
// reads it is never consulted. Pure.
//
// Prices are as traded: the market's are split-adjusted, so splits between a bar and `now` are
// undone. Intraday bars carry the label of their start, as since 2024.
#pragma once

#include <optional>
#include <string>

#include "vortex/sim/alphavantage_query.hpp"
#include "vortex/sim/market.hpp"

namespace vortex {

// The body, or nothing: nobody knows the symbol, or it has no rows there. `answer_symbol` not
// empty: a fault makes the answer name this one instead.
std::optional<std::string> series_answer(Market& market, const SeriesQuery& query, TimePoint now,
                                         const std::string& answer_symbol);

}  // namespace vortex
