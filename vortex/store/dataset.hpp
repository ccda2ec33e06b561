// A dataset: Delta Lake tables under one directory, written by whole commits and read by whole
// versions (DESIGN §7). One Dataset object belongs to one thread at a time; several processes may
// write the same dataset, and a commit that loses the race is planned anew against the winner.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <arrow/type_fwd.h>

#include "vortex/base/clock.hpp"
#include "vortex/base/error.hpp"
#include "vortex/model/adjustment.hpp"
#include "vortex/model/corporate_action.hpp"
#include "vortex/model/instrument.hpp"
#include "vortex/model/interval.hpp"
#include "vortex/model/time_range.hpp"
#include "vortex/store/capture.hpp"
#include "vortex/store/maintenance.hpp"

namespace vortex {

struct SeriesKey {
  std::string provider;
  std::string symbol;
  Interval interval = Interval::d1;
  auto operator<=>(const SeriesKey&) const = default;
};

// What is known of a range of a series: `have` comes from bars, the others from what was asked.
enum class CoverageState : std::uint8_t { have, empty, failed };
std::string_view to_string(CoverageState state);

struct CoverageMark {
  TimeRange range;
  CoverageState state = CoverageState::have;
  std::string reason;  // empty: why ("no data in range"); failed: the code ("VX-2101")
  bool operator==(const CoverageMark&) const = default;
};

struct SeriesState {
  SeriesKey key;
  std::vector<CoverageMark> coverage;  // ascending, disjoint; what is in no mark is missing
  std::vector<TimePoint> last_bars;    // ascending; the newest 64 stored stamps at most
  std::int64_t rows = 0;
  std::optional<TimePoint> first_bar;
};

struct QuarantineEntry {
  std::optional<TimePoint> timestamp;
  std::string reasons;  // rule ids, comma-separated: "Q07,Q09"
  std::string row_text;
  std::string capture_id;
};

// Everything one call brought for one series. Committed whole.
struct SeriesBatch {
  SeriesKey key;
  std::vector<std::shared_ptr<arrow::RecordBatch>> bars;  // bar_schema, ascending, validated
  std::vector<QuarantineEntry> quarantine;
  std::vector<CorporateAction> actions;
  std::optional<Instrument> instrument;
  std::vector<Capture> captures;
  std::vector<CoverageMark> coverage;
  bool keep_captures = false;  // even where nothing they brought is new, as in a replay
};

struct SeriesReceipt {
  SeriesKey key;
  std::int64_t rows_new = 0;
  std::int64_t rows_unchanged = 0;
  std::int64_t rows_restated = 0;
  std::int64_t rows_quarantined = 0;
  // Why nothing of this series was stored but its captures, while the rest of the batch was.
  std::optional<Error> refused;
};

struct CommitReceipt {
  std::int64_t version = -1;  // the bars table's version after this call
  bool committed = false;     // false: nothing was new, no version was made
  std::vector<SeriesReceipt> series;
};

// What `vortex status` says of the whole.
struct DatasetSummary {
  std::int64_t version = -1;
  std::int64_t files = 0;  // of bars, in the newest version
  std::int64_t bytes = 0;  // of those files
  std::int64_t rows = 0;
  std::optional<TimePoint> last_commit;
  std::string rebuilt;  // what of state.db had to be made anew, and what was lost; mostly empty
};

// The newest word on every instrument, by provider and symbol.
using InstrumentTable = std::map<std::pair<std::string, std::string>, Instrument>;

using AsOf = std::variant<std::monostate, std::int64_t, TimePoint>;  // newest, a version, a moment

struct ReadRequest {
  SeriesKey key;
  TimeRange range{TimePoint::min(), TimePoint::max()};
  Adjustment adjust = Adjustment::split;
  AsOf as_of;
};

class FileSystem;
class Random;
struct ActionOnBasis;  // vortex/store/adjust.hpp
struct CaptureRow;     // vortex/store/provenance.hpp, as those below
struct CaptureGroup;
struct RevisionRow;
struct QuarantineRow;
struct RowsWithoutCapture;
struct RawRetention;
struct RetentionReceipt;

class Dataset {
 public:
  // `path` is a local directory. Fails with not_a_dataset, newer_protocol, unsafe_path or storage.
  static Result<Dataset> open(const std::string& path, const Clock& clock);  // must exist
  static Result<Dataset> open_or_create(const std::string& path, const Clock& clock);
  // For tests and simulation: over a given file system rooted at `path`, with given randomness.
  static Result<Dataset> open_on(std::unique_ptr<FileSystem> files, const std::string& path,
                                 const Clock& clock, Random random);
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;
  Dataset(Dataset&&) noexcept;
  Dataset& operator=(Dataset&&) noexcept;
  ~Dataset();

