// The words in which limits are written: n/[k](s|min|h) and n/day@Zone.
#pragma once

#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/config/settings.hpp"

namespace vortex {

// "5/5s": at most 5 in any 5 seconds; "60/10min"; "2/s"; "25/day@America/New_York": calendar days
// of that zone. Fails with config when malformed, 0, too large, or the zone is unknown.
Result<RateLimit> parse_rate_limit(std::string_view text);
std::string to_string(const RateLimit& limit);

}  // namespace vortex
