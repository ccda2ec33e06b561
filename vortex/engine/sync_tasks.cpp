#include "vortex/engine/sync_tasks.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "vortex/base/json.hpp"
#include "vortex/base/suggest.hpp"

namespace vortex {
namespace {

constexpr std::array<std::string_view, 6> kMembers = {"symbols", "providers", "interval",
                                                      "since",   "until",     "overlap"};

std::unexpected<Error> wrong_type(std::string_view member, std::string_view wanted) {
  return fail(ErrorCode::usage, fmt::format("sync task: '{}' is no {}", member, wanted));
}

Result<void> check_members(const Json& json) {
  if (json.as_object() == nullptr) {
    return fail(ErrorCode::usage, "sync task: the payload is no JSON object");
  }
  for (const auto& [name, value] : *json.as_object()) {
    if (std::ranges::find(kMembers, name) != kMembers.end()) continue;
    return fail(ErrorCode::unknown_name,
                fmt::format("sync task: unknown member '{}'{}", untrusted(name, 64),
                            did_you_mean(name, kMembers)));
  }
  return {};
}

// The texts of a list; an absent one is empty.
Result<std::vector<std::string>> read_texts(const Json& json, std::string_view member) {
  std::vector<std::string> texts;
  const Json* list = json.find(member);
  if (list == nullptr) return texts;
  if (list->as_array() == nullptr) return wrong_type(member, "list of texts");
  std::set<std::string_view> seen;
  for (const Json& item : *list->as_array()) {
    if (item.as_string() == nullptr) return wrong_type(member, "list of texts");
    if (!seen.insert(*item.as_string()).second) {
      return fail(ErrorCode::usage, fmt::format("sync task: '{}' stands twice in '{}'",
                                                untrusted(*item.as_string(), 64), member));
    }
    texts.push_back(*item.as_string());
  }
  return texts;
}

Result<std::optional<TimePoint>> read_moment(const Json& json, std::string_view member) {
  const Json* value = json.find(member);
  if (value == nullptr) return std::nullopt;
  if (value->as_string() == nullptr) return wrong_type(member, "date or time");
  const auto time = parse_time(*value->as_string());
  if (!time) {
    return fail(ErrorCode::bad_time,
                fmt::format("sync task: '{}' is '{}': write 2024-01-02 or 2024-01-02T14:30Z",
                            member, untrusted(*value->as_string(), 64)));
  }
  return time;
}

// What the symbols of a task share.
Result<SyncItem> read_series(const Json& json, const Settings& settings, Symbol first) {
  SyncItem series{.symbol = std::move(first)};
  VORTEX_TRY(series.providers, read_texts(json, "providers"));
  if (series.providers.empty()) series.providers = settings.default_providers;
  if (const Json* interval = json.find("interval")) {
    if (interval->as_string() == nullptr) return wrong_type("interval", "text");
    VORTEX_TRY(series.interval, parse_interval(*interval->as_string()));
  }
  VORTEX_TRY(series.since, read_moment(json, "since"));
  VORTEX_TRY(series.until, read_moment(json, "until"));
  if (series.since && series.until && *series.until <= *series.since) {
    return fail(ErrorCode::bad_time,
                fmt::format("sync task: until {} is not after since {}", format_time(*series.until),
                            format_time(*series.since)));
  }
  return series;
}

// What becomes of the task, given the report of a sync that ran.
std::optional<Error> outcome_of(const SyncReport& report) {
  const auto whole = std::ranges::count_if(report.items, [](const ItemReport& item) {
    return item.status == ItemStatus::ok || item.status == ItemStatus::empty;
  });
  if (report.interrupted) {
    return Error{.code = ErrorCode::cancelled,
                 .message = fmt::format("stopped after {} of {} series; what had come is stored",
                                        whole, report.items.size())};
  }
  // What failed or waits for its allowance beside it is in the report.
  if (whole > 0 || report.status() == "ok") return std::nullopt;
  if (report.storage_error) return report.storage_error;
  const auto first = std::ranges::find_if(
      report.items, [](const ItemReport& item) { return item.error.has_value(); });
  if (first == report.items.end()) return Error{.message = "the sync failed and says no reason"};
  return Error(*first->error).in(first->symbol);
}

// Owns the workers' engine. Shared by the threads of a runner.
class SyncTasks {
 public:
  SyncTasks(const Settings& settings, EngineFactory engines)
      : settings_(settings), factory_(std::move(engines)) {}