  const std::string& id() const;  // a UUID, from the table's metadata
  const std::string& path() const;
  std::int64_t version() const;  // newest known version of the bars table
  Result<void> refresh();        // looks for commits of others

  // What is stored outlives a loss of power once this returned, whoever wrote it: a process that
  // was killed may have left a commit that is seen but not synced. Before a run says that it has
  // nothing to do; commit does it by itself.
  Result<void> make_durable();

  // The state of these series, in their order; unknown ones come back with no rows.
  Result<std::vector<SeriesState>> states(const std::vector<SeriesKey>& keys);
  Result<std::vector<SeriesState>> all_states();

  // One atomic bars version for the whole batch: equal rows skipped, different ones rewritten and
  // noted in revisions. Durable when it returns (fsync of files and directories). Nothing new: no
  // version. Coverage marks and failed ranges are noted either way.
  Result<CommitReceipt> commit(std::vector<SeriesBatch> batch);

  // Bars ascending by time, bar_schema, with prices on the asked adjustment. Not_found when the
  // series has no rows in that version.
  Result<std::shared_ptr<arrow::Table>> read(const ReadRequest& request);
  // The version that `read` takes for this; not_found where there is none.
  Result<std::int64_t> version_as_of(const AsOf& as_of);
  Result<std::vector<CorporateAction>> actions(const std::string& provider,
                                               const std::string& symbol);
  Result<std::optional<Instrument>> instrument(const std::string& provider,
                                               const std::string& symbol);
  // As they were known in a version.
  Result<std::vector<ActionOnBasis>> actions_on_basis(const std::string& provider,
                                                      const std::string& symbol,
                                                      std::int64_t version);
  Result<std::optional<Instrument>> instrument(const std::string& provider,
                                               const std::string& symbol, std::int64_t version);
  Result<InstrumentTable> instruments();
  // The stored stamps of these series, in their order, each ascending; in one pass over the files,
  // of which only the key columns are read.
  Result<std::vector<std::vector<TimePoint>>> stamps(const std::vector<SeriesKey>& keys);
  Result<std::int64_t> quarantined_rows();  // rows in quarantine, for status
  Result<DatasetSummary> summary();

  // Fewer files with the same rows, in versions of their own (docs/dataset.md, "Layout and
  // buckets"). Where there is nothing to do no version is made.
  Result<CompactReceipt> compact(const CompactOptions& options);
  // Makes versions without a change until the newest is `version`: a dataset made again keeps the
  // numbers of the first where that had a compaction.
  Result<void> pass_versions(std::int64_t version);
  // Removes files that no version younger than `keep` needs, and what crashed commits left behind.
  // Older versions are gone for good: reading one says so.
  Result<VacuumReceipt> vacuum(const VacuumOptions& options);
  // Reads everything again and says what is wrong; fails only where it cannot go on looking.
  Result<VerifyReport> verify(const VerifyOptions& options);

  // Where rows came from (dataset_provenance.cpp). Of the series and the stamps in the range,
  // oldest first; a capture belongs to the range when it was asked about a part of it.
  Result<std::vector<RevisionRow>> revisions_of(const SeriesKey& key, TimeRange range);
  Result<std::vector<QuarantineRow>> quarantine_of(const SeriesKey& key, TimeRange range);
  Result<std::vector<CaptureRow>> captures_of(const SeriesKey& key, TimeRange range);
  // Bars as they are stored, on the basis they were received on; empty where there are none.
  Result<std::shared_ptr<arrow::Table>> stored_bars(const SeriesKey& key, TimeRange range);
  // Every commit that kept captures, in the order they were made, and one commit's captures.
  Result<std::vector<CaptureGroup>> capture_groups();
  Result<std::vector<CaptureRow>> captures_in(const CaptureGroup& group);
  // The raw body: not_found when its pack is gone, corrupt when it is not what was received.
  Result<std::string> body_of(const CaptureRow& capture);
  Result<std::vector<RowsWithoutCapture>> rows_without_capture();

  // Removes whole packs of raw bodies (dataset_retention.cpp): those older than `keep`, then the
  // oldest until the rest fits. The captures table still tells of them. Safe to stop anywhere.
  Result<RetentionReceipt> apply_raw_retention(const RawRetention& policy, TimePoint now);
  // The same, at most once in 24 hours; none when it is not due.
  Result<std::optional<RetentionReceipt>> apply_raw_retention_daily(const RawRetention& policy,
                                                                    TimePoint now);

 private:
  struct Impl;
  explicit Dataset(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vortex
