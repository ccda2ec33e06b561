// What a run will ask: each item routed to a provider, and the ranges of it that are missing. Pure
// but for reading the dataset's coverage.
#pragma once

#include <vector>

#include "vortex/engine/route.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex {

struct PlannedItem {
  Routed route;                   // provider null: routing failed, the report says why
  std::vector<TimeRange> ranges;  // what must be asked
};

// Items without repeats, one report entry each. What cannot be routed is failed there.
std::vector<PlannedItem> plan_items(const SyncRequest& request, const RouteContext& context,
                                    SyncReport& report);

// Keeps of each item's range what the dataset lacks, plus the overlap.
Result<void> subtract_stored(std::vector<PlannedItem>& items, Dataset& dataset, int overlap_bars);

// Notes ranges and calls in the report, as the adapters plan them at `now`.
void note_plan(const std::vector<PlannedItem>& items, TimePoint now, SyncReport& report);

}  // namespace vortex
