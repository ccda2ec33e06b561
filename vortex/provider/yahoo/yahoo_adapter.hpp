// Yahoo Finance, the v8 chart endpoint: one call gives bars, corporate actions and instrument facts
// of one symbol. Prices come split-adjusted and not dividend-adjusted, so adjusted = split and
// basis = the exchange's date on which the answer was received.
//
// Intervals: 1m 5m 15m 30m 1h 1d 1wk 1mo. 4h is left out: Yahoo began to accept it in 2025 without
// a word on its limits and its alignment; 1h covers the same ground.
//
// Which bars are final (decode): a bar whose end lies 15 minutes or more before reply.received_at,
// where today's daily bar ends with the regular session. Never final is the live row, the last
// element, stamped with the latest trade instead of a bar's start, and a twin of it for the same
// bar. Unfinal bars are left out, or with keep_unfinal folded into one row with final = false.
#pragma once

#include "vortex/provider/adapter.hpp"

namespace vortex {

class YahooAdapter final : public HttpAdapter {
 public:
  const Capabilities& capabilities() const override;
  Result<std::string> map_symbol(const Symbol& symbol) const override;
  Result<std::vector<HttpCall>> plan(const BarsRequest& request, TimePoint now) const override;
  TimeRange range_of(const BarsRequest& request, const HttpCall& call) const override;
  Result<Page> decode(const BarsRequest& request, const HttpReply& reply) const override;
};

}  // namespace vortex
