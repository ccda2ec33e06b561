#include <algorithm>
#include <array>
#include <optional>

#include "vortex/engine/sync.hpp"

namespace vortex {
namespace {

constexpr int kSchemaVersion = 1;
constexpr int kPartial = 8;

bool is_deferred(const ItemReport& item) {
  return item.status == ItemStatus::deferred;
}

bool brought_nothing(const ItemReport& item) {
  return item.status == ItemStatus::failed || item.status == ItemStatus::deferred;
}

// Some wait for their allowance, and nothing else went wrong.
bool only_deferrals(const std::vector<ItemReport>& items) {
  return std::ranges::any_of(items, is_deferred) &&
         std::ranges::none_of(
             items, [](const ItemReport& item) { return item.status == ItemStatus::failed; });
}

int exit_code_of(const std::vector<ItemReport>& items, std::int64_t quarantined, bool strict) {
  std::optional<int> shared;
  std::int64_t failed = 0;
  bool mixed = false;
  for (const ItemReport& item : items) {
    if (!brought_nothing(item)) continue;
    const int code = exit_code(item.error ? item.error->error_class() : ErrorClass::internal);
    mixed = mixed || (shared && *shared != code);
    shared = code;
    ++failed;
  }
  if (failed == 0) return strict && quarantined > 0 ? exit_code(ErrorClass::quality) : 0;
  if (mixed) return kPartial;
  // Work that only waits for its allowance is no failure of what was done (decision 010).
  if (failed < std::ssize(items) && !only_deferrals(items)) return kPartial;
  return *shared;
}

void write_item(JsonWriter& writer, const ItemReport& item) {
  writer.begin_object();
  writer.member("symbol", item.symbol);
  writer.member_or_null("provider", item.provider);
  writer.member("interval", to_string(item.interval));
  writer.member("status", to_string(item.status));
  writer.member_or_null("code", item.error ? to_string(item.error->code) : "");
  writer.member_or_null("message", item.error ? item.error->message : "");
  writer.member("retryable", item.error && item.error->retryable());
  writer.member_or_null(
      "retry_at", item.error && item.error->retry_at ? format_time(*item.error->retry_at) : "");
  writer.member("rows_new", item.rows_new);
  writer.member("rows_unchanged", item.rows_unchanged);
  writer.member("rows_restated", item.rows_restated);
  writer.member("rows_quarantined", item.rows_quarantined);
  writer.member_or_null("from", item.range ? format_time(item.range->start) : "");
  writer.member_or_null("to", item.range ? format_time(item.range->end) : "");
  writer.member("calls_planned", item.calls_planned);
  writer.member_or_null("evidence", item.error ? item.error->evidence : "");
  writer.key("skipped");
  writer.begin_array();
  for (const SkippedProvider& skipped : item.skipped) write_json(writer, skipped);
  writer.end_array();
  writer.key("notes");
  writer.begin_array();
  for (const std::string& note : item.notes) writer.value(std::string_view(note));
  writer.end_array();
  writer.end_object();
}

void write_calls(JsonWriter& writer, const CallCounts& calls) {
  writer.key("calls");
  writer.begin_object();
  writer.member("planned", calls.planned);
  writer.member("sent", calls.sent);
  writer.member("retried", calls.retried);
  writer.member("failed", calls.failed);
  writer.end_object();
}

void write_rows(JsonWriter& writer, const RowCounts& rows) {
  writer.key("rows");
  writer.begin_object();
  writer.member("new", rows.fresh);
  writer.member("unchanged", rows.unchanged);
  writer.member("restated", rows.restated);
  writer.member("quarantined", rows.quarantined);
  writer.end_object();
}

}  // namespace

void write_json(JsonWriter& writer, const SkippedProvider& skipped) {
  writer.begin_object();
  writer.member("provider", skipped.provider);
  writer.member("code", to_string(skipped.code));
  writer.member("class", to_string(error_entry(skipped.code).error_class));
  writer.member("message", skipped.message);
  writer.end_object();
}

void write_json(JsonWriter& writer, const AllowanceReport& allowance) {
  writer.begin_object();
  writer.member("provider", allowance.provider);
  writer.member("rule", allowance.rule);
  writer.member("limit", allowance.limit);
  writer.member("left", allowance.left);
  writer.member("resets_at", format_time(allowance.resets_at));
  writer.member("calls_now", allowance.calls_now);
  writer.member("calls_waiting", allowance.calls_waiting);
  writer.member("reserved", allowance.reserved);
  writer.member_or_null("done_after",
                        allowance.done_after ? format_time(*allowance.done_after) : "");
  writer.end_object();
}

std::string_view to_string(ItemStatus status) {
  constexpr std::array<std::string_view, 4> kNames = {"ok", "empty", "deferred", "failed"};
  return kNames[static_cast<std::size_t>(status)];
}

std::string_view SyncReport::status() const {
  const auto bad = std::ranges::count_if(items, brought_nothing);
  if (storage_error && bad == std::ssize(items)) return "failed";
  if (bad == 0) return storage_error ? "partial" : "ok";
  if (!storage_error && only_deferrals(items)) return "deferred";
  return bad < std::ssize(items) ? "partial" : "failed";
}

int SyncReport::exit_code(bool strict) const {
  return exit_code_of(items, rows.quarantined, strict);
}

std::string SyncReport::to_json(std::string_view command) const {
  JsonWriter writer;
  writer.begin_object();
  writer.member("schema_version", kSchemaVersion);
  writer.member("command", command);
  writer.member("status", status());
  writer.member_or_null("dataset_id", dataset_id);
  writer.member("store", store);
  writer.member("table_version", table_version);
  writer.member("committed", committed);
  write_calls(writer, calls);
  write_rows(writer, rows);
  writer.key("items");
  writer.begin_array();
  for (const ItemReport& item : items) write_item(writer, item);
  writer.end_array();
  writer.key("allowances");
  writer.begin_array();
  for (const AllowanceReport& allowance : allowances) write_json(writer, allowance);
  writer.end_array();
  writer.key("quality");
  quality.write_json(writer);
  writer.member("interrupted", interrupted);
  writer.member("elapsed_s", static_cast<double>(elapsed.count()) / 1e6);
  writer.end_object();
  return writer.take();
}

int FetchReport::exit_code(bool strict) const {
  return exit_code_of(items, quality.rows_quarantined, strict);
}

}  // namespace vortex
