// What a replay did, as the one JSON object of `vortex replay --json`.

#include "vortex/engine/replay.hpp"

namespace vortex {
namespace {

constexpr int kSchemaVersion = 1;

void write_key(JsonWriter& json, const SeriesKey& key) {
  json.member("provider", key.provider);
  json.member("symbol", untrusted(key.symbol, 64));
  json.member("interval", to_string(key.interval));
}

void write_range(JsonWriter& json, const TimeRange& range) {
  json.member("from", format_time(range.start));
  json.member("to", format_time(range.end));
}

void write_lost(JsonWriter& json, const LostCaptures& lost) {
  json.begin_object();
  write_key(json, lost.key);
  json.member("reason", lost.reason);
  json.member("captures", lost.captures);
  json.member("code", to_string(lost.first.code));
  json.member("message", lost.first.message);
  json.key("ranges");
  json.begin_array();
  for (const TimeRange& range : lost.ranges.ranges()) {
    json.begin_object();
    write_range(json, range);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace

std::string ReplayReport::to_json() const {
  JsonWriter json;
  json.begin_object();
  json.member("schema_version", kSchemaVersion);
  json.member("command", "replay");
  json.member("status", status());
  json.member("source_dataset_id", source_id);
  json.member("dataset_id", dataset_id);
  json.member("store", from);
  json.member("into", into);
  json.member("source_version", source_version);
  json.member("table_version", table_version);
  json.member("commits", commits);
  json.member("captures", captures);
  json.key("rows");
  json.begin_object();
  json.member("new", rows.fresh);
  json.member("unchanged", rows.unchanged);
  json.member("restated", rows.restated);
  json.member("quarantined", rows.quarantined);
  json.end_object();
  json.key("lost");
  json.begin_array();
  for (const LostCaptures& one : lost) write_lost(json, one);
  json.end_array();
  json.key("other_ways");
  json.begin_array();
  for (const RowsWithoutCapture& one : other_ways) {
    json.begin_object();
    write_key(json, one.key);
    json.member("rows", one.rows);
    write_range(json, one.range);
    json.end_object();
  }
  json.end_array();
  json.member("elapsed_s", std::chrono::duration<double>(elapsed).count());
  json.end_object();
  return json.take();
}

}  // namespace vortex
