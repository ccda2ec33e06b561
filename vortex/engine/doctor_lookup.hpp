// Names to addresses, by the system's resolver and within a time. The one part of a network check
// that cannot be cancelled. Thread-safe; blocks its caller.
#pragma once

#include <string>
#include <vector>

#include "vortex/base/clock.hpp"
#include "vortex/base/error.hpp"

namespace vortex {

struct HostAddresses {
  std::string host;
  Result<std::vector<std::string>>
      addresses;  // as text; `resolve` or `timeout` where there is none
};

// All at once; in the order of `hosts`. After `limit` those without an answer are given up.
std::vector<HostAddresses> look_up_hosts(const std::vector<std::string>& hosts, Duration limit,
                                         const Clock& clock);

}  // namespace vortex
