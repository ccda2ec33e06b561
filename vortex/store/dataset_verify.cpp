// Dataset::verify: everything is read again, table by table, then the bodies of the captures, then
// state.db against the bars.

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <arrow/record_batch.h>
#include <fmt/core.h>

#include "vortex/codec/arrow_error.hpp"
#include "vortex/store/dataset_impl.hpp"
#include "vortex/store/parquet_file.hpp"
#include "vortex/store/raw_pack.hpp"
#include "vortex/store/row_columns.hpp"
#include "vortex/store/verify_parts.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kSliceRows = std::int64_t{16} * 1024;

template <class Visit>
Result<void> each_slice(FileSystem& files, const std::string& path, const Visit& visit) {
  VORTEX_TRY(const auto file, ParquetTableFile::open(files, path));
  VORTEX_TRY(const auto reader, file.batches({}, kSliceRows));
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    VORTEX_TRY_VOID(to_result(reader->ReadNext(&batch), ErrorCode::corrupt));
    if (!batch) return {};
    VORTEX_TRY_VOID(visit(*batch));
  }
}

void verify_bars(FileSystem& files, const VerifiedLog& log, bool quick, Findings& findings) {
  std::map<PartitionValues, std::vector<const NamedFile*>> partitions;
  for (const auto& [path, file] : log.files) {
    const bool there = verify_bytes(files, file, quick, findings);
    if (quick || !there) continue;
    verify_bars_rows(files, file, findings);
    partitions[file.add.partition_values].push_back(&file);
  }
  for (const auto& [values, partition] : partitions) {
    verify_bars_keys(files, partition, findings);
  }
}

void compare_series(const SeriesState& told, const SeriesState* found, Findings& findings) {
  const std::int64_t rows = found == nullptr ? 0 : found->rows;
  const bool same = told.rows == rows && (found == nullptr || (told.first_bar == found->first_bar &&
                                                               told.last_bars == found->last_bars));
  if (same) return;
  findings.note(
      -1, "", "state",
      fmt::format("{} {} of {}: {} rows; the tables have {}", untrusted(told.key.symbol, 60),
                  to_string(told.key.interval), untrusted(told.key.provider, 60), told.rows, rows));
}

}  // namespace

void verify_side_rows(FileSystem& files, const NamedFile& file, std::int64_t bars_version,
                      Findings& findings) {
  std::int64_t count = 0;
  std::int64_t bad = 0;
  std::optional<std::string> lowest;
  std::string highest;
  const auto done = each_slice(files, findings.table() + "/" + file.add.path,
                               [&](const arrow::RecordBatch& rows) -> Result<void> {
                                 const ColumnReader versions(rows, "bars_version");
                                 const ColumnReader symbols(rows, "symbol");
                                 const ColumnReader providers(rows, "provider");
                                 for (std::int64_t row = 0; row < rows.num_rows(); ++row, ++count) {
                                   const std::string_view symbol = symbols.text(row);
                                   // A commit under way may name the version that comes next.
                                   const bool sound =
                                       !versions.is_null(row) && versions.whole(row) >= 0 &&
                                       versions.whole(row) <= bars_version + 1 && !symbol.empty() &&
                                       !providers.text(row).empty();
                                   bad += sound ? 0 : 1;
                                   if (!lowest || symbol < *lowest) lowest = symbol;
                                   if (symbol > highest) highest = symbol;
                                 }
                                 return {};
                               });
  findings.report().rows += count;
  if (!done) return findings.note(file, done.error());
  if (bad > 0) {
    findings.note(file, "row", fmt::format("{} rows without symbol, provider or version", bad));
  }
  const FileStatistics& stats = file.add.stats;
  const bool wrong = (stats.rows >= 0 && stats.rows != count) ||
                     (lowest && stats.symbol_min && *stats.symbol_min > *lowest) ||
                     (lowest && stats.symbol_max && *stats.symbol_max < highest);
  if (wrong) {
    findings.note(file, "statistics",
                  fmt::format("{} rows from {} to {}; the statistics say otherwise", count,
                              untrusted(lowest.value_or(""), 60), untrusted(highest, 60)));
  }
}

