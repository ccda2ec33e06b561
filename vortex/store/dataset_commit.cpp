// Dataset::commit: plan against the newest version, write, publish; when somebody was faster, plan
// anew. The order of what becomes visible: captures, revisions, quarantine, actions, instruments,
// then bars, then state.db.

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include <arrow/record_batch.h>
#include <fmt/core.h>

#include "vortex/base/log.hpp"
#include "vortex/store/bars_files.hpp"
#include "vortex/store/beside.hpp"
#include "vortex/store/coverage.hpp"
#include "vortex/store/dataset_impl.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {
namespace {

// Lost races before a commit is given up. Each is somebody else's success, so it is no hurry: on a
// machine under load one of four writers lost twenty in a row.
constexpr int kAttemptsMax = 200;

CommitNote note_of(const CommitPlan& plan, bool restates) {
  return {.operation = restates ? "MERGE" : "WRITE",
          .parameters_json = restates ? "{}" : R"({"mode":"Append"})",
          .engine = "Vortex/" VORTEX_VERSION,
          .commit_id = plan.commit_id};
}

bool restates(const CommitPlan& plan) {
  return std::ranges::any_of(plan.partitions,
                             [](const BarsPartition& p) { return !p.matches.empty(); });
}

std::vector<std::size_t> owners(const std::vector<SeriesBatch>& batch) {
  std::vector<std::size_t> owner(batch.size());
  // NOLINTNEXTLINE(modernize-use-ranges): libstdc++ 12 has no std::ranges::iota
  std::iota(owner.begin(), owner.end(), std::size_t{0});
  const auto not_behind = [](const SeriesBatch& a, const SeriesBatch& b) {
    return a.key >= b.key;
  };
  if (std::ranges::adjacent_find(batch, not_behind) == batch.end()) return owner;  // each once
  std::map<SeriesKey, std::size_t> first;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    owner[i] = first.try_emplace(batch[i].key, i).first->second;
  }
  return owner;
}

std::vector<SeriesReceipt> receipts(const CommitPlan& plan) {
  std::vector<SeriesReceipt> out(plan.batch.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].key = plan.batch[i].key;
    out[i].refused = plan.refused[i];
    if (plan.refused[plan.owner[i]]) continue;
    out[i].rows_quarantined = static_cast<std::int64_t>(plan.batch[i].quarantine.size());
  }
  for (const BarsPartition& partition : plan.partitions) {
    for (const SeriesSpan& span : partition.spans) {
      SeriesReceipt& receipt = out[plan.owner[span.series]];
      for (std::size_t row = span.begin; row < span.end; ++row) {
        switch (partition.states[row]) {
          case RowState::fresh: ++receipt.rows_new; break;
          case RowState::unchanged: ++receipt.rows_unchanged; break;
          case RowState::restated: ++receipt.rows_restated; break;
          case RowState::refused: break;
        }
      }
    }
  }
  return out;
}

void add_new_rows(const BarsPartition& partition, const SeriesSpan& span, SeriesChange& change) {
  for (std::size_t row = span.end; row > span.begin; --row) {
    if (partition.states[row - 1] != RowState::fresh) continue;
    const TimePoint stamp{Duration{partition.rows.timestamp[row - 1]}};
    ++change.rows_new;
    change.first_new = stamp;
    if (change.stamps_new.size() < kLastBarsMax) change.stamps_new.push_back(stamp);
  }
  std::ranges::reverse(change.stamps_new);
}

std::vector<SeriesChange> state_changes(const CommitPlan& plan) {
  std::vector<SeriesChange> by_series(plan.batch.size());
  for (std::size_t i = 0; i < plan.batch.size(); ++i) {
    SeriesChange& change = by_series[plan.owner[i]];
    change.key = plan.batch[i].key;
    if (plan.refused[plan.owner[i]]) {
      std::ranges::move(marks_of(plan, i), std::back_inserter(change.marks));
    } else {
      const auto& marks = plan.batch[i].coverage;
      change.marks.insert(change.marks.end(), marks.begin(), marks.end());
    }
  }
  for (const BarsPartition& partition : plan.partitions) {
    for (const SeriesSpan& span : partition.spans) {
      add_new_rows(partition, span, by_series[plan.owner[span.series]]);
    }
  }
  std::erase_if(by_series, [](const SeriesChange& change) {
    return change.rows_new == 0 && change.marks.empty();
  });
  return by_series;
}

