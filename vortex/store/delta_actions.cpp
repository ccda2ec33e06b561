#include "vortex/store/delta_actions.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/core.h>

#include "vortex/base/http_message.hpp"
#include "vortex/base/json.hpp"
#include "vortex/store/delta_seal.hpp"

namespace vortex {
namespace {

constexpr Duration kMillisecond = std::chrono::milliseconds{1};

Error bad_log(std::string_view what) {
  return Error{.code = ErrorCode::corrupt, .message = fmt::format("commit log: {}", what)};
}

PartitionValues read_text_map(const Json* values) {
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
  add.partition_values = read_text_map(json.find("partitionValues"));
  const auto size = json.int_at("size");
  if (!size || *size < 0) return std::unexpected(bad_log("an add without a size"));
  add.size = *size;
  add.modification_ms = log_time(json.int_at("modificationTime")).value_or(0);
  add.data_change = json.bool_at("dataChange").value_or(true);
  add.stats_json = std::string(json.string_at("stats").value_or(""));
  add.stats = parse_statistics(add.stats_json);
  add.tags = read_text_map(json.find("tags"));
  return add;
}

Result<RemoveFile> read_remove(const Json& json) {
  const auto path = json.string_at("path");
  if (!path) return std::unexpected(bad_log("a remove without a path"));
  RemoveFile remove;
  VORTEX_TRY(remove.path, decode_log_path(*path));
  remove.partition_values = read_text_map(json.find("partitionValues"));
  remove.size = json.int_at("size").value_or(0);
  remove.deletion_ms = log_time(json.int_at("deletionTimestamp")).value_or(0);
  remove.data_change = json.bool_at("dataChange").value_or(true);
  return remove;
}

Result<TableProtocol> read_protocol(const Json& json) {
  const auto reader = json.int_at("minReaderVersion");
  const auto writer = json.int_at("minWriterVersion");
  if (!reader || !writer) return std::unexpected(bad_log("a protocol without versions"));
  return TableProtocol{.reader = protocol_version(*reader),
                       .writer = protocol_version(*writer),
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
  metadata.description = std::string(json.string_at("description").value_or(""));
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
  note.timestamp_ms = log_time(json.int_at("timestamp")).value_or(0);
  note.operation = std::string(json.string_at("operation").value_or(""));
  if (const Json* parameters = json.find("operationParameters")) {
    note.parameters_json = parameters->dump();
  }
  note.engine = std::string(json.string_at("engineInfo").value_or(""));
  note.commit_id = std::string(json.string_at("vortexCommit").value_or(""));
  return note;
}

Result<AppTransaction> read_transaction(const Json& json) {
  const auto app = json.string_at("appId");
  const auto version = json.int_at("version");
  if (!app || !version) return std::unexpected(bad_log("a txn without appId or version"));
  return AppTransaction{
      .app_id = std::string(*app), .version = *version, .updated_ms = json.int_at("lastUpdated")};
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
  } else if (const Json* transaction = parsed->find("txn"); transaction != nullptr) {
    VORTEX_TRY(auto kept, read_transaction(*transaction));
    out.transactions.push_back(std::move(kept));
  }
  return {};
}

}  // namespace

Result<CommitActions> parse_commit(std::string_view text, std::string_view place) {
  if (text.empty()) return std::unexpected(bad_log("an empty file"));
  // The note, and in it the seal, is our commits' first line.
  if (check_seal(text, kCommitSeal, place, text.find('\n')) == SealState::broken) {
    return std::unexpected(
        bad_log("its checksum does not match: damaged, or the commit of another version or table"));
  }
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

int protocol_version(std::int64_t number) {
  return static_cast<int>(std::clamp<std::int64_t>(number, 0, std::numeric_limits<int>::max()));
}

std::optional<std::int64_t> log_time(std::optional<std::int64_t> ms) {
  constexpr std::int64_t kMsMax = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z
  return ms && *ms >= 0 && *ms <= kMsMax ? ms : std::nullopt;
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
