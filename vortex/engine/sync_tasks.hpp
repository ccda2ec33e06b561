// Syncs as tasks: a task of kind "sync" carries its request as JSON and ends with the report that
// `sync --json` prints. Makes the TaskWork of a TaskRunner.
//
//   {"symbols": ["AAPL", "BRK-B"], "providers": ["yahoo"], "interval": "1d",
//    "since": "2024-01-01", "until": "2024-06-01T00:00Z", "overlap": true}
//
// Only `symbols` is required. A member that is unknown, a symbol that is not allowed, a range that
// is empty are refused when the task is submitted.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/config/settings.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/engine/task_processor.hpp"

namespace vortex {

inline constexpr std::string_view kSyncTaskKind = "sync";

// Makes the engine; called once, by a worker's thread, when it is first needed. After a failure the
// next task asks again.
using EngineFactory = std::function<Result<std::unique_ptr<Engine>>()>;

// Providers that the payload does not name are those of the settings.
Result<SyncRequest> read_sync_task(std::string_view payload, const Settings& settings);

// The work of a runner. Its workers share one engine, so that limits, breakers and retry budgets
// are those of the process. `settings` must outlive the runner, as must what the factory uses.
//
// A sync that was stopped ends with `cancelled`, what had come by then is committed; one of which
// nothing succeeded ends with its first item's error. The report is the result in each case.
TaskWork sync_task_work(const Settings& settings, EngineFactory engines);

}  // namespace vortex
