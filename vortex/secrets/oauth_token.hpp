// The words of OAuth2's client credentials grant (RFC 6749 §4.4): the call that asks for a token,
// and the reading of its answer. Pure.
#pragma once

#include <string>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"
#include "vortex/base/secret.hpp"
#include "vortex/net/http_transport.hpp"

namespace vortex {

struct OAuthClient {
  std::string client_id;
  SecretString client_secret;
  std::string token_url;        // https, or http to this machine
  std::string scope;            // empty: none is asked for
  bool secret_in_body = false;  // else in an Authorization header, as the RFC prefers
};

struct OAuthToken {
  SecretString value;
  Duration lifetime = Duration::zero();
};

// The route to the token's address under the rules of the provider's own. `config` for a URL that
// is none, or would carry the secret over plain http to another machine.
Result<HttpRoute> token_route(const OAuthClient& client, const HttpRoute& provider);

HttpCall token_call(const OAuthClient& client);

// `authentication` where the client is refused, `server` or `rate_limited` where it may be asked
// again, `bad_payload` for an answer that holds no bearer token.
Result<OAuthToken> read_token_reply(const HttpReply& reply);

}  // namespace vortex
