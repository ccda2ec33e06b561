// Dataset::vacuum: removes what no version younger than the retention needs. First the commit logs
// say so, then the files go: whoever reads an older version is told that it was cleaned away, also
// after a crash in between, and what the crash left is removed by the next run.

#include <algorithm>
#include <set>
#include <utility>

#include <arrow/record_batch.h>
#include <fmt/core.h>

#include "vortex/codec/arrow_error.hpp"
#include "vortex/store/dataset_impl.hpp"
#include "vortex/store/file_system.hpp"
#include "vortex/store/parquet_file.hpp"
#include "vortex/store/row_columns.hpp"
#include "vortex/store/table_schema.hpp"

namespace vortex {
namespace {

constexpr const char* kRawFolder = "raw";
constexpr std::int64_t kSliceRows = std::int64_t{16} * 1024;

std::string joined(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : name.empty() ? folder : folder + "/" + name;
}

bool is_temporary(std::string_view name) {
  return name.starts_with('.') && name.ends_with(".tmp");
}

// What is to go of one table, and from which version on it stays readable.
struct TableCut {
  DeltaLog* log = nullptr;
  std::int64_t version_min = 0;
  bool shortens_log = false;
  std::set<std::string> kept;     // data files of the versions that stay, below the table
  std::set<std::string> expired;  // of older ones alone
};

Result<TableCut> cut_of(DeltaLog& log, TimePoint keep_from) {
  TableCut cut{.log = &log};
  VORTEX_TRY(const std::int64_t oldest, log.oldest_version());
  const auto at = log.version_at(keep_from);
  if (!at && at.error().code != ErrorCode::not_found) return std::unexpected(at.error());
  cut.version_min = at ? std::max(*at, oldest) : oldest;
  cut.shortens_log = cut.version_min > oldest;
  VORTEX_TRY(cut.kept, log.paths_since(cut.version_min));
  if (!cut.shortens_log) return cut;
  VORTEX_TRY(const auto all, log.paths_since(oldest));
  std::ranges::set_difference(all, cut.kept, std::inserter(cut.expired, cut.expired.end()));
  return cut;
}

class Sweep {
 public:
  Sweep(FileSystem& files, TimePoint old_before, VacuumReceipt& receipt)
      : files_(files), old_before_(old_before), receipt_(receipt) {}

  // The files of a table and of its log that nothing needs.
  Result<void> table(const TableDefinition& table, const TableCut& cut) {
    const std::string root(table.name);
    VORTEX_TRY_VOID(folder(root, "", table.partition_columns.size(), cut));
    return temporaries(joined(root, "_delta_log"));
  }

  Result<void> packs(const std::set<std::string>& named) {
    VORTEX_TRY(const auto names, files_.list(kRawFolder));
    for (const std::string& name : names) {
      const std::string path = joined(kRawFolder, name);
      if (!name.ends_with(".pack") || named.contains(path)) continue;
      VORTEX_TRY_VOID(take_if_old(path, "orphan"));
    }
    return temporaries(kRawFolder);
  }

 private:
  Result<void> folder(const std::string& root, const std::string& below, std::size_t depth,
                      const TableCut& cut) {
    VORTEX_TRY(auto names, files_.list(joined(root, below)));
    std::ranges::sort(names);
    for (const std::string& name : names) {
      const std::string path = joined(below, name);
      if (depth > 0 && name.contains('=')) {
        VORTEX_TRY_VOID(folder(root, path, depth - 1, cut));
      } else if (name.ends_with(".parquet") && !cut.kept.contains(path)) {
        const std::string whole = joined(root, path);
        if (cut.expired.contains(path)) {
          VORTEX_TRY_VOID(take(whole, "expired"));
        } else {
          VORTEX_TRY_VOID(take_if_old(whole, "orphan"));
        }
      }
    }
    return {};
  }

  Result<void> temporaries(const std::string& folder) {
    VORTEX_TRY(const auto names, files_.list(folder));
    for (const std::string& name : names) {
      if (is_temporary(name)) VORTEX_TRY_VOID(take_if_old(joined(folder, name), "temporary"));
    }
    return {};
  }

