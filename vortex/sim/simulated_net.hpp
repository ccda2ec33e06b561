// The world that a SimulatedTransport reaches: hosts by name, the roads to them with their
// latencies, the fault script over them, and a log of what arrived and when, for those who check
// limits. It outlives transports and engines, so that a restarted engine meets the same world. Same
// seed, same calls, same world. Not thread-safe.
//
//   SimulatedNet net(clock, {.seed = 7});
//   net.serve("yahoo", "query2.finance.yahoo.com", imposter);
//   net.serve("fake", "fake.invalid", [](const HttpCall& call, TimePoint now) { … });
//   net.set_faults(*FaultScript::parse(R"([{"provider":"fake","after":"1h","fault":"refuse"}])",
//   7));
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/clock.hpp"
#include "vortex/base/http_message.hpp"
#include "vortex/base/random.hpp"
#include "vortex/net/http_server.hpp"
#include "vortex/sim/faults.hpp"
#include "vortex/sim/yahoo_imposter.hpp"

namespace vortex {

// One way takes latency_min plus an exponentially distributed rest.
struct SimulatedRoad {
  Duration latency_min = std::chrono::milliseconds(10);
  Duration latency_rest_mean = std::chrono::milliseconds(10);
  Duration latency_max = std::chrono::seconds(2);
  std::uint64_t bytes_per_second = 4ull << 20;  // of a body; 0: no bound
};

struct SimulatedNetOptions {
  std::uint64_t seed = 1;
  SimulatedRoad road;
  std::size_t arrivals_max = 1'000'000;  // kept in the log; more are counted alone
};

// A call as its peer saw it.
struct Arrival {
  Monotonic at;
  std::string provider;
  std::string target;              // "/v8/finance/chart/AAPL?interval=1d", as sent
  int status = 0;                  // 0: left unanswered
  std::optional<FaultKind> fault;  // is_before_sending: the peer never saw it
};

struct ProviderTraffic {
  std::int64_t asked = 0;  // calls that reached the provider
  std::int64_t failed_before_sending = 0;
  int running = 0;  // now under way
  int running_max = 0;
};

class SimulatedNet {
 public:
  using Answer = std::function<HttpReply(const HttpCall&, TimePoint)>;
  // What a call is about, for rules by symbol.
  using SymbolOf = std::function<std::string(const HttpCall&)>;

  // What a peer does with a call.
  struct Reaction {
    ServerReply reply;         // with its misbehaviour
    std::optional<Body> body;  // instead of the reply's, without a copy
    std::optional<FaultKind> fault;
    std::size_t body_size() const { return body ? body->size() : reply.body.size(); }
  };

  // The clock must outlive it; it must outlive its transports.
  SimulatedNet(const Clock& clock, SimulatedNetOptions options);
  SimulatedNet(const SimulatedNet&) = delete;
  SimulatedNet& operator=(const SimulatedNet&) = delete;
  ~SimulatedNet() = default;

  // `host` without port, lower case; "" stands for every host that has no other peer. The script of
  // set_faults applies. Without `symbol_of` the symbol is the query's "symbol" or the path's last
  // part.
  void serve(const std::string& provider, const std::string& host, Answer answer,
             SymbolOf symbol_of = nullptr);
  // The imposter has its own script, limits and counts; it must outlive this.
  void serve(const std::string& provider, const std::string& host, YahooImposter& imposter);
  // `after` and `until` of its rules count from here.
  void set_faults(FaultScript faults);

  // For the transport.
  const std::string* provider_of(std::string_view host) const;  // null: no such name
  Reaction arrive(std::string_view host, const HttpCall& call);
  void leave(std::string_view provider);  // the call of an arrival has ended
  Duration draw_latency();
  const SimulatedRoad& road() const { return options_.road; }

  const std::vector<Arrival>& arrivals() const { return arrivals_; }
  std::int64_t arrivals_dropped() const { return arrivals_dropped_; }
  const ProviderTraffic& traffic(std::string_view provider) const;
  // The arrivals as lines, for comparing two runs to the byte.
  std::string log_text() const;

 private:
  struct Peer {
    std::string provider;
    std::function<Reaction(const HttpCall&)> react;
  };
  const Peer* find(std::string_view host) const;
  Reaction react(const std::string& provider, const Answer& answer, const SymbolOf& symbol_of,
                 const HttpCall& call);
  void note(const Peer& peer, const HttpCall& call, const Reaction& reaction);

  const Clock& clock_;
  SimulatedNetOptions options_;
  Random random_;
  FaultScript faults_;
  Monotonic faults_since_;
  std::map<std::string, Peer, std::less<>> peers_;
  std::map<std::string, ProviderTraffic, std::less<>> traffic_;
  std::vector<Arrival> arrivals_;
  std::int64_t arrivals_dropped_ = 0;
};

}  // namespace vortex
