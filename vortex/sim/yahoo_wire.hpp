// Yahoo's v8 chart answer, as its recordings show it: members, their order, number forms, stamps,
// events, refusals. Written from nothing but the recordings; the adapter that reads it is never
// consulted. Pure.
#pragma once

#include <string>

#include "vortex/base/http_message.hpp"
#include "vortex/sim/market.hpp"

namespace vortex {

struct WireAnswer {
  int status = 200;
  std::string body;
};

struct ChartRequest {
  std::string symbol;  // decoded
  QueryParams params;
  std::string answer_symbol;  // not empty: a fault makes the answer name this one instead
};

WireAnswer chart_answer(Market& market, const ChartRequest& request, TimePoint now);

}  // namespace vortex
