#include "vortex/store/delta_actions.hpp"

#include <utility>

#include <fmt/core.h>

#include "vortex/base/http_message.hpp"
#include "vortex/base/json.hpp"

namespace vortex {
namespace {

constexpr Duration kMillisecond = std::chrono::milliseconds{1};

Error bad_log(std::string_view what) {
  return Error{.code = ErrorCode::corrupt, .message = fmt::format("commit log: {}", what)};
}

PartitionValues read_partition_values(const Json* values) {
  PartitionValues out;
  if (values == nullptr || values->as_object() == nullptr) return out;
  for (const auto& [name, value] : *values->as_object()) {
    const std::string* text = value.as_string();
    out.emplace(name, text == nullptr ? std::nullopt : std::optional(*text));
  }
  return out;
}

std::vector<std::string> read_texts(const Json* values) {
  std::vector<std::string> out;
  if (values == nullptr || values->as_array() == nullptr) return out;
  for (const Json& value : *values->as_array()) {
    if (const std::string* text = value.as_string()) out.push_back(*text);
  }
  return out;
}

Result<AddFile> read_add(const Json& json) {
  const auto path = json.string_at("path");
  if (!path) return std::unexpected(bad_log("an add without a path"));
  if (const Json* vector = json.find("deletionVector"); vector != nullptr && !vector->is_null()) {
    return fail(ErrorCode::newer_protocol, "the table uses deletion vectors");
  }
  AddFile add;
  VORTEX_TRY(add.path, decode_log_path(*path));
  add.partition_values = read_partition_values(json.find("partitionValues"));
  add.size = json.int_at("size").value_or(0);
  add.modification_ms = json.int_at("modificationTime").value_or(0);
  add.data_change = json.bool_at("dataChange").value_or(true);
  add.stats_json = std::string(json.string_at("stats").value_or(""));
  add.stats = parse_statistics(add.stats_json);
  return add;
}

Result<RemoveFile> read_remove(const Json& json) {
  const auto path = json.string_at("path");
  if (!path) return std::unexpected(bad_log("a remove without a path"));
  RemoveFile remove;
  VORTEX_TRY(remove.path, decode_log_path(*path));
  remove.partition_values = read_partition_values(json.find("partitionValues"));
  remove.size = json.int_at("size").value_or(0);
  remove.deletion_ms = json.int_at("deletionTimestamp").value_or(0);
  remove.data_change = json.bool_at("dataChange").value_or(true);
  return remove;
}

Result<TableProtocol> read_protocol(const Json& json) {
  const auto reader = json.int_at("minReaderVersion");
  const auto writer = json.int_at("minWriterVersion");
  if (!reader || !writer) return std::unexpected(bad_log("a protocol without versions"));
  return TableProtocol{.reader = static_cast<int>(*reader),
                       .writer = static_cast<int>(*writer),
                       .reader_features = read_texts(json.find("readerFeatures")),
                       .writer_features = read_texts(json.find("writerFeatures"))};
}

Result<TableMetadata> read_metadata(const Json& json) {
  const auto id = json.string_at("id");
  const auto schema = json.string_at("schemaString");
  if (!id || !schema) return std::unexpected(bad_log("a metaData without id or schema"));
  TableMetadata metadata;
  metadata.id = *id;
  metadata.schema_string = *schema;
  metadata.name = std::string(json.string_at("name").value_or(""));
  metadata.partition_columns = read_texts(json.find("partitionColumns"));
  metadata.created_ms = json.int_at("createdTime").value_or(0);
  if (const Json* configuration = json.find("configuration");
      configuration != nullptr && configuration->as_object() != nullptr) {
    for (const auto& [name, value] : *configuration->as_object()) {
      if (const std::string* text = value.as_string()) metadata.configuration[name] = *text;
    }
  }
  return metadata;
}

CommitNote read_note(const Json& json) {
  CommitNote note;
  note.timestamp_ms = json.int_at("timestamp").value_or(0);
  note.operation = std::string(json.string_at("operation").value_or(""));
  if (const Json* parameters = json.find("operationParameters")) {
    note.parameters_json = parameters->dump();
  }
  note.engine = std::string(json.string_at("engineInfo").value_or(""));
  note.commit_id = std::string(json.string_at("vortexCommit").value_or(""));
  return note;
}

Result<void> read_action(std::string_view line, CommitActions& out) {
  auto parsed = Json::parse(line);
  if (!parsed) return std::unexpected(bad_log(parsed.error().message));
  if (const Json* add = parsed->find("add"); add != nullptr && !add->is_null()) {
    VORTEX_TRY(auto file, read_add(*add));
    out.adds.push_back(std::move(file));
  } else if (const Json* remove = parsed->find("remove"); remove != nullptr && !remove->is_null()) {
    VORTEX_TRY(auto file, read_remove(*remove));
    out.removes.push_back(std::move(file));
  } else if (const Json* note = parsed->find("commitInfo"); note != nullptr) {
    out.note = read_note(*note);
  } else if (const Json* protocol = parsed->find("protocol"); protocol != nullptr) {
    VORTEX_TRY(out.protocol, read_protocol(*protocol));
  } else if (const Json* metadata = parsed->find("metaData"); metadata != nullptr) {
    VORTEX_TRY(out.metadata, read_metadata(*metadata));
  }
  return {};
}

void write_partition_values(JsonWriter& writer, const PartitionValues& values) {
  writer.key("partitionValues");
  writer.begin_object();
  for (const auto& [name, value] : values) {
    writer.key(name);
    if (value) {
      writer.value(*value);
    } else {
      writer.null();
    }
  }
  writer.end_object();
}

void write_texts(JsonWriter& writer, std::string_view name, const std::vector<std::string>& texts) {
  writer.key(name);
  writer.begin_array();
  for (const std::string& text : texts) writer.value(text);
  writer.end_array();
}

void write_note(JsonWriter& writer, const CommitNote& note) {
  writer.key("commitInfo");
  writer.begin_object();
  writer.member("timestamp", note.timestamp_ms);
  writer.member("operation", note.operation);
  writer.key("operationParameters");
  writer.raw(note.parameters_json.empty() ? "{}" : note.parameters_json);
  writer.member("engineInfo", note.engine);
  if (!note.commit_id.empty()) writer.member("vortexCommit", note.commit_id);
  writer.end_object();
}

void write_protocol(JsonWriter& writer, const TableProtocol& protocol) {
  writer.key("protocol");
  writer.begin_object();
  writer.member("minReaderVersion", protocol.reader);
  writer.member("minWriterVersion", protocol.writer);
  writer.end_object();
}

void write_metadata(JsonWriter& writer, const TableMetadata& metadata) {
  writer.key("metaData");
  writer.begin_object();
  writer.member("id", metadata.id);
  if (!metadata.name.empty()) writer.member("name", metadata.name);
  writer.key("format");
  writer.raw(R"({"provider":"parquet","options":{}})");
  writer.member("schemaString", metadata.schema_string);
  write_texts(writer, "partitionColumns", metadata.partition_columns);
  writer.key("configuration");
  writer.begin_object();
  for (const auto& [name, value] : metadata.configuration) writer.member(name, value);
  writer.end_object();
  writer.member("createdTime", metadata.created_ms);
  writer.end_object();
}

void write_add(JsonWriter& writer, const AddFile& add) {
  writer.key("add");
  writer.begin_object();
  writer.member("path", encode_log_path(add.path));
  write_partition_values(writer, add.partition_values);
  writer.member("size", add.size);
  writer.member("modificationTime", add.modification_ms);
  writer.member("dataChange", add.data_change);
  if (!add.stats_json.empty()) writer.member("stats", add.stats_json);
  writer.end_object();
}

void write_remove(JsonWriter& writer, const RemoveFile& remove) {
  writer.key("remove");
  writer.begin_object();
  writer.member("path", encode_log_path(remove.path));
  writer.member("deletionTimestamp", remove.deletion_ms);
  writer.member("dataChange", remove.data_change);
  writer.member("extendedFileMetadata", true);
  write_partition_values(writer, remove.partition_values);
  writer.member("size", remove.size);
  writer.end_object();
}

template <class Write>
void write_line(std::string& out, const Write& write) {
  JsonWriter writer;
  writer.begin_object();
  write(writer);
  writer.end_object();
  out += writer.take();
  out += '\n';
}

}  // namespace

Result<CommitActions> parse_commit(std::string_view text) {
  CommitActions actions;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) VORTEX_TRY_VOID(read_action(line, actions));
  }
  return actions;
}

