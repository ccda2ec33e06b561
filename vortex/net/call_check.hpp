// What must hold of a call before a byte of it is sent, and the URL it goes to. Pure.
#pragma once

#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"
#include "vortex/net/http_transport.hpp"

namespace vortex {

// `client` when a header, the path or the host holds what could end it early or start another (NUL,
// CR, LF, blanks), or sets the framing that is ours to set.
Result<void> check_call(const HttpCall& call);

// route.base_url + target; or, where the route keeps hosts and the call names one, that host by
// https. `config` when the base URL is not http or https.
Result<std::string> call_url(const HttpRoute& route, const HttpCall& call);

// Does a header or parameter of this name carry a credential?
bool is_credential_name(std::string_view name);

}  // namespace vortex
