// One sync in a simulated world, and what is asked of its report and of the provider's log.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/simulation/simulated_world.hpp"

namespace vortex {

inline std::int64_t with_code(const SyncReport& report, ErrorCode code) {
  return std::ranges::count_if(
      report.items, [&](const ItemReport& item) { return item.error && item.error->code == code; });
}

inline SyncReport sync(const SimulatedWorld& world, const SimulatedWorld::Process& process,
                       int symbols, const SyncHooks& hooks = {}) {
  auto report = process.engine->sync(world.request(SimulatedWorld::symbols(symbols)), hooks);
  EXPECT_TRUE(report.has_value()) << report.error().message;
  return report ? std::move(*report) : SyncReport{};
}

// The most arrivals in any stretch of that length.
inline std::int64_t most_in(const std::vector<Arrival>& arrivals, Duration length) {
  std::int64_t most = 0;
  std::size_t first = 0;
  for (std::size_t last = 0; last < arrivals.size(); ++last) {
    while (arrivals[last].at - arrivals[first].at >= std::chrono::nanoseconds(length)) ++first;
    most = std::max(most, static_cast<std::int64_t>(last - first + 1));
  }
  return most;
}

}  // namespace vortex
