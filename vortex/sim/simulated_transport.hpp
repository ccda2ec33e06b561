// Carries calls through a SimulatedNet instead of a network: no socket, no thread, simulated time.
// What goes wrong there is reported as the real transport would: refused and reset without an
// answer `network`, a cut body `truncated`, silence `timeout` after the route's read_timeout (or
// connect_timeout), and never later than the call's deadline. Redirects are followed and bodies
// decoded by the real transport's own rules. Connections are taken as kept: only a fault of
// connecting costs connecting. Belongs to the I/O thread.
#pragma once

#include <map>
#include <string>

#include "vortex/net/http_transport.hpp"
#include "vortex/runtime/runtime.hpp"
#include "vortex/sim/simulated_net.hpp"

namespace vortex {

struct Hop;

class SimulatedTransport final : public HttpTransport {
 public:
  // Both must outlive it. The net's clock is the runtime's.
  SimulatedTransport(Runtime& runtime, SimulatedNet& net) : runtime_(runtime), net_(net) {}

  Task<HttpReply> send(HttpRoute route, HttpCall call, Deadline deadline) override;

 private:
  Result<std::string> host_of(const HttpRoute& route, const HttpCall& call);
  Task<HttpReply> exchange(const HttpRoute* route, const std::string* host, const HttpCall* call,
                           Deadline deadline);
  Task<HttpReply> follow(const HttpRoute* route, const HttpCall* call, Deadline deadline,
                         HttpReply redirected);
  Task<void> pass_to(Monotonic moment, Deadline deadline);

  Runtime& runtime_;
  SimulatedNet& net_;
  std::map<std::string, std::string> hosts_;  // by base URL: one a provider
};

}  // namespace vortex