// Best effort: files no log names are unseen, only in the way of the disk's space.
void discard(FileSystem& files, const CommitActions& actions) {
  for (const AddFile& add : actions.adds) {
    if (auto removed = files.remove("bars/" + add.path); !removed) {
      log::debug("left behind: {}", removed.error().message);
    }
  }
}

bool is_large(const CommitPlan& plan) {
  return plan.batch.size() > kSeriesAloneMax;
}

}  // namespace

CommitOutcome outcome_of(const CommitPlan& plan) {
  return {.changes = state_changes(plan), .receipts = receipts(plan)};
}

std::vector<CoverageMark> marks_of(const CommitPlan& plan, std::size_t i) {
  std::vector<CoverageMark> marks = plan.batch[i].coverage;
  const auto& refused = plan.refused[plan.owner[i]];
  if (!refused) return marks;
  for (CoverageMark& mark : marks) {
    mark.state = CoverageState::failed;
    mark.reason = to_string(refused->code);
  }
  return marks;
}

Result<CommitReceipt> Dataset::Impl::commit(std::vector<SeriesBatch> batch) {
  CommitPlan plan;
  plan.batch = std::move(batch);
  plan.owner = owners(plan.batch);
  plan.commit_id = random.uuid();
  plan.now = clock.now();
  auto receipt = commit_planned(plan);
  plan.known_places = {};  // waits: its thread reads the batch
  spent.free(std::move(plan.batch));
  return receipt;
}

Result<CommitReceipt> Dataset::Impl::commit_planned(CommitPlan& plan) {
  VORTEX_TRY_VOID(bars.check_writable());
  VORTEX_TRY_VOID(check_place());
  // Brought up to date first: after the commit it must be exactly one version behind.
  VORTEX_TRY([[maybe_unused]] StateDb* const ready, state());
  plan.known_places = beside(is_large(plan) && known_bodies.loaded(),
                             [this, &plan] { return places_known(plan.batch); });
  VORTEX_TRY(plan.partitions, gather_partitions(plan.batch));
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    VORTEX_TRY([[maybe_unused]] const bool others, bars.refresh());
    VORTEX_TRY_VOID(this->plan(plan));
    auto outcome = beside(is_large(plan), [&plan] { return outcome_of(plan); });
    const bool nothing = std::ranges::none_of(plan.news, [](char news) { return news != 0; });
    // What was there already is told to be stored, too; bars' own commit syncs what is before it.
    VORTEX_TRY_VOID(make_durable(/*bars_too=*/!plan.rows_change));
    if (!nothing) {
      auto written = write(plan);
      if (!written && written.error().code == ErrorCode::commit_conflict) continue;
      if (!written) return std::unexpected(std::move(written).error());
      remember_side_rows(plan);
    }
    auto remembered = beside(is_large(plan), [this, &plan, nothing] {
      if (!nothing) remember_bodies(plan);
    });
    CommitOutcome done = outcome.get();
    VORTEX_TRY_VOID(note_state(plan, done.changes));
    remembered.get();
    return CommitReceipt{.version = bars.version(),
                         .committed = plan.rows_change,
                         .series = std::move(done.receipts)};
  }
  return fail(ErrorCode::commit_conflict,
              fmt::format("{}: other writers were faster {} times", path, kAttemptsMax));
}

Result<void> Dataset::Impl::make_durable(bool bars_too) {
  if (bars_too) VORTEX_TRY_VOID(bars.make_durable());
  for (SideTable* table : {&captures, &revisions, &quarantine, &actions, &instruments}) {
    VORTEX_TRY_VOID(table->log().make_durable());
  }
  return {};
}

Result<void> Dataset::Impl::plan(CommitPlan& plan) {
  plan.news.assign(plan.batch.size(), 0);
  plan.refused.assign(plan.batch.size(), std::nullopt);
  plan.side = {};
  plan.rows_change = false;
  VORTEX_TRY_VOID(compare_rows(plan));
  for (const BarsPartition& partition : plan.partitions) {
    for (const SeriesSpan& span : partition.spans) {
      const auto begin = partition.states.begin() + static_cast<std::ptrdiff_t>(span.begin);
      const auto end = partition.states.begin() + static_cast<std::ptrdiff_t>(span.end);
      const bool change = std::any_of(begin, end, [](RowState state) {
        return state == RowState::fresh || state == RowState::restated;
      });
      if (change) plan.news[plan.owner[span.series]] = 1;
      plan.rows_change = plan.rows_change || change;
    }
  }
  VORTEX_TRY_VOID(plan_splits(plan));
  for (std::size_t i = 0; i < plan.batch.size(); ++i) {
    if (plan.batch[i].keep_captures) plan.news[plan.owner[i]] = 1;
  }
  VORTEX_TRY_VOID(plan_side_rows(plan));
  return plan_empty_ranges(plan);
}

