// The text of a commit: one action a line, the note with the seal first.
#include <utility>

#include "vortex/base/http_message.hpp"
#include "vortex/base/json.hpp"
#include "vortex/store/delta_actions.hpp"
#include "vortex/store/delta_seal.hpp"

namespace vortex {
namespace {

void write_text_map(JsonWriter& writer, std::string_view name, const PartitionValues& values) {
  writer.key(name);
  writer.begin_object();
  for (const auto& [key, value] : values) {
    writer.key(key);
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

void write_note(JsonWriter& writer, const CommitNote& note, bool sealed) {
  writer.key("commitInfo");
  writer.begin_object();
  writer.member("timestamp", note.timestamp_ms);
  writer.member("operation", note.operation);
  writer.key("operationParameters");
  writer.raw(note.parameters_json.empty() ? "{}" : note.parameters_json);
  writer.member("engineInfo", note.engine);
  if (!note.commit_id.empty()) writer.member("vortexCommit", note.commit_id);
  if (sealed) writer.member("vortexSeal", kUnsealed);
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
  if (!metadata.description.empty()) writer.member("description", metadata.description);
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
  write_text_map(writer, "partitionValues", add.partition_values);
  writer.member("size", add.size);
  writer.member("modificationTime", add.modification_ms);
  writer.member("dataChange", add.data_change);
  if (!add.stats_json.empty()) writer.member("stats", add.stats_json);
  if (!add.tags.empty()) write_text_map(writer, "tags", add.tags);
  writer.end_object();
}

void write_remove(JsonWriter& writer, const RemoveFile& remove) {
  writer.key("remove");
  writer.begin_object();
  writer.member("path", encode_log_path(remove.path));
  writer.member("deletionTimestamp", remove.deletion_ms);
  writer.member("dataChange", remove.data_change);
  writer.member("extendedFileMetadata", true);
  write_text_map(writer, "partitionValues", remove.partition_values);
  writer.member("size", remove.size);
  writer.end_object();
}

void write_transaction(JsonWriter& writer, const AppTransaction& transaction) {
  writer.key("txn");
  writer.begin_object();
  writer.member("appId", transaction.app_id);
  writer.member("version", transaction.version);
  if (transaction.updated_ms) writer.member("lastUpdated", *transaction.updated_ms);
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

std::string write_commit(const CommitActions& actions, std::string_view place) {
  std::string out;
  const bool sealed = !place.empty();
  if (actions.note) write_line(out, [&](JsonWriter& w) { write_note(w, *actions.note, sealed); });
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
  for (const auto& transaction : actions.transactions) {
    write_line(out, [&](JsonWriter& w) { write_transaction(w, transaction); });
  }
  if (sealed && actions.note) seal(out, kCommitSeal, place, out.find('\n'));
  return out;
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

}  // namespace vortex
