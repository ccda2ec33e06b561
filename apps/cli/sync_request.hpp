// From flags and settings to what the engine is asked: shared by sync and fetch.
#pragma once

#include "vortex/engine/sync.hpp"

#include "apps/cli/command_context.hpp"

namespace vortex::cli {

// The symbols typed (with the settings of the first job that has them), or the items of all jobs;
// --provider, --interval, --since and --until go before the job's own.
Result<std::vector<SyncItem>> sync_items(CommandContext& context, const Settings& settings);

// Adds " (did you mean 'AAPL'?)" to items whose symbol no provider knew, from the jobs' symbols and
// the other symbols that were asked.
void suggest_symbols(const Settings& settings, std::vector<ItemReport>& items);

}  // namespace vortex::cli
