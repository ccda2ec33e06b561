// The part of an answer that is the same for every provider: what an HTTP status means, and when
// the provider wants to be asked again. Pure functions.
#pragma once

#include <optional>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"

namespace vortex {

// Nothing a provider says may make us wait longer; a longer wish is cut to this.
inline constexpr Duration kRetryAfterMax = std::chrono::hours(24);
// A wish beyond this is no wish but a fault (a moment taken for a duration) and is ignored.
inline constexpr Duration kRetryAfterPlausible = std::chrono::hours(24 * 31);

// The moment named by Retry-After: seconds, or an HTTP date measured against the answer's own Date,
// so that a wrong clock on either side does not matter. None when absent, doubled, negative or
// absurd.
std::optional<TimePoint> retry_after(const HttpReply& reply);

// The error a status outside 200–299 stands for, with status, retry_at and first bytes as evidence.
// 401 authentication · 403 authorization · 404, 410 not_found · 407 proxy_authentication · 408
// timeout · 429 rate_limited · other 4xx client · 3xx redirect_refused · 999 and everything else
// server.
Error http_status_error(const HttpReply& reply);

// An error about this answer: status and the first bytes of the body as evidence.
Error reply_error(ErrorCode code, std::string message, const HttpReply& reply);

}  // namespace vortex
