#include "vortex/store/side_table.hpp"

#include <algorithm>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/core.h>

#include "vortex/base/json.hpp"
#include "vortex/codec/arrow_error.hpp"
#include "vortex/store/parquet_file.hpp"
#include "vortex/store/row_columns.hpp"

namespace vortex {
namespace {

constexpr int kAttemptsMax = 200;  // lost races for one small table before giving up
constexpr const char* kRetention =
    "interval 3650 days";  // nothing is cleaned by other tools' defaults

std::string statistics_of(const arrow::RecordBatch& rows) {
  const ColumnReader symbols(rows, "symbol");
  std::string_view lowest = symbols.text(0);
  std::string_view highest = lowest;
  for (std::int64_t row = 1; row < rows.num_rows(); ++row) {
    lowest = std::min(lowest, symbols.text(row));
    highest = std::max(highest, symbols.text(row));
  }
  return symbol_statistics(lowest, highest, rows.num_rows());
}

Result<bool> commit_came(RowsThatCount& counting, std::int64_t version, std::string_view commit) {
  if (counting.others_too) return true;
  if (version > counting.version_max) return false;
  if (commit.empty()) return true;
  VORTEX_TRY(const auto note, counting.bars.note_of(version));
  return !note || note->commit_id == commit;
}

}  // namespace

std::string symbol_statistics(std::string_view lowest, std::string_view highest,
                              std::int64_t rows) {
  JsonWriter writer;
  writer.begin_object();
  writer.member("numRecords", rows);
  writer.key("minValues");
  writer.begin_object();
  writer.member("symbol", lowest);
  writer.end_object();
  writer.key("maxValues");
  writer.begin_object();
  writer.member("symbol", highest);
  writer.end_object();
  writer.key("nullCount");
  writer.begin_object();
  writer.member("symbol", 0);
  writer.end_object();
  writer.end_object();
  return writer.take();
}

ParquetLayout side_layout(const TableDefinition& table) {
  ParquetLayout layout{.sorted_by = {}, .dictionary = {}, .statistics = {"symbol"}};
  for (const auto& field : table.schema->fields()) {
    const bool repeats = field->name() == "provider" || field->name() == "interval" ||
                         field->name() == "pack" || field->name() == "commit_id" ||
                         field->name() == "kind" || field->name() == "symbol" ||
                         field->name() == "headers" || field->name() == "coverage";
    if (repeats) layout.dictionary.push_back(field->name());
  }
  return layout;
}

void describe_table(CommitActions& actions, const TableDefinition& table, Random& random,
                    TimePoint now) {
  actions.protocol = TableProtocol{};
  actions.metadata = TableMetadata{
      .id = random.uuid(),
      .name = std::string(table.name),
      .schema_string = delta_schema_string(*table.schema),
      .partition_columns = table.partition_columns,
      .configuration = {{"delta.logRetentionDuration", kRetention},
                        {"delta.deletedFileRetentionDuration", kRetention}},
      .created_ms = std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count()};
}

SideTable::SideTable(FileSystem& files, const TableDefinition& table)
    : files_(files), table_(table), log_(files, std::string(table.name)) {}

Result<void> SideTable::refresh() {
  const bool first = !log_.loaded();
  VORTEX_TRY(const bool news, log_.refresh());
  if (first && news) return check_table_schema(log_.snapshot().metadata, table_);
  return {};
}

Result<std::string> SideTable::add(const arrow::RecordBatch& rows, const CommitNote& note,
                                   TimePoint now, Random& random,
                                   const std::vector<std::string>& replaces) {
  VORTEX_TRY_VOID(refresh());
  return add_rows(rows, note, now, random,
                  {.paths = replaces, .all = false, .modification_ms = {}});
}

Result<CommitActions> SideTable::actions_of(const AddFile& file, const CommitNote& note,
                                            const Replaced& replaced) const {
  CommitActions actions;
  actions.note = note;
  for (const std::string& path : replaced.paths) {
    const auto old = log_.snapshot().files.find(path);
    if (old != log_.snapshot().files.end()) {
      actions.removes.push_back({.path = path, .partition_values = {}, .size = old->second->size});
    } else if (replaced.all) {
      return fail(ErrorCode::commit_conflict, fmt::format("{} is replaced already", path));
    }
  }
  actions.adds.push_back(file);
  return actions;
}

Result<std::string> SideTable::add_rows(const arrow::RecordBatch& rows, const CommitNote& note,
                                        TimePoint now, Random& random, const Replaced& replaced) {
  const std::string folder(table_.name);
  VORTEX_TRY_VOID(files_.make_directories(folder + "/_delta_log"));
  AddFile file;
  file.path = fmt::format("part-{}.parquet", random.uuid());
  VORTEX_TRY(const auto written,
             write_parquet(files_, folder + "/" + file.path, rows, side_layout(table_)));
  file.size = written.size;
  file.tags[kChecksumTag] = written.checksum;
  VORTEX_TRY(file.modification_ms, log_.next_timestamp(now));
  file.modification_ms = replaced.modification_ms.value_or(file.modification_ms);
  file.stats_json = statistics_of(rows);
  file.stats = parse_statistics(file.stats_json);
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    VORTEX_TRY(auto actions, actions_of(file, note, replaced));
    if (!log_.loaded()) describe_table(actions, table_, random, now);
    auto done = log_.commit(std::move(actions), now);
    if (done) return file.path;
    if (done.error().code != ErrorCode::commit_conflict) {
      return std::unexpected(std::move(done).error().in(folder));
    }
    VORTEX_TRY_VOID(refresh());  // rows are only added, so another's commit does not change ours
  }
  return fail(ErrorCode::commit_conflict, folder + ": other writers were faster each time");
}

