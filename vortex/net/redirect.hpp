// Redirects are followed here and not by libcurl, so that what travels on is decided in one place:
// the credentials of a call stay with the origin they were made for. Pure.
#pragma once

#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"
#include "vortex/net/host_scope.hpp"
#include "vortex/net/http_transport.hpp"

namespace vortex {

// One exchange on the way of a call: the call itself first, then each redirect.
struct Hop {
  std::string url;
  HttpMethod method = HttpMethod::get;
  Headers headers;
  std::string body;
  // Which addresses this hop may connect to. The first goes where the settings say.
  ScopeRule scopes{.allow_all = true};
  bool first_origin = true;  // still, or again, where the call was meant to go
};

bool is_redirect(int status);

// Where `location` leads. `redirect_refused` when it leaves http(s), goes from https to http,
// carries a user name, or names an address of this machine or network that the first call did not
// reach itself; also when it would repeat a POST body to another origin. On a change of scheme,
// host or port the credential headers are dropped, and parameters that repeat a secret of the call.
Result<Hop> next_hop(const HttpRoute& route, const HttpCall& call, std::string_view first_url,
                     const Hop& current, int status, std::string_view location);

}  // namespace vortex
