// `vortex status`: what the dataset has, what it lacks and why; what runs, and what the accounts
// may still ask.
#include <algorithm>

#include <fmt/core.h>

#include "vortex/engine/engine_parts.hpp"
#include "vortex/store/dataset.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"
#include "apps/cli/running_text.hpp"

namespace vortex::cli {
namespace {

struct DatasetStatus {
  std::string id;
  std::string path;
  std::int64_t version = -1;
  std::int64_t quarantined = 0;
  DatasetSummary summary;
  std::vector<SeriesState> series;
  std::vector<RunStatus> running;
  std::vector<AccountReport> accounts;
  std::vector<AllowanceReport> planned;  // of the configured jobs, against the daily allowances
  std::int64_t calls_planned = 0;
  std::string ledger_problem;  // why nothing is known of the accounts; mostly empty
};

std::int64_t count_of(const SeriesState& series, CoverageState state) {
  return std::ranges::count(series.coverage, state, &CoverageMark::state);
}

std::string day_or_dash(std::optional<TimePoint> time) {
  return time ? format_date(date_of(*time)) : "-";
}

std::optional<TimePoint> last_bar(const SeriesState& series) {
  return series.last_bars.empty() ? std::nullopt : std::optional(series.last_bars.back());
}

std::string last_commit(const DatasetSummary& summary) {
  return summary.last_commit ? format_time(*summary.last_commit) : "";
}

std::string status_json(const DatasetStatus& status) {
  JsonWriter json = begin_answer("status", "ok");
  json.member_or_null("dataset_id", status.id);
  json.member("store", status.path);
  json.member("table_version", status.version);
  json.member("rows_quarantined", status.quarantined);
  json.member("files", status.summary.files);
  json.member("bytes", status.summary.bytes);
  json.member_or_null("last_commit", last_commit(status.summary));
  json.member_or_null("rebuilt", status.summary.rebuilt);
  json.member_or_null("ledger_problem", untrusted(status.ledger_problem));
  json.key("running");
  json.begin_array();
  for (const RunStatus& run : status.running) json.raw(to_json(run));
  json.end_array();
  json.key("accounts");
  json.begin_array();
  for (const AccountReport& account : status.accounts) write_json(json, account);
  json.end_array();
  json.member("calls_planned", status.calls_planned);
  json.key("allowances");
  json.begin_array();
  for (const AllowanceReport& day : status.planned) write_json(json, day);
  json.end_array();
  json.key("series");
  json.begin_array();
  for (const SeriesState& series : status.series) {
    json.begin_object();
    json.member("provider", series.key.provider);
    json.member("symbol", series.key.symbol);
    json.member("interval", to_string(series.key.interval));
    json.member("rows", series.rows);
    json.member_or_null("first", series.first_bar ? format_time(*series.first_bar) : "");
    json.member_or_null("last", last_bar(series) ? format_time(*last_bar(series)) : "");
    json.key("coverage");
    json.begin_array();
    for (const CoverageMark& mark : series.coverage) {
      json.begin_object();
      json.member("from", format_time(mark.range.start));
      json.member("to", format_time(mark.range.end));
      json.member("state", to_string(mark.state));
      json.member_or_null("reason", untrusted(mark.reason));
      json.end_object();
    }
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

std::string status_text(const DatasetStatus& status) {
  if (status.id.empty()) {
    return fmt::format("{}: no dataset yet\n", untrusted(status.path)) +
           running_text(status.running) + accounts_text(status.accounts);
  }
  std::string text = fmt::format("{}: dataset {}, version {}, {} series, {} rows in quarantine\n",
                                 untrusted(status.path), status.id, status.version,
                                 status.series.size(), status.quarantined);
  text += fmt::format("  {} files of bars, {} bytes, last commit {}\n", status.summary.files,
                      status.summary.bytes, last_commit(status.summary));
  if (!status.summary.rebuilt.empty()) {
    text += fmt::format("  note: {}\n", untrusted(status.summary.rebuilt));
  }
  if (!status.ledger_problem.empty()) {
    text += fmt::format("  the accounts cannot be shown: {}\n", untrusted(status.ledger_problem));
  }
  text += running_text(status.running) + accounts_text(status.accounts) +
          allowances_text(status.planned);
  if (status.series.empty()) return text;
  text += fmt::format("{:<14} {:<16} {:<8} {:>9}  {:<10}  {:<10}  {:>5}  {:>6}\n", "provider",
                      "symbol", "interval", "rows", "first", "last", "empty", "failed");
  for (const SeriesState& series : status.series) {
    text += fmt::format("{:<14} {:<16} {:<8} {:>9}  {:<10}  {:<10}  {:>5}  {:>6}\n",
                        series.key.provider, series.key.symbol, to_string(series.key.interval),
                        series.rows, day_or_dash(series.first_bar), day_or_dash(last_bar(series)),
                        count_of(series, CoverageState::empty),
                        count_of(series, CoverageState::failed));
    for (const CoverageMark& mark : series.coverage) {
      if (mark.state != CoverageState::failed) continue;
      text += fmt::format("    {} {}\n", to_string(mark.range), untrusted(mark.reason, 100));
    }
  }
  return text;
}

// What the configured jobs would ask now; nothing is sent.
Result<void> add_plan(CommandContext& context, const Settings& settings, DatasetStatus& status) {
  SyncRequest request{.dry_run = true};
  VORTEX_TRY(request.items, items_of_jobs(settings));
  if (request.items.empty()) return {};
  EngineParts parts;
  VORTEX_TRY(parts.ledger, ledger_to_look_at(settings.state_dir, context.clock()));
  VORTEX_TRY(const auto engine, Engine::create(settings, context.clock(), std::move(parts)));
  VORTEX_TRY(SyncReport plan, engine->sync(request));
  status.planned = std::move(plan.allowances);
  status.calls_planned = plan.calls.planned;
  return {};
}

// What runs and what the accounts may still ask. The dataset is shown whatever becomes of this.
void add_running(CommandContext& context, const Settings& settings, DatasetStatus& status) {
  const auto note = [&](const Error& error) {
    if (status.ledger_problem.empty()) status.ledger_problem = error.to_line();
  };
  auto running = read_run_statuses(settings.state_dir);
  if (running) {
    status.running = std::move(*running);
  } else {
    note(running.error());
  }
  auto accounts =
      account_reports(settings, context.registry(), context.clock(), process_environment());
  if (accounts) {
    status.accounts = std::move(*accounts);
  } else {
    note(accounts.error());
  }
}

Result<void> add_dataset(CommandContext& context, DatasetStatus& status) {
  VORTEX_TRY_VOID(check_store_exists(status.path));
  VORTEX_TRY(Dataset dataset, Dataset::open(status.path, context.clock()));
  status.id = dataset.id();
  status.version = dataset.version();
  VORTEX_TRY(status.series, dataset.all_states());
  VORTEX_TRY(status.quarantined, dataset.quarantined_rows());
  VORTEX_TRY(status.summary, dataset.summary());
  return {};
}

}  // namespace

CommandResult run_status(CommandContext& context) {
  VORTEX_TRY(const LoadedSettings loaded, context.load());
  VORTEX_TRY(const std::string path, store_path(loaded.settings.store_uri));
  DatasetStatus status{.path = path};
  add_running(context, loaded.settings, status);
  const Result<void> added = add_dataset(context, status);
  // A first run that has not made its dataset yet can be looked at all the same.
  if (!added && (status.running.empty() || !status.id.empty()))
    return std::unexpected(added.error());
  if (added && status.ledger_problem.empty())
    VORTEX_TRY_VOID(add_plan(context, loaded.settings, status));
  VORTEX_TRY_VOID(
      context.output().data(context.json() ? status_json(status) : status_text(status)));
  return 0;
}

}  // namespace vortex::cli