Result<void> SideTable::scan_file(const AddFile& file, RowsThatCount counting,
                                  const std::vector<std::string>& columns, const Visit& visit) {
  VORTEX_TRY(
      const auto parquet,
      ParquetTableFile::open(files_, std::string(table_.name) + "/" + file.path, TextsAs::written));
  std::vector<std::string> wanted = columns;
  if (!wanted.empty()) wanted.insert(wanted.end(), {"bars_version", "commit_id"});
  VORTEX_TRY(const auto table, parquet.read(parquet.row_groups({}), wanted));
  VORTEX_TRY(const auto rows, to_result(table->CombineChunksToBatch(), ErrorCode::corrupt));
  const ColumnReader versions(*rows, "bars_version");
  const ColumnReader commits(*rows, "commit_id");
  std::vector<std::int64_t> kept;
  std::int64_t last_version = -1;
  std::string last_commit;
  bool last_counts = false;
  for (std::int64_t row = 0; row < rows->num_rows(); ++row) {
    const std::int64_t version = versions.whole(row);
    if (row == 0 || version != last_version || commits.text(row) != last_commit) {
      last_version = version;
      last_commit = commits.text(row);
      VORTEX_TRY(last_counts, commit_came(counting, version, last_commit));
    }
    if (last_counts) kept.push_back(row);
  }
  if (!kept.empty()) visit(*rows, kept);
  return {};
}

Result<void> SideTable::scan(RowsThatCount counting, std::string_view symbol, const Visit& visit) {
  std::vector<const AddFile*> wanted;
  for (const auto& [path, file] : log_.snapshot().files) {
    const FileStatistics& stats = file->stats;
    const bool cannot = !symbol.empty() && ((stats.symbol_min && symbol < *stats.symbol_min) ||
                                            (stats.symbol_max && symbol > *stats.symbol_max));
    if (!cannot) wanted.push_back(file.get());
  }
  std::ranges::sort(wanted, {}, &AddFile::modification_ms);
  for (const AddFile* file : wanted) VORTEX_TRY_VOID(scan_file(*file, counting, {}, visit));
  return {};
}

std::vector<std::string> SideTable::files_by_age() const {
  std::vector<const AddFile*> files;
  for (const auto& [path, file] : log_.snapshot().files) files.push_back(file.get());
  std::ranges::sort(files, {}, &AddFile::modification_ms);
  std::vector<std::string> paths;
  paths.reserve(files.size());
  for (const AddFile* file : files) paths.push_back(file->path);
  return paths;
}

Result<void> SideTable::scan_one(const std::string& path, RowsThatCount counting,
                                 const std::vector<std::string>& columns, const Visit& visit) {
  const auto found = log_.snapshot().files.find(path);
  if (found == log_.snapshot().files.end()) return {};
  return scan_file(*found->second, counting, columns, visit);
}

}  // namespace vortex
