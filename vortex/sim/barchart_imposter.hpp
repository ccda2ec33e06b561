// Answers as Barchart's OnDemand would: /getHistory.json and .csv with keys, allowances of a second
// and a day, and refusals by HTTP status and status.code; and, on its other paths, as its website
// (barchart_site.hpp). In a SimWorld with its /__sim/ paths and one of its own:
//
//   POST /__sim/site {"blocked": true}, {"end_sessions": true}
//
// A function of request and time; the server around it does the I/O. Belongs to the I/O thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vortex/net/http_server.hpp"
#include "vortex/sim/barchart_site.hpp"
#include "vortex/sim/day_calls.hpp"
#include "vortex/sim/sim_world.hpp"

namespace vortex {

struct BarchartImposterOptions {
  std::string api_key;         // the one that is good; empty: any but BAD…
  std::int64_t day_calls = 0;  // of each key or login, anew at midnight in Chicago; 0: no end
};

class BarchartImposter {
 public:
  explicit BarchartImposter(SimWorld world, BarchartImposterOptions options = {});

  ServerReply answer(const ServerRequest& request);

 private:
  ServerReply answer_history(const ServerRequest& request, const FaultRule* rule);
  ServerReply answer_site(const ServerRequest& request, const FaultRule* rule);
  bool is_good(std::string_view key) const;
  ServerReply control(const ServerRequest& request);
  Result<void> change_site(const std::string& body);

  SimWorld world_;
  BarchartImposterOptions options_;
  BarchartSite site_;
  DayCalls days_;  // by key
};

}  // namespace vortex
