// Answers as Yahoo would: chart, cookie, crumb and consent paths of all its hosts on one port, with
// limits, scripted faults, counts, and the /__sim/ paths by which a test looks in. A function of
// request and time; the server around it does the I/O. Belongs to the I/O thread.
//
//   GET  /__sim/counts   what was asked          POST /__sim/reset    counts, limits, changes to
//   zero POST /__sim/faults   a new fault script      POST /__sim/restate
//   {"symbol","date","close":…} POST /__sim/split    {"symbol","date","ratio": 4} POST /__sim/now
//   {"now": "…Z"} POST /__sim/end-sessions
#pragma once

#include <optional>
#include <string>

#include "vortex/base/clock.hpp"
#include "vortex/net/http_server.hpp"
#include "vortex/sim/faults.hpp"
#include "vortex/sim/market.hpp"
#include "vortex/sim/request_window.hpp"
#include "vortex/sim/sim_counts.hpp"
#include "vortex/sim/yahoo_sessions.hpp"

namespace vortex {

struct YahooImposterOptions {
  std::uint64_t seed = 1;
  bool require_crumb = false;
  bool consent_wall = false;  // the cookie comes by consent alone
  std::optional<RequestWindow> limit;
  std::optional<TimePoint> now;  // stands still; none: the clock's
};

class YahooImposter {
 public:
  // The clock must outlive it.
  YahooImposter(const Clock& clock, Market market, FaultScript faults,
                YahooImposterOptions options);

  ServerReply answer(const ServerRequest& request);
  // What the script did to the newest answer. Simulated time does faults that a socket cannot.
  std::optional<FaultKind> last_fault() const { return last_fault_; }

 private:
  struct Asked;  // what a request is about

  TimePoint now() const;
  ServerReply answer_provider(const ServerRequest& request, const Asked& asked);
  ServerReply route(const ServerRequest& request, const Asked& asked, const FaultRule* rule);
  ServerReply chart(const ServerRequest& request, const Asked& asked, bool wrong_symbol);
  ServerReply crumb(const ServerRequest& request) const;
  ServerReply landing(const ServerRequest& request);
  ServerReply consent(const ServerRequest& request);
  ServerReply collect_consent(const ServerRequest& request);
  ServerReply copy_consent(const ServerRequest& request);
  void add_session_cookies(const ServerRequest& request, Headers& headers);

  ServerReply control(const ServerRequest& request);
  Result<void> change(const ServerRequest& request);
  Result<void> restate(const Json& json);
  Result<void> split(const Json& json);
  Result<void> set_now(const Json& json);

  const Clock* clock_;
  Monotonic started_;
  Market market_;
  FaultScript faults_;
  YahooImposterOptions options_;
  YahooSessions sessions_;
  SimCounts counts_;
  std::optional<FaultKind> last_fault_;
};

}  // namespace vortex
