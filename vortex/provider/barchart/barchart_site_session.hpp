// The login of Barchart's website, or a browser's cookies in its place.
//
//   page    GET  /login    hidden _token; cookies laravel_session and XSRF-TOKEN
//   submit  POST /login    email, password, _token; away from /login: logged in → Session
//
// Const and thread-safe.
#pragma once

#include "vortex/provider/adapter.hpp"

namespace vortex {

class BarchartSiteSession final : public SessionSteps {
 public:
  Result<std::optional<Session>> given(const LoginSecrets& secrets, TimePoint now,
                                       bool refused) const override;
  HttpCall begin(State& state, const SecretString& credential) const override;
  Result<std::variant<HttpCall, Session>> on_reply(State& state,
                                                   const HttpReply& reply) const override;
};

}  // namespace vortex
