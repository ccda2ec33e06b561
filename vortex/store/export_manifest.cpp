#include "vortex/store/export_manifest.hpp"

#include <string>

#include "vortex/base/json.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kSchemaVersion = 1;

void write_moment(JsonWriter& json, std::string_view name, const std::optional<TimePoint>& time) {
  json.member_or_null(name, time ? format_time(*time) : std::string());
}

void write_file(JsonWriter& json, const ExportedFile& file) {
  json.begin_object();
  json.member("path", file.path);
  json.member("symbol", file.symbol);
  json.member("provider", file.provider);
  json.member("rows", file.rows);
  write_moment(json, "first_bar", file.first_bar);
  write_moment(json, "last_bar", file.last_bar);
  json.member("bytes", file.bytes);
  json.member_or_null("sha256", file.sha256);
  json.end_object();
}

std::string text_at(const Json& json, std::string_view key) {
  return std::string(json.string_at(key).value_or(""));
}

std::optional<TimePoint> moment_at(const Json& json, std::string_view key) {
  const auto text = json.string_at(key);
  return text ? parse_time(*text) : std::nullopt;
}

ExportedFile read_file(const Json& json) {
  return {.path = text_at(json, "path"),
          .symbol = text_at(json, "symbol"),
          .provider = text_at(json, "provider"),
          .rows = json.int_at("rows").value_or(0),
          .first_bar = moment_at(json, "first_bar"),
          .last_bar = moment_at(json, "last_bar"),
          .bytes = json.int_at("bytes").value_or(0),
          .sha256 = text_at(json, "sha256")};
}

}  // namespace

std::string to_json(const ExportManifest& manifest) {
  JsonWriter json;
  json.begin_object();
  json.member("schema_version", kSchemaVersion);
  json.member("state", manifest.complete ? "complete" : "writing");
  json.member("format", manifest.format);
  json.member("dataset_id", manifest.dataset_id);
  json.member("table_version", manifest.table_version);
  json.member_or_null("as_of", manifest.as_of);
  json.member("interval", manifest.interval);
  json.member("adjust", manifest.adjust);
  json.member_or_null("since", manifest.since);
  json.member_or_null("until", manifest.until);
  json.key("files");
  json.begin_array();
  for (const ExportedFile& file : manifest.files) write_file(json, file);
  json.end_array();
  json.key("left_out");
  json.begin_array();
  for (const ExportLeftOut& one : manifest.left_out) {
    json.begin_object();
    json.member("symbol", one.symbol);
    json.member("provider", one.provider);
    json.member("reason", one.reason);
    json.member("failed", one.failed);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

Result<ExportManifest> parse_export_manifest(std::string_view text) {
  const auto parsed = Json::parse(text);
  const Json* files = parsed ? parsed->find("files") : nullptr;
  if (files == nullptr || files->as_array() == nullptr) {
    return fail(ErrorCode::corrupt,
                std::string(kExportManifestName) + " is damaged: no list of files");
  }
  ExportManifest manifest;
  manifest.complete = parsed->string_at("state") == "complete";
  manifest.format = text_at(*parsed, "format");
  manifest.dataset_id = text_at(*parsed, "dataset_id");
  manifest.table_version = parsed->int_at("table_version").value_or(-1);
  manifest.as_of = text_at(*parsed, "as_of");
  manifest.interval = text_at(*parsed, "interval");
  manifest.adjust = text_at(*parsed, "adjust");
  manifest.since = text_at(*parsed, "since");
  manifest.until = text_at(*parsed, "until");
  for (const Json& file : *files->as_array()) manifest.files.push_back(read_file(file));
  const Json* left_out = parsed->find("left_out");
  if (left_out == nullptr || left_out->as_array() == nullptr) return manifest;
  for (const Json& one : *left_out->as_array()) {
    manifest.left_out.push_back({.symbol = text_at(one, "symbol"),
                                 .provider = text_at(one, "provider"),
                                 .reason = text_at(one, "reason"),
                                 .failed = one.bool_at("failed").value_or(false)});
  }
  return manifest;
}

}  // namespace vortex