  Result<void> take(const std::string& path, const char* reason) {
    VORTEX_TRY(const auto status, files_.stat(path));
    if (status) note(path, *status, reason);
    return {};
  }

  // Young files may be those of a commit that another process is about to make.
  Result<void> take_if_old(const std::string& path, const char* reason) {
    VORTEX_TRY(const auto status, files_.stat(path));
    if (status && status->modified < old_before_) note(path, *status, reason);
    return {};
  }

  void note(const std::string& path, const FileStat& status, const char* reason) {
    const auto bytes = static_cast<std::int64_t>(status.size);
    receipt_.bytes += bytes;
    receipt_.files.push_back({.path = path, .bytes = bytes, .reason = reason});
  }

  FileSystem& files_;
  TimePoint old_before_;
  VacuumReceipt& receipt_;
};

// Every pack that a row of a kept captures file names, whether its commit came or not.
Result<std::set<std::string>> packs_named(FileSystem& files, const TableCut& captures) {
  std::set<std::string> packs;
  for (const std::string& path : captures.kept) {
    VORTEX_TRY(const auto file,
               ParquetTableFile::open(files, std::string(captures_table().name) + "/" + path));
    VORTEX_TRY(const auto reader, file.batches({"pack"}, kSliceRows));
    while (true) {
      std::shared_ptr<arrow::RecordBatch> batch;
      VORTEX_TRY_VOID(to_result(reader->ReadNext(&batch), ErrorCode::corrupt));
      if (!batch) break;
      const ColumnReader names(*batch, "pack");
      std::string_view last;
      for (std::int64_t row = 0; row < batch->num_rows(); ++row) {
        const std::string_view name = names.text(row);
        if (name != last) packs.emplace(name);
        last = name;
      }
    }
  }
  return packs;
}

}  // namespace

Result<VacuumReceipt> Dataset::Impl::vacuum(const VacuumOptions& options) {
  VORTEX_TRY_VOID(bars.check_writable());
  VORTEX_TRY([[maybe_unused]] const bool news, bars.refresh());
  const TimePoint now = clock.now();
  VacuumReceipt receipt;
  Sweep sweep(*files, now - options.orphan_age, receipt);
  std::vector<TableCut> cuts;
  VORTEX_TRY(cuts.emplace_back(), cut_of(bars, now - options.keep));
  receipt.version_min = cuts.front().version_min;
  VORTEX_TRY_VOID(sweep.table(bars_table(), cuts.front()));
  std::set<std::string> packs;
  for (SideTable* table : {&captures, &revisions, &quarantine, &actions, &instruments}) {
    VORTEX_TRY_VOID(table->refresh());
    if (!table->log().loaded()) continue;
    VORTEX_TRY(auto cut, cut_of(table->log(), now - options.keep));
    VORTEX_TRY_VOID(sweep.table(table->definition(), cut));
    if (table == &captures) {
      VORTEX_TRY(packs, packs_named(*files, cut));
    }
    cuts.push_back(std::move(cut));
  }
  VORTEX_TRY_VOID(sweep.packs(packs));
  if (options.dry_run) return receipt;
  if (cuts.front().shortens_log) VORTEX_TRY_VOID(settle_side_tables());
  for (const TableCut& cut : cuts) {
    if (cut.shortens_log) VORTEX_TRY_VOID(cut.log->clean_below(cut.version_min));
  }
  for (const VacuumedFile& file : receipt.files) {
    auto removed = files->remove(file.path);
    const bool gone = removed || removed.error().code == ErrorCode::not_found;
    if (!gone) return std::unexpected(std::move(removed).error().in("vacuum"));
  }
  return receipt;
}

// The log is what tells rows of commits that never came from the others.
Result<void> Dataset::Impl::settle_side_tables() {
  for (SideTable* table : {&captures, &revisions, &quarantine, &actions, &instruments}) {
    VORTEX_TRY_VOID(table->settle(bars, clock.now(), random));
  }
  return {};
}

Result<VacuumReceipt> Dataset::vacuum(const VacuumOptions& options) {
  return impl_->vacuum(options);
}

}  // namespace vortex
