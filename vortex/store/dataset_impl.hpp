// The insides of Dataset, shared by its sources: opening and state, committing, reading, where rows
// came from.
#pragma once

#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "vortex/base/random.hpp"
#include "vortex/store/adjust.hpp"
#include "vortex/store/bars_merge.hpp"
#include "vortex/store/bars_upsert.hpp"
#include "vortex/store/dataset.hpp"
#include "vortex/store/delta_log.hpp"
#include "vortex/store/known_bodies.hpp"
#include "vortex/store/raw_pack.hpp"
#include "vortex/store/row_columns.hpp"
#include "vortex/store/side_table.hpp"
#include "vortex/store/spent_batches.hpp"
#include "vortex/store/state_db.hpp"

namespace vortex {

// The newest content per key of a side table, both as digests, so that what is stored already is
// not written again. Loaded when first needed, and again when somebody else added rows.
class KnownRows {
 public:
  // The side table's version it was loaded from, own additions since counted.
  bool stands_for(std::int64_t table_version) const { return version_ == table_version; }
  void set_loaded(std::int64_t table_version) { version_ = table_version; }
  // After a commit of ours that added rows (or none); of others' rows in between it knows nothing.
  void advance(std::int64_t table_version, bool added) {
    if (added && version_ + 1 == table_version) version_ = table_version;
  }
  bool holds(const std::string& key, const std::string& content) const;
  void note(const std::string& key, const std::string& content);

 private:
  static constexpr std::int64_t kNever = -2;  // an absent table stands at -1
  std::int64_t version_ = kNever;
  std::unordered_map<std::string, std::string> digests_;
};

// Rows of the side tables that one commit brings, before they are known to be new.
struct SideRows {
  // (key, content) of each row, to be remembered once the commit is through.
  std::vector<std::pair<std::string, std::string>> actions;
  std::vector<std::pair<std::string, std::string>> instruments;
  std::vector<std::pair<std::string, std::string>> quarantine;
  std::vector<std::pair<std::string, std::string>> splits;
};

// Splits by series, as a comparison asks for them: by provider and symbol, ascending by day.
using SplitsBySymbol = std::unordered_map<std::string, std::map<Date, double>>;

// One commit under way.
struct CommitPlan {
  std::vector<SeriesBatch> batch;
  std::vector<std::size_t> owner;  // by series batch: the first with the same key
  std::vector<BarsPartition> partitions;
  std::string commit_id;
  TimePoint now;

  // Made anew for each attempt.
  std::vector<char> news;  // by series batch (owner): it brings something to keep
  std::vector<std::optional<Error>> refused;  // by series batch (owner): why nothing of it is kept
  std::vector<std::vector<const CorporateAction*>> actions;
  std::vector<bool> instrument;
  std::vector<std::vector<const QuarantineEntry*>> quarantine;
  std::vector<std::vector<SplitShown>> splits;  // by partition: those not yet in revisions
  SideRows side;
  bool rows_change = false;

  // Kept over attempts.
  std::shared_future<std::vector<BodyPlace>> known_places;  // by capture; none of unknown bodies
  std::optional<std::vector<BodyPlace>> places;             // of those packed
  std::vector<const Capture*> packed;                       // those to be kept
  std::unordered_map<std::string_view, std::vector<std::string>>
      added;  // by table: earlier attempts' files
};

// What a commit's receipt and state.db are told; of the plan alone.
struct CommitOutcome {
  std::vector<SeriesChange> changes;
  std::vector<SeriesReceipt> receipts;
};
CommitOutcome outcome_of(const CommitPlan& plan);
// The rows of the captures that the plan keeps, whose bodies are placed.
RowWriter capture_rows_of(const CommitPlan& plan, std::int64_t version,
                          const std::string& commit_id);

// A merge whose files are written and not yet committed.
struct MergedTask {
  std::vector<std::shared_ptr<const AddFile>> inputs;
  MergedFiles files;
};

struct Dataset::Impl {
  Impl(std::unique_ptr<FileSystem> file_system, std::string where, const Clock& clock,
       Random random);

  // dataset.cpp
  Result<void> open_bars(bool create);
  Result<void> check_log_not_lost();
  Result<void> check_place();
  Result<StateDb*> state();
  Result<void> rebuild_state(const std::string& why);
  Result<std::vector<SeriesState>> states_from_tables();
  Result<void> follow_rearranged(std::int64_t version_max);

