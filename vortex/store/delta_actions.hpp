// What a Delta commit says, as values, and its text: one JSON object a line
// (https://github.com/delta-io/delta/blob/master/PROTOCOL.md). Pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"

namespace vortex {

using PartitionValues = std::map<std::string, std::optional<std::string>>;

// The statistics we prune by. An absent bound prunes nothing.
struct FileStatistics {
  std::int64_t rows = -1;  // -1: not told
  std::optional<std::string> symbol_min;
  std::optional<std::string> symbol_max;
  std::optional<TimePoint> timestamp_min;
  std::optional<TimePoint>
      timestamp_max;  // inclusive; already widened to the end of its millisecond
};

// The tag under which an add tells Checksum::hex of the file's bytes.
inline constexpr const char* kChecksumTag = "vortex.checksum";

struct AddFile {
  std::string path;  // relative to the table, as it is on disk (decoded)
  PartitionValues partition_values;
  std::int64_t size = 0;
  std::int64_t modification_ms = 0;
  bool data_change = true;
  std::string stats_json;
  FileStatistics stats;
  PartitionValues tags;  // writers' notes, handed on; ours: kChecksumTag
};

struct RemoveFile {
  std::string path;
  PartitionValues partition_values;
  std::int64_t size = 0;
  std::int64_t deletion_ms = 0;
  bool data_change = true;
};

struct TableProtocol {
  int reader = 1;
  int writer = 2;
  std::vector<std::string> reader_features;
  std::vector<std::string> writer_features;
};

struct TableMetadata {
  std::string id;  // UUID
  std::string name;
  std::string description;
  std::string schema_string;
  std::vector<std::string> partition_columns;
  std::map<std::string, std::string> configuration;
  std::int64_t created_ms = 0;
};

struct CommitNote {
  std::int64_t timestamp_ms = 0;
  std::string operation;        // "WRITE", "MERGE", "CREATE TABLE"
  std::string parameters_json;  // an object; empty: {}
  std::string engine;           // "Vortex/0.1.0"
  std::string commit_id;        // ours: joins the rows of the other tables to this version
};

// How far an application that streams into the table has come; kept for it.
struct AppTransaction {
  std::string app_id;
  std::int64_t version = 0;
  std::optional<std::int64_t> updated_ms;
};

struct CommitActions {
  std::optional<CommitNote> note;
  std::optional<TableProtocol> protocol;
  std::optional<TableMetadata> metadata;
  std::vector<AddFile> adds;
  std::vector<RemoveFile> removes;
  std::vector<AppTransaction> transactions;
};

// Unknown actions are skipped, as the protocol asks; what cannot be understood safely (deletion
// vectors, paths that leave the table) is an error. `place` is what the text was sealed for
// (vortex/store/delta_seal.hpp); a text without a seal is taken as it is.
Result<CommitActions> parse_commit(std::string_view text, std::string_view place);
std::string write_commit(const CommitActions& actions, std::string_view place);

// The text of AddFile::stats_json; bounds that are absent or cut short prune nothing.
FileStatistics parse_statistics(std::string_view json);

// The value of a protocol version; versions beyond an int are as new as can be.
int protocol_version(std::int64_t number);

// Milliseconds that a moment can hold (the years 1970 to 9999); none for others.
std::optional<std::int64_t> log_time(std::optional<std::int64_t> ms);

// A data file's path as the log writes it, and back. Fails for paths outside the table.
std::string encode_log_path(std::string_view path);
Result<std::string> decode_log_path(std::string_view path);

}  // namespace vortex
