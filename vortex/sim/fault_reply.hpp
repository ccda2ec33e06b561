// What a fired fault makes of a reply. Pure.
#pragma once

#include <string>

#include "vortex/net/http_server.hpp"
#include "vortex/sim/faults.hpp"

namespace vortex {

// `reply` is what would have been answered; `wrong_symbol` and `bad_session` are the provider's own
// business and change nothing here.
ServerReply with_fault(ServerReply reply, const FaultRule& rule);

// A gzip stream of about `packed_bytes` that unpacks to about 1,032 times as many blanks. Its
// checksum is wrong: a client that reads so far has lost already.
std::string gzip_bomb(std::size_t packed_bytes);

}  // namespace vortex
