// Alpha Vantage: one call, one symbol, one function; an allowance counts calls, not bytes. Errors
// come with status 200 (alphavantage_errors.hpp).
//
// Asked is JSON: CSV is a third of the size, but carries no symbol, interval or zone, so nothing in
// it shows that it answers the question. Both are read. Prices are asked as traded, so adjusted =
// none; daily history that needs the full size, which wants a paid plan anyway, comes with splits
// and dividends for the same one call.
//
// Symbols: IBM, BRK.B, TSCO.LON; "EUR/USD" is a pair of currencies, "BTC-USD" a coin and its
// market. Yahoo's suffixes (.L, .DE, =X …) are translated where there is a twin.
//
// Stamps are wall time of New York for shares of every exchange, UTC for currencies and coins. Old
// answers label an intraday bar by its end, newer ones by its start: the rows tell which
// (alphavantage_bars.cpp). A bar is final when its session date is over; in New York a date ends at
// 20:00, with the extended session.
#pragma once

#include "vortex/provider/adapter.hpp"

namespace vortex {

class AlphaVantageAdapter final : public HttpAdapter {
 public:
  const Capabilities& capabilities() const override;
  Result<std::string> map_symbol(const Symbol& symbol) const override;
  Result<std::vector<HttpCall>> plan(const BarsRequest& request, TimePoint now) const override;
  TimeRange range_of(const BarsRequest& request, const HttpCall& call) const override;
  Result<Page> decode(const BarsRequest& request, const HttpReply& reply) const override;
};

}  // namespace vortex
