// Dataset::compact: rounds of plan, merge, commit until nothing is left to do. A commit of files
// whose rows were there before (dataChange=false); when somebody was faster it is made again with
// those merges whose inputs are all still there.

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "vortex/store/dataset_impl.hpp"

namespace vortex {
namespace {

constexpr int kAttemptsMax = 20;    // lost races before a round is given up
constexpr int kRoundsMax = 10'000;  // each leaves fewer files, or fewer over several buckets

struct Planned {
  PartitionValues values;
  Interval interval = Interval::d1;
  MergeTask task;
};

std::vector<Planned> plan_all(const Snapshot& snapshot, TimePoint now, const MergePolicy& policy) {
  std::map<PartitionValues, std::vector<const AddFile*>> partitions;
  for (const auto& [path, file] : snapshot.files) {
    partitions[file->partition_values].push_back(file.get());
  }
  std::vector<Planned> planned;
  for (const auto& [values, files] : partitions) {
    const auto interval = values.find("interval");
    const auto parsed = interval == values.end() || !interval->second
                            ? Result<Interval>(fail(ErrorCode::corrupt, ""))
                            : parse_interval(*interval->second);
    if (!parsed) continue;  // another program's partition: verify names it, we leave it alone
    for (MergeTask& task : plan_merges(files, *parsed, now, policy)) {
      planned.push_back({.values = values, .interval = *parsed, .task = std::move(task)});
    }
  }
  return planned;
}

CommitNote optimize_note(const std::string& commit_id) {
  return {.operation = "OPTIMIZE",
          .parameters_json = R"({"predicate":"[]"})",
          .engine = "Vortex/" VORTEX_VERSION,
          .commit_id = commit_id};
}

RemoveFile moved(const AddFile& file) {
  return {.path = file.path,
          .partition_values = file.partition_values,
          .size = file.size,
          .deletion_ms = 0,
          .data_change = false};
}

TableCompaction& tally_of(CompactReceipt& receipt, std::string_view table) {
  const auto found = std::ranges::find(receipt.tables, table, &TableCompaction::table);
  if (found != receipt.tables.end()) return *found;
  receipt.tables.push_back({.table = std::string(table)});
  return receipt.tables.back();
}

}  // namespace

Result<CompactReceipt> Dataset::Impl::compact(const CompactOptions& options) {
  VORTEX_TRY_VOID(bars.check_writable());
  CompactReceipt receipt;
  std::int64_t bytes_left = options.automatic ? kAutomaticBytesMax : INT64_MAX;
  for (int round = 0;; ++round) {
    if (round == kRoundsMax) return fail(ErrorCode::internal, "compaction comes to no end");
    VORTEX_TRY(const bool more, compact_bars(options, bytes_left, receipt));
    if (!more) break;
  }
  VORTEX_TRY_VOID(compact_side_tables(options.automatic, receipt));
  receipt.version = bars.version();
  return receipt;
}

Result<bool> Dataset::Impl::compact_bars(const CompactOptions& options, std::int64_t& bytes_left,
                                         CompactReceipt& receipt) {
  VORTEX_TRY([[maybe_unused]] const bool news, bars.refresh());
  const TimePoint now = clock.now();
  const auto policy = options.automatic ? MergePolicy::automatic() : MergePolicy::by_hand();
  std::vector<MergedTask> merged;
  const auto give_up = [&](Error error) {
    for (const MergedTask& task : merged) discard_bars(*files, task.files.adds);
    return std::unexpected(std::move(error));
  };
  const Snapshot& snapshot = bars.snapshot();
  for (const Planned& planned : plan_all(snapshot, now, policy)) {
    if (planned.task.bytes() > bytes_left) continue;
    bytes_left -= planned.task.bytes();
    auto done = merge_bars(*files, random, planned.task, planned.interval, now);
    if (!done) return give_up(std::move(done).error().in("compact"));
    MergedTask& task = merged.emplace_back();
    task.files = *std::move(done);
    for (const AddFile* input : planned.task.inputs) {
      task.inputs.push_back(snapshot.files.at(input->path));
    }
  }
  if (merged.empty()) return false;
  return commit_merged(std::move(merged), receipt);
}

Result<bool> Dataset::Impl::commit_merged(std::vector<MergedTask> merged, CompactReceipt& receipt) {
  for (int attempt = 0; attempt < kAttemptsMax && !merged.empty(); ++attempt) {
    CommitActions commit_actions;
    commit_actions.note = optimize_note(random.uuid());
    VORTEX_TRY(const std::int64_t stamp, bars.next_timestamp(clock.now()));
    for (const MergedTask& task : merged) {
      for (const auto& input : task.inputs) commit_actions.removes.push_back(moved(*input));
      for (AddFile add : task.files.adds) {
        add.modification_ms = stamp;
        commit_actions.adds.push_back(std::move(add));
      }
    }
    auto done = bars.commit(std::move(commit_actions), clock.now());
    if (done) {
      ++receipt.commits;
      TableCompaction& tally = tally_of(receipt, bars.directory());
      for (const MergedTask& task : merged) {
        tally.files_read += static_cast<std::int64_t>(task.inputs.size());
        tally.files_written += static_cast<std::int64_t>(task.files.adds.size());
        tally.rows += task.files.rows.rows;
        for (const auto& input : task.inputs) tally.bytes_read += input->size;
        for (const AddFile& add : task.files.adds) tally.bytes_written += add.size;
      }
      if (state_db) VORTEX_TRY_VOID(follow_rearranged(bars.version()));
      return true;
    }
    // After any other failure than a lost race a log file may name the new files.
    if (done.error().code != ErrorCode::commit_conflict) return std::unexpected(done.error());
    VORTEX_TRY([[maybe_unused]] const bool others, bars.refresh());
    std::erase_if(merged, [&](const MergedTask& task) {
      const bool stands = std::ranges::all_of(task.inputs, [&](const auto& input) {
        return bars.snapshot().files.contains(input->path);
      });
      if (!stands) discard_bars(*files, task.files.adds);
      return !stands;
    });
  }
  if (merged.empty()) return true;  // planned anew against the winner
  for (const MergedTask& task : merged) discard_bars(*files, task.files.adds);
  return fail(ErrorCode::commit_conflict,
              fmt::format("{}: other writers were faster {} times", path, kAttemptsMax));
}

Result<void> Dataset::Impl::compact_side_tables(bool automatic, CompactReceipt& receipt) {
  for (SideTable* table : {&captures, &revisions, &quarantine, &actions, &instruments}) {
    VORTEX_TRY(const auto done,
               table->merge(bars, automatic, optimize_note(random.uuid()), clock.now(), random));
    for (const TableCompaction& one : done) {
      TableCompaction& tally = tally_of(receipt, one.table);
      ++receipt.commits;
      tally.files_read += one.files_read;
      tally.files_written += one.files_written;
      tally.rows += one.rows;
      tally.rows_dropped += one.rows_dropped;
      tally.bytes_read += one.bytes_read;
      tally.bytes_written += one.bytes_written;
    }
  }
  return {};
}

Result<CompactReceipt> Dataset::compact(const CompactOptions& options) {
  return impl_->compact(options);
}

Result<void> Dataset::pass_versions(std::int64_t version) {
  DeltaLog& bars = impl_->bars;
  while (bars.version() < version) {
    CommitActions nothing;
    nothing.note = optimize_note(/*commit_id=*/"");
    VORTEX_TRY_VOID(bars.commit(std::move(nothing), impl_->clock.now()));
  }
  return {};
}

}  // namespace vortex
