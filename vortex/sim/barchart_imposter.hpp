// Answers as Barchart's OnDemand would: /getHistory.json and .csv with keys, allowances of a second
// and a day, and refusals by HTTP status and status.code; and, on its other paths, as its website
// (barchart_site.hpp); scripted faults, counts, and /__sim/ paths by which a test looks in. A
// function of request and time; the server around it does the I/O. Belongs to the I/O thread.
//
//   GET /__sim/counts   POST /__sim/reset, /__sim/faults, /__sim/now {"now": "…Z"},
//   /__sim/restate {"symbol","date","close":…} (symbols in the market's own spelling: "GC=F"),
//   /__sim/site {"blocked": true}, {"end_sessions": true}
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "vortex/base/clock.hpp"
#include "vortex/base/json.hpp"
#include "vortex/net/http_server.hpp"
#include "vortex/sim/barchart_site.hpp"
#include "vortex/sim/faults.hpp"
#include "vortex/sim/market.hpp"
#include "vortex/sim/request_window.hpp"
#include "vortex/sim/sim_counts.hpp"

namespace vortex {

struct BarchartImposterOptions {
  std::uint64_t seed = 1;
  std::string api_key;         // the one that is good; empty: any but BAD…
  std::int64_t day_calls = 0;  // of each key or login, anew at midnight in Chicago; 0: no end
  std::optional<RequestWindow> limit;
  std::optional<TimePoint> now;  // stands still; none: the clock's
};

class BarchartImposter {
 public:
  // The clock must outlive it.
  BarchartImposter(const Clock& clock, Market market, FaultScript faults,
                   BarchartImposterOptions options);

  ServerReply answer(const ServerRequest& request);
  // What the script did to the newest answer. Simulated time does faults that a socket cannot.
  std::optional<FaultKind> last_fault() const { return last_fault_; }

 private:
  struct Day {
    Date date;
    std::int64_t calls = 0;
  };

  TimePoint now() const { return options_.now ? *options_.now : clock_->now(); }
  ServerReply answer_history(const ServerRequest& request, const FaultRule* rule);
  ServerReply answer_site(const ServerRequest& request, const FaultRule* rule);
  bool is_good(std::string_view key) const;
  bool admit_today(const std::string& key);
  ServerReply control(const ServerRequest& request);
  Result<void> change(const ServerRequest& request);
  Result<void> restate(const Json& json);
  Result<void> change_site(const Json& json);

  const Clock* clock_;
  Monotonic started_;
  Market market_;
  FaultScript faults_;
  BarchartImposterOptions options_;
  BarchartSite site_;
  SimCounts counts_;
  std::map<std::string, Day, std::less<>> days_;  // by key
  std::optional<FaultKind> last_fault_;
};

}  // namespace vortex