// A range newly known to be empty is worth keeping the answer that says so.
Result<void> Dataset::Impl::plan_empty_ranges(CommitPlan& plan) {
  std::vector<std::size_t> asking;
  std::vector<SeriesKey> keys;
  for (std::size_t i = 0; i < plan.batch.size(); ++i) {
    const auto& marks = plan.batch[i].coverage;
    const bool empties = std::ranges::any_of(
        marks, [](const CoverageMark& mark) { return mark.state == CoverageState::empty; });
    if (plan.refused[plan.owner[i]]) continue;
    if (!empties || plan.news[plan.owner[i]] != 0 || plan.batch[i].captures.empty()) continue;
    asking.push_back(i);
    keys.push_back(plan.batch[i].key);
  }
  if (asking.empty()) return {};
  VORTEX_TRY(StateDb* const db, state());
  VORTEX_TRY(const auto states, db->states(keys));
  for (std::size_t i = 0; i < asking.size(); ++i) {
    auto marks = states[i].coverage;
    for (const CoverageMark& mark : plan.batch[asking[i]].coverage) {
      if (mark.state == CoverageState::empty) add_mark(marks, mark);
    }
    if (marks != states[i].coverage) plan.news[plan.owner[asking[i]]] = 1;
  }
  return {};
}

Result<CommitActions> Dataset::Impl::write_bars(CommitPlan& plan) {
  CommitActions actions_out;
  for (BarsPartition& partition : plan.partitions) {
    auto done = write_partition(*files, bars, random, partition, plan.now, actions_out);
    if (!done) {
      discard(*files, actions_out);
      return std::unexpected(std::move(done).error());
    }
  }
  VORTEX_TRY(const std::int64_t stamp, bars.next_timestamp(plan.now));
  for (AddFile& add : actions_out.adds) add.modification_ms = stamp;
  return actions_out;
}

Result<void> Dataset::Impl::write(CommitPlan& plan) {
  const std::int64_t version = plan.rows_change ? bars.version() + 1 : bars.version();
  const std::string commit_id = plan.rows_change ? plan.commit_id : "";
  VORTEX_TRY_VOID(place_captures(plan));
  auto capture_rows = beside(is_large(plan), [&plan, version, &commit_id] {
    return capture_rows_of(plan, version, commit_id);
  });
  VORTEX_TRY(auto commit_actions, write_bars(plan));
  RowWriter rows = capture_rows.get();
  auto done = add_side(plan, captures, rows);
  if (done) done = write_side_rows(plan, version, commit_id);
  if (!done) {
    discard(*files, commit_actions);
    return done;
  }
  if (!plan.rows_change) return {};
  commit_actions.note = note_of(plan, restates(plan));
  done = bars.commit(commit_actions, plan.now);
  // Only a lost race proves that no log file names these files: after any other failure it may.
  if (!done && done.error().code == ErrorCode::commit_conflict) discard(*files, commit_actions);
  return done;
}

Result<void> Dataset::Impl::add_side(CommitPlan& plan, SideTable& table, RowWriter& rows) {
  auto& earlier = plan.added[table.log().directory()];
  if (rows.rows() == 0) return {};
  VORTEX_TRY(const auto batch, rows.finish());
  CommitNote note = note_of(plan, false);
  VORTEX_TRY(auto added, table.add(*batch, note, plan.now, random, earlier));
  earlier = {std::move(added)};
  return {};
}

Result<void> Dataset::Impl::note_state(const CommitPlan& plan,
                                       const std::vector<SeriesChange>& changes) {
  if (!plan.rows_change) {
    if (changes.empty()) return {};
    VORTEX_TRY(StateDb* const db, state());
    return db->add_marks(changes);
  }
  if (state_db) {
    VORTEX_TRY_VOID(follow_rearranged(bars.version() - 1));
    auto applied = state_db->apply(changes, bars.version());
    if (applied && *applied) return {};
    if (!applied && applied.error().code == ErrorCode::corrupt) state_db.reset();
    if (!applied && applied.error().code != ErrorCode::corrupt) {
      // The rows are safe; what is covered is found again from the tables at the next look.
      log::warning("{}: {}", path, applied.error().message);
      return {};
    }
  }
  VORTEX_TRY(StateDb* const db, state());
  return db->add_marks(changes);
}

}  // namespace vortex
