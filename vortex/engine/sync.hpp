// Brings series of a dataset up to date, or fetches them without storing: the engine as a library.
// The way of one item stands in journey.cpp. Blocking; several threads may
// call at once: their work shares the engine's loop, its providers' limits and its breakers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "vortex/base/clock.hpp"
#include "vortex/base/error.hpp"
#include "vortex/base/json.hpp"
#include "vortex/config/settings.hpp"
#include "vortex/model/bars_request.hpp"
#include "vortex/quality/report.hpp"

namespace vortex {

struct EngineParts;  // vortex/engine/engine_parts.hpp

// One series to bring up to date. Providers in order of preference.
struct SyncItem {
  Symbol symbol;
  std::vector<std::string> providers;
  Interval interval = Interval::d1;
  std::optional<TimePoint> since;  // none: the provider's depth (sync), a year (fetch)
  std::optional<TimePoint> until;  // none: now
  std::vector<TimeRange> only;     // not empty: these are asked and nothing else (repair)
};

struct SyncRequest {
  std::vector<SyncItem> items;
  bool overlap = true;   // re-ask the last stored bars, to notice restatements
  bool dry_run = false;  // plan only: no call, no commit
};

enum class ItemStatus : std::uint8_t { ok, empty, deferred, failed };
std::string_view to_string(ItemStatus status);

// A provider of the item's list that stood before the one that serves it, and why it does not.
struct SkippedProvider {
  std::string provider;
  ErrorCode code = ErrorCode::internal;
  std::string message;
};

struct ItemReport {
  std::string symbol;
  std::string provider;
  Interval interval = Interval::d1;
  ItemStatus status = ItemStatus::ok;
  std::optional<Error> error;  // when failed or deferred
  std::int64_t rows_new = 0;
  std::int64_t rows_unchanged = 0;
  std::int64_t rows_restated = 0;
  std::int64_t rows_quarantined = 0;
  std::optional<TimeRange> range;  // what was asked, all calls together
  std::int64_t calls_planned = 0;
  std::vector<SkippedProvider> skipped;
  std::vector<std::string> notes;  // "asked from 2026-09-23: 5m reaches back 60 days"
};

struct CallCounts {
  std::int64_t planned = 0;
  std::int64_t sent = 0;  // attempts, logins included
  std::int64_t retried = 0;
  std::int64_t failed = 0;  // attempts that brought no usable answer
};

struct RowCounts {
  std::int64_t fresh = 0;  // "new" in JSON
  std::int64_t unchanged = 0;
  std::int64_t restated = 0;
  std::int64_t quarantined = 0;
};

// A daily allowance and what the run makes of it.
struct AllowanceReport {
  std::string provider;
  std::string rule;  // "25/day@America/New_York"
  std::int64_t limit = 0;
  std::int64_t left = 0;  // before the run
  TimePoint resets_at;
  std::int64_t calls_now = 0;
  std::int64_t calls_waiting = 0;
  std::int64_t reserved = 0;            // of what is left, for updates that may still come today
  std::optional<TimePoint> done_after;  // the reset after which the last waiting call goes
};

void write_json(JsonWriter& writer, const AllowanceReport& allowance);
void write_json(JsonWriter& writer, const SkippedProvider& skipped);

struct SyncReport {
  std::string dataset_id;
  std::string store;
  std::int64_t table_version = -1;
  bool committed = false;  // false: nothing was new
  CallCounts calls;
  RowCounts rows;
  std::vector<ItemReport> items;
  std::vector<AllowanceReport> allowances;  // of the providers asked that have a daily limit
  QualityReport quality;
  Duration elapsed = Duration::zero();
  std::optional<Error> storage_error;  // a commit failed: items it held are failed too
  bool interrupted = false;

  std::string_view status() const;  // ok | partial | deferred | failed
  // The frozen rule of DESIGN §6: all failed for one class takes that class's code, mixed
  // outcomes 8. With `strict`, quarantined rows alone give 6.
  int exit_code(bool strict = false) const;
  std::string to_json(std::string_view command) const;
};

struct SyncProgress {
  std::int64_t items_done = 0;
  std::int64_t items_total = 0;
  std::int64_t items_failed = 0;
  std::int64_t rows = 0;  // decoded so far
  CallCounts calls;
  Duration elapsed = Duration::zero();
  bool committing = false;
};

struct SyncHooks {
  std::function<void(const SyncProgress&)>
      progress;          // on the I/O thread, some times a second; brief
  std::stop_token stop;  // requested: running calls are cancelled, decoded rows are committed
};

struct FetchReport {
  std::shared_ptr<arrow::Table> bars;  // bar_schema; all symbols that succeeded, in the order asked
  std::vector<ItemReport> items;
  CallCounts calls;
  QualityReport quality;
  int exit_code(bool strict = false) const;
};

class Engine {
 public:
  // `settings` and `clock` must outlive the engine. What `parts` do not give is the real thing.
  static Result<std::unique_ptr<Engine>> create(const Settings& settings, const Clock& clock);
  static Result<std::unique_ptr<Engine>> create(const Settings& settings, const Clock& clock,
                                                EngineParts parts);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  // Fails as a whole only for what is wrong before the first call: an unknown provider (usage), no
  // dataset possible at that path. All else is in the report.
  Result<SyncReport> sync(const SyncRequest& request, const SyncHooks& hooks = {});
  Result<FetchReport> fetch(const SyncRequest& request, const SyncHooks& hooks = {});

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The items of the configured jobs; `only` keeps these symbols. Bad symbols are errors that name
// them.
Result<std::vector<SyncItem>> items_of_jobs(const Settings& settings);

}  // namespace vortex