  // dataset_compact.cpp
  Result<CompactReceipt> compact(const CompactOptions& options);
  Result<bool> compact_bars(const CompactOptions& options, std::int64_t& bytes_left,
                            CompactReceipt& receipt);
  Result<void> compact_side_tables(bool automatic, CompactReceipt& receipt);
  Result<bool> commit_merged(std::vector<MergedTask> merged, CompactReceipt& receipt);

  // dataset_commit.cpp
  Result<CommitReceipt> commit(std::vector<SeriesBatch> batch);
  Result<CommitReceipt> commit_planned(CommitPlan& plan);
  Result<void> make_durable(bool bars_too);
  Result<void> plan(CommitPlan& plan);
  Result<void> plan_empty_ranges(CommitPlan& plan);
  Result<void> write(CommitPlan& plan);
  Result<CommitActions> write_bars(CommitPlan& plan);
  Result<void> add_side(CommitPlan& plan, SideTable& table, RowWriter& rows);
  Result<void> note_state(const CommitPlan& plan, const std::vector<SeriesChange>& changes);

  // dataset_verify.cpp
  Result<VerifyReport> verify(const VerifyOptions& options);
  Result<void> verify_state(VerifyReport& report);

  // dataset_vacuum.cpp
  Result<VacuumReceipt> vacuum(const VacuumOptions& options);
  Result<void> settle_side_tables();

  // dataset_captures.cpp
  Result<void> load_known_bodies(std::size_t wanted);
  std::vector<BodyPlace> places_known(const std::vector<SeriesBatch>& batch) const;
  Result<void> place_captures(CommitPlan& plan);
  void remember_bodies(const CommitPlan& plan);

  // dataset_retention.cpp
  Result<void> newest_use_of_packs(std::unordered_map<std::string, TimePoint>& newest);

  // dataset_known.cpp
  Result<void> load_known(SideTable& table, KnownRows& known);
  Result<void> plan_side_rows(CommitPlan& plan);
  Result<void> write_side_rows(CommitPlan& plan, std::int64_t version,
                               const std::string& commit_id);
  void remember_side_rows(const CommitPlan& plan);

  // dataset_splits.cpp
  class Knowledge;
  Result<void> compare_rows(CommitPlan& plan);
  Result<void> plan_splits(CommitPlan& plan);
  Result<void> load_split_revisions();
  void remember_split(std::string_view provider, std::string_view symbol,
                      const CorporateAction& action);

  // dataset_read.cpp
  // `moment`: as of when splits are in force.
  Result<Snapshot> snapshot_for(const AsOf& as_of, TimePoint& moment);
  Result<void> set_zone(const SeriesKey& key, std::int64_t version, TimePoint moment,
                        AdjustContext& context);
  Result<BarColumns> read_rows(const Snapshot& snapshot, const SeriesKey& key, TimeRange range);
  Result<std::vector<ActionOnBasis>> actions_of(const std::string& provider,
                                                const std::string& symbol, std::int64_t version);
  Result<std::optional<Instrument>> instrument_of(const std::string& provider,
                                                  const std::string& symbol, std::int64_t version);

  RowsThatCount counting(std::int64_t version) { return {.bars = bars, .version_max = version}; }

  std::string path;
  const Clock& clock;
  std::unique_ptr<FileSystem> files;
  Random random;
  DeltaLog bars;
  SideTable captures;
  SideTable revisions;
  SideTable quarantine;
  SideTable actions;
  SideTable instruments;
  KnownRows known_actions;
  KnownRows known_instruments;
  KnownRows known_quarantine;
  KnownRows known_splits;  // those that revisions has
  SplitsBySymbol stored_splits;
  KnownBodies known_bodies;
  std::optional<StateDb> state_db;
  SpentBatches spent;
  bool place_checked = false;
};

// What a series' answers teach; of a refused one that its ranges failed.
std::vector<CoverageMark> marks_of(const CommitPlan& plan, std::size_t i);
// Until when received bodies may be gone because retention took them; none: none did.
Result<std::optional<TimePoint>> bodies_let_go(FileSystem& files);
Instrument instrument_at(const arrow::RecordBatch& rows, std::int64_t row);

// The (key, content) of side rows, as KnownRows remembers them.
std::string digest(std::string_view text);

}  // namespace vortex
