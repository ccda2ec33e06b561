// Answers as Alpha Vantage would: /query with its functions, keys, allowances of a second and a
// day, plans, and refusals with status 200, in a SimWorld with its /__sim/ paths. A function of
// request and time; the server around it does the I/O. Belongs to the I/O thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "vortex/net/http_server.hpp"
#include "vortex/sim/alphavantage_query.hpp"
#include "vortex/sim/day_calls.hpp"
#include "vortex/sim/sim_world.hpp"

namespace vortex {

struct AlphaVantageImposterOptions {
  std::string api_key;         // the one that is good; empty: any that is given
  std::int64_t day_calls = 0;  // of each key, anew at midnight in New York; 0: no end
  bool free_plan = false;      // intraday, full sizes and adjusted days are premium
};

class AlphaVantageImposter {
 public:
  explicit AlphaVantageImposter(SimWorld world, AlphaVantageImposterOptions options = {});

  ServerReply answer(const ServerRequest& request);

 private:
  ServerReply answer_query(const ServerRequest& request, const FaultRule* rule);
  // What the vendor says to a caller before it looks at the question; empty: nothing.
  std::string refusal_of_caller(const std::string& key);

  SimWorld world_;
  AlphaVantageImposterOptions options_;
  DayCalls days_;  // by key
};

}  // namespace vortex
