// What an answer says of the allowance it was counted against: RateLimit-Limit, -Remaining, -Reset
// (draft-ietf-httpapi-ratelimit-headers) and their X- forms. A hint, never a promise: whoever uses
// it may ask less than configured, never more. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "vortex/base/http_message.hpp"

namespace vortex {

struct RateHeaders {
  std::int64_t limit = 0;      // >= remaining
  std::int64_t remaining = 0;  // >= 0
  Duration reset{};            // from the answer's receipt; zero … 31 days
};

// None unless all three are there once, whole and plausible. A reset may be given in seconds from
// now, or as a moment in Unix seconds or milliseconds: the magnitude tells, and moments are
// measured against the answer's own Date. Answers out of a cache (Age > 0) speak of another call:
// none.
std::optional<RateHeaders> rate_headers(const HttpReply& reply);

}  // namespace vortex
