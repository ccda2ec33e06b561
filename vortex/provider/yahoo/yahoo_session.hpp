// Yahoo's session: a cookie and the crumb that belongs to it. Chart calls go without; a call that
// was refused with session_refused is sent once more with a new session.
//
//   cookie    GET fc.yahoo.com                  any status; its Set-Cookie A3 (A1, A1S) counts
//   crumb     GET query1…/v1/test/getcrumb      text/plain, about 11 characters → Session
//
// No cookie, or the crumb refused: once, the consent chain
//
//   consent   GET guce.yahoo.com/consent        302 → consent.yahoo.com/v2/collectConsent?…
//   collect   GET that page                     hidden csrfToken, sessionId, originalDoneUrl
//   submit    POST the form                     302 → guce.yahoo.com/copyConsent?sessionId=…
//   copy      GET that                          Set-Cookie A1, A3
//   crumb     GET query2…/v1/test/getcrumb      → Session
//
// Redirects are followed here, step by step, and to these two hosts only; a transport that follows
// them by itself is understood too. At most 8 calls. Const and thread-safe.
#pragma once

#include "vortex/provider/adapter.hpp"

namespace vortex {

class YahooSession final : public SessionSteps {
 public:
  HttpCall begin(State& state, const SecretString& credential) const override;
  Result<std::variant<HttpCall, Session>> on_reply(State& state,
                                                   const HttpReply& reply) const override;
};

}  // namespace vortex
