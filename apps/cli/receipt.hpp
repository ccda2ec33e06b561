// What a sync or fetch did, for people: counts, quality, and each failure with code and reason.
#pragma once

#include "vortex/engine/sync.hpp"

#include "apps/cli/output.hpp"

namespace vortex::cli {

void show_receipt(Output& output, const SyncReport& report);
void show_plan(Output& output, const SyncReport& report);
void show_quality(Output& output, const QualityReport& quality);
void show_items(Output& output,
                const std::vector<ItemReport>& items);  // those that failed or need a word

}  // namespace vortex::cli
