// What every imposter stands in: its market, its script of faults, its limit, its moment, its
// counts, and the /__sim/ paths by which a test looks in and changes it. An imposter adds the
// vendor's wire, and paths of its own where the vendor has something others have not. Belongs to
// the I/O thread.
//
//   GET  /__sim/counts     what was asked and answered
//   POST /__sim/reset      counts, limits and changes to nothing
//   POST /__sim/faults     a new fault script
//   POST /__sim/restate    {"symbol","date","close": …}, symbols in the market's own spelling
//   POST /__sim/split      {"symbol","date","ratio": 4}
//   POST /__sim/now        {"now": "2024-01-02T14:30:00Z"}
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/clock.hpp"
#include "vortex/base/error.hpp"
#include "vortex/net/http_server.hpp"
#include "vortex/sim/faults.hpp"
#include "vortex/sim/market.hpp"
#include "vortex/sim/request_window.hpp"
#include "vortex/sim/sim_counts.hpp"

namespace vortex {

struct SimWorldOptions {
  std::uint64_t seed = 1;  // of what is drawn: fault scripts, tokens
  std::optional<RequestWindow> limit;
  std::optional<TimePoint> now;  // stands still; none: the clock's
};

// A /__sim/ path that one imposter alone has.
struct SimPath {
  std::string_view name;
  std::function<Result<void>(const std::string& body)> change;
};

class SimWorld {
 public:
  // The clock and `provider`, a name as configuration has it, must outlive it.
  SimWorld(std::string_view provider, const Clock& clock, Market market, FaultScript faults,
           SimWorldOptions options = {});

  Market& market() { return market_; }
  std::uint64_t seed() const { return options_.seed; }
  TimePoint now() const { return options_.now ? *options_.now : clock_->now(); }
  TimePoint clients_now() const { return clock_->now(); }  // for what a client's clock judges
  // What the script did to the newest request. Simulated time does faults that a socket cannot.
  std::optional<FaultKind> last_fault() const { return last_fault_; }

  // A request's way, in this order: it is counted, a fault is drawn for it, a limit judges it (or
  // before the draw, as the vendor would), its reply is counted.
  void arrived(std::string_view kind, std::string_view symbol);
  const FaultRule* draw_fault(std::string_view symbol, std::string_view path);  // null: none
  bool is_within_limit();  // what is not counts as a violation
  void violated() { counts_.violation(provider_); }
  ServerReply answered(ServerReply reply);

  static bool is_control(const ServerRequest& request);
  // `reset` and `paths` are what the imposter does besides.
  ServerReply control(const ServerRequest& request, const std::function<void()>& reset = {},
                      const std::vector<SimPath>& paths = {});

 private:
  Result<void> change(std::string_view name, const std::string& body,
                      const std::vector<SimPath>& paths);
  Result<void> set_faults(const std::string& script);
  Result<void> restate(const std::string& body);
  Result<void> split(const std::string& body);
  Result<void> set_now(const std::string& body);
  void clear();

  std::string_view provider_;
  const Clock* clock_;
  Monotonic script_since_;
  Market market_;
  FaultScript faults_;
  SimWorldOptions options_;
  SimCounts counts_;
  std::optional<FaultKind> last_fault_;
};

}  // namespace vortex
