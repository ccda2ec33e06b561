// Answers as Yahoo would: chart, cookie, crumb and consent paths of all its hosts on one port, in a
// SimWorld with its /__sim/ paths and one of its own, POST /__sim/end-sessions. A function of
// request and time; the server around it does the I/O. Belongs to the I/O thread.
#pragma once

#include <optional>
#include <string>

#include "vortex/net/http_server.hpp"
#include "vortex/sim/sim_world.hpp"
#include "vortex/sim/yahoo_sessions.hpp"

namespace vortex {

struct YahooImposterOptions {
  bool require_crumb = false;
  bool consent_wall = false;  // the cookie comes by consent alone
};

class YahooImposter {
 public:
  explicit YahooImposter(SimWorld world, YahooImposterOptions options = {});

  ServerReply answer(const ServerRequest& request);
  std::optional<FaultKind> last_fault() const { return world_.last_fault(); }

 private:
  struct Asked;  // what a request is about

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

  SimWorld world_;
  YahooImposterOptions options_;
  YahooSessions sessions_;
};

}  // namespace vortex