void verify_captures(FileSystem& files, const NamedFile& file, std::optional<TimePoint> let_go,
                     Findings& findings) {
  Findings raw(findings.report(), "raw");
  std::map<std::string, std::optional<TimePoint>> gone;  // packs, and the newest answer in each
  const auto check = [&](const PackPlace& place, std::string_view id, const std::string& sha256,
                         std::optional<TimePoint> received) {
    if (const auto known = gone.find(place.pack); known != gone.end()) {
      known->second = std::max(known->second, received);
      return;
    }
    const auto body = read_capture(files, place, sha256);
    if (body) {
      ++findings.report().captures;
      return;
    }
    if (body.error().code == ErrorCode::not_found) {
      gone[place.pack] = received;
      return;
    }
    if (body.error().code != ErrorCode::corrupt) findings.report().storage_trouble = true;
    raw.note(file.version, place.pack.substr(place.pack.find('/') + 1), "capture",
             fmt::format("capture {}: {}", untrusted(id, 60), body.error().message));
  };
  // What cannot be read was noted when the file's rows were looked at.
  std::ignore =
      each_slice(files, findings.table() + "/" + file.add.path,
                 [&](const arrow::RecordBatch& rows) -> Result<void> {
                   const ColumnReader ids(rows, "capture_id");
                   const ColumnReader hashes(rows, "sha256");
                   const ColumnReader packs(rows, "pack");
                   const ColumnReader offsets(rows, "offset");
                   const ColumnReader lengths(rows, "length");
                   const ColumnReader times(rows, "received_at");
                   for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
                     check({.pack = std::string(packs.text(row)),
                            .offset = static_cast<std::uint64_t>(offsets.whole(row)),
                            .length = static_cast<std::uint64_t>(lengths.whole(row))},
                           ids.text(row), std::string(hashes.text(row)), times.moment(row));
                   }
                   return {};
                 });
  for (const auto& [pack, newest] : gone) {
    if (let_go && newest && *newest <= *let_go) continue;
    findings.report().storage_trouble = true;
    raw.note(file.version, pack.substr(pack.find('/') + 1), "missing", "the pack is not there");
  }
}

Result<void> Dataset::Impl::verify_state(VerifyReport& report) {
  Findings findings(report, "state.db");
  VORTEX_TRY(StateDb* const db, state());
  VORTEX_TRY(const auto told, db->all_states());
  auto found = states_from_tables();
  if (!found) return {};  // what hinders it was found in the tables
  std::map<SeriesKey, const SeriesState*> by_key;
  for (const SeriesState& state : *found) by_key[state.key] = &state;
  for (const SeriesState& state : told) {
    const auto it = by_key.find(state.key);
    compare_series(state, it == by_key.end() ? nullptr : it->second, findings);
    if (it != by_key.end()) by_key.erase(it);
  }
  for (const auto& [key, state] : by_key) {
    if (state->rows > 0) compare_series({.key = key}, state, findings);
  }
  return {};
}

Result<VerifyReport> Dataset::Impl::verify(const VerifyOptions& options) {
  VORTEX_TRY([[maybe_unused]] const bool news, bars.refresh());
  VerifyReport report;
  VORTEX_TRY(const auto let_go, bodies_let_go(*files));
  Findings of_bars(report, bars.directory());
  VORTEX_TRY(const VerifiedLog log, verify_log(*files, of_bars));
  report.version = log.version;
  verify_bars(*files, log, options.quick, of_bars);
  for (SideTable* table : {&captures, &revisions, &quarantine, &actions, &instruments}) {
    Findings of_table(report, table->log().directory());
    VORTEX_TRY(const VerifiedLog side, verify_log(*files, of_table));
    for (const auto& [name, file] : side.files) {
      if (!verify_bytes(*files, file, options.quick, of_table) || options.quick) continue;
      verify_side_rows(*files, file, log.version, of_table);
      if (table == &captures) {
        verify_captures(*files, file, let_go, of_table);
      }
    }
  }
  if (!options.quick) VORTEX_TRY_VOID(verify_state(report));
  return report;
}

Result<VerifyReport> Dataset::verify(const VerifyOptions& options) {
  return impl_->verify(options);
}

}  // namespace vortex