std::string write_commit(const CommitActions& actions) {
  std::string out;
  if (actions.note) write_line(out, [&](JsonWriter& w) { write_note(w, *actions.note); });
  if (actions.protocol) {
    write_line(out, [&](JsonWriter& w) { write_protocol(w, *actions.protocol); });
  }
  if (actions.metadata) {
    write_line(out, [&](JsonWriter& w) { write_metadata(w, *actions.metadata); });
  }
  for (const auto& remove : actions.removes) {
    write_line(out, [&](JsonWriter& w) { write_remove(w, remove); });
  }
  for (const auto& add : actions.adds) {
    write_line(out, [&](JsonWriter& w) { write_add(w, add); });
  }
  return out;
}

FileStatistics parse_statistics(std::string_view json) {
  FileStatistics stats;
  if (json.empty()) return stats;
  const auto parsed = Json::parse(json);
  if (!parsed) return stats;
  stats.rows = parsed->int_at("numRecords").value_or(-1);
  const auto time_at = [](const Json* bounds) -> std::optional<TimePoint> {
    if (bounds == nullptr) return std::nullopt;
    const auto text = bounds->string_at("timestamp");
    return text ? parse_time(*text) : std::nullopt;
  };
  const Json* lowest = parsed->find("minValues");
  const Json* highest = parsed->find("maxValues");
  stats.timestamp_min = time_at(lowest);
  stats.timestamp_max = time_at(highest);
  if (stats.timestamp_max) *stats.timestamp_max += kMillisecond - Duration{1};
  if (lowest != nullptr) stats.symbol_min = lowest->string_at("symbol");
  if (highest != nullptr) stats.symbol_max = highest->string_at("symbol");
  return stats;
}

std::string encode_log_path(std::string_view path) {
  std::string out;
  while (true) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    // '=' may stand in a path and is what other writers leave bare in "provider=yahoo".
    const auto equals = part.find('=');
    out += percent_encode(part.substr(0, equals));
    if (equals != std::string_view::npos) out += '=' + percent_encode(part.substr(equals + 1));
    if (slash == std::string_view::npos) return out;
    out += '/';
    path.remove_prefix(slash + 1);
  }
}

Result<std::string> decode_log_path(std::string_view path) {
  auto decoded = percent_decode(path);
  if (!decoded) return std::unexpected(bad_log("a path with a broken escape"));
  const bool leaves =
      decoded->empty() || decoded->front() == '/' || decoded->find("://") != std::string::npos ||
      decoded->find('\0') != std::string::npos || *decoded == ".." || decoded->starts_with("../") ||
      decoded->ends_with("/..") || decoded->find("/../") != std::string::npos;
  if (leaves) {
    return fail(ErrorCode::unsafe_path,
                "commit log: a path outside the table: " + untrusted(*decoded));
  }
  return *std::move(decoded);
}

}  // namespace vortex
