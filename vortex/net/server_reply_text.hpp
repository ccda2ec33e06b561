// The text form of a ServerReply's head. Pure.
#pragma once

#include <string>
#include <string_view>

#include "vortex/net/http_server.hpp"

namespace vortex {

// False when a header would end its own line or the head: a reply must not be split by what it
// says.
bool is_sendable(const ServerReply& reply);

// Status line, headers, Content-Length (unless the reply sets its own framing) and the blank line.
std::string reply_head(const ServerReply& reply, bool keep_alive);

std::string_view reason_phrase(int status);  // "Not Found"

}  // namespace vortex