  TaskOutcome run(const TaskContext& context) {
    auto request = read_sync_task(context.payload(), settings_);
    if (!request) return {.error = std::move(request).error()};
    auto engine = this->engine();
    if (!engine) return {.error = std::move(engine).error().in("no engine")};
    const SyncHooks hooks{.progress = [&context](const SyncProgress& now) { show(context, now); },
                          .stop = context.stop()};
    auto report = (*engine)->sync(*request, hooks);
    if (!report) return {.error = std::move(report).error()};
    return {.text = report->to_json(kSyncTaskKind), .error = outcome_of(*report)};
  }

  Result<void> check(const TaskRequest& request) const {
    if (request.kind != kSyncTaskKind) {
      constexpr std::array<std::string_view, 1> kKinds = {kSyncTaskKind};
      return fail(ErrorCode::unknown_name,
                  fmt::format("no task is of the kind '{}'{}", untrusted(request.kind, 64),
                              did_you_mean(request.kind, kKinds)));
    }
    VORTEX_TRY_VOID(read_sync_task(request.payload, settings_));
    return {};
  }

 private:
  static void show(const TaskContext& context, const SyncProgress& now) {
    const double share = now.items_total > 0 ? static_cast<double>(now.items_done) /
                                                   static_cast<double>(now.items_total)
                                             : 0.0;
    context.progress(share, fmt::format("{} of {} series, {} failed, {} rows, {} calls{}",
                                        now.items_done, now.items_total, now.items_failed, now.rows,
                                        now.calls.sent, now.committing ? ", committing" : ""));
  }

  // The lock is held while the engine is made, for which the other workers wait.
  Result<Engine*> engine() {
    const std::lock_guard lock(mutex_);
    if (engine_ == nullptr) {
      VORTEX_TRY(engine_, factory_());
    }
    return engine_.get();
  }

  const Settings& settings_;
  EngineFactory factory_;
  std::mutex mutex_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace

Result<SyncRequest> read_sync_task(std::string_view payload, const Settings& settings) {
  auto json = Json::parse(payload);
  if (!json) return fail(ErrorCode::usage, "sync task: " + json.error().message);
  VORTEX_TRY_VOID(check_members(*json));
  VORTEX_TRY(const auto texts, read_texts(*json, "symbols"));
  if (texts.empty()) return fail(ErrorCode::usage, "sync task: 'symbols' is missing or empty");
  std::vector<Symbol> symbols;
  for (const std::string& text : texts) {
    VORTEX_TRY(auto symbol, Symbol::parse(text));
    symbols.push_back(std::move(symbol));
  }
  VORTEX_TRY(const SyncItem series, read_series(*json, settings, symbols.front()));
  SyncRequest request;
  if (const Json* overlap = json->find("overlap")) {
    if (overlap->as_bool() == nullptr) return wrong_type("overlap", "true or false");
    request.overlap = *overlap->as_bool();
  }
  request.items.reserve(symbols.size());
  for (Symbol& symbol : symbols) {
    request.items.push_back(series);
    request.items.back().symbol = std::move(symbol);
  }
  return request;
}

TaskWork sync_task_work(const Settings& settings, EngineFactory engines) {
  const auto tasks = std::make_shared<SyncTasks>(settings, std::move(engines));
  return {.run = [tasks](const TaskContext& context) { return tasks->run(context); },
          .check =
              [tasks](const TaskRequest& request) {
                return tasks->check(request);
              }};
}

}  // namespace vortex
