#include "vortex/engine/replay.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "vortex/engine/capture_decode.hpp"
#include "vortex/store/table_schema.hpp"

namespace vortex {
namespace {

namespace fs = std::filesystem;

constexpr int kPartial = 8;

std::string_view reason_of(const Error& error) {
  if (error.code == ErrorCode::not_found) return "gone";
  return error.error_class() == ErrorClass::storage ? "damaged" : "refused";
}

void set_to(ManualClock& clock, TimePoint time) {
  clock.step(time - clock.now());
}

// A body that could not be read teaches nothing of its range: the next sync asks for it.
void forget_coverage(std::vector<CoverageMark>& marks, const RangeSet& lost) {
  std::vector<CoverageMark> kept;
  for (const CoverageMark& mark : marks) {
    RangeSet rest;
    rest.add(mark.range);
    for (const TimeRange& range : lost.ranges()) rest.remove(range);
    for (const TimeRange& range : rest.ranges()) {
      kept.push_back({.range = range, .state = mark.state, .reason = mark.reason});
    }
  }
  marks = std::move(kept);
}

// The series batches of one commit, made again from its captures.
class GroupReplay {
 public:
  using Lost = std::map<std::pair<SeriesKey, std::string>, LostCaptures>;

  GroupReplay(Dataset& source, const ReplayParts& parts, Lost& lost)
      : source_(source), parts_(parts), lost_(lost) {}

  Result<std::vector<SeriesBatch>> read(const CaptureGroup& group) {
    VORTEX_TRY(const auto rows, source_.captures_in(group));
    for (const CaptureRow& row : rows) {
      if (parts_.hooks.stop.stop_requested()) {
        return fail(ErrorCode::cancelled, "the replay was interrupted");
      }
      if (begins_batch(row)) begin_batch(row);
      batches_.back().coverage.insert(batches_.back().coverage.end(), row.coverage.begin(),
                                      row.coverage.end());
      newest_ = std::max(newest_, row.received_at);
      auto page = read_page(row);
      if (page) {
        add(std::move(*page));
      } else {
        note_loss(row, std::move(page).error());
      }
    }
    end_batch();
    std::erase_if(batches_, [](const SeriesBatch& batch) {
      return batch.captures.empty() && batch.coverage.empty();
    });
    return std::move(batches_);
  }

  TimePoint newest() const { return newest_; }  // when the last of the answers was received
  std::int64_t captures_read() const { return captures_read_; }

 private:
  // What a series' answers taught stands with its first capture.
  bool begins_batch(const CaptureRow& row) const {
    return batches_.empty() || batches_.back().key != row.key || !row.coverage.empty();
  }

  void begin_batch(const CaptureRow& row) {
    end_batch();
    batches_.push_back({.key = row.key, .keep_captures = true});
  }

  void end_batch() {
    if (!batches_.empty()) forget_coverage(batches_.back().coverage, lost_here_);
    lost_here_ = {};
  }

  Result<CheckedPage> read_page(const CaptureRow& row) {
    VORTEX_TRY(std::string body, source_.body_of(row));
    auto page = decode_capture(row, std::move(body), *parts_.providers, *parts_.settings);
    // An unknown symbol is no answer that is kept: only a pack that is not there is "gone".
    if (!page && page.error().code == ErrorCode::not_found) {
      page.error().code = ErrorCode::mismatch;
    }
    return page;
  }

  void add(CheckedPage page) {
    SeriesBatch& batch = batches_.back();
    if (page.page.bars->num_rows() > 0) batch.bars.push_back(std::move(page.page.bars));
    std::ranges::move(page.quarantine, std::back_inserter(batch.quarantine));
    std::ranges::move(page.page.actions, std::back_inserter(batch.actions));
    if (page.page.instrument) batch.instrument = std::move(page.page.instrument);
    batch.captures.push_back(std::move(*page.capture));
    ++captures_read_;
  }

  void note_loss(const CaptureRow& row, Error error) {
    const std::string reason(reason_of(error));
    lost_here_.add(row.range);
    LostCaptures& lost = lost_[{row.key, reason}];
    if (lost.captures++ == 0) {
      lost.key = row.key;
      lost.reason = reason;
      lost.first = std::move(error).in("capture " + untrusted(row.id, 40));
    }
    lost.ranges.add(row.range);
  }

  Dataset& source_;
  const ReplayParts& parts_;
  Lost& lost_;
  std::vector<SeriesBatch> batches_;
  RangeSet lost_here_;  // of the batch under way
  TimePoint newest_ = TimePoint::min();
  std::int64_t captures_read_ = 0;
};

void add_rows(const CommitReceipt& receipt, ReplayReport& report) {
  report.table_version = receipt.version;
  for (const SeriesReceipt& series : receipt.series) {
    report.rows.fresh += series.rows_new;
    report.rows.unchanged += series.rows_unchanged;
    report.rows.restated += series.rows_restated;
    report.rows.quarantined += series.rows_quarantined;
  }
}

// May `into` be made, and is it somewhere else than `from`?
Result<void> check_target(const std::string& from, const std::string& into) {
  std::error_code unreadable;
  const fs::path source = fs::weakly_canonical(from, unreadable) / "";
  const fs::path target = fs::weakly_canonical(into, unreadable) / "";
  if (target.native().starts_with(source.native())) {
    return fail(ErrorCode::usage,
                fmt::format("{} lies in the dataset it would be made from", untrusted(into, 100)));
  }
  if (!fs::exists(fs::symlink_status(into, unreadable))) return {};
  return std::unexpected(
      Error{.code = ErrorCode::usage,
            .message = fmt::format("{} is there already; a replay only makes new datasets",
                                   untrusted(into, 100)),
            .hint = "--into names another directory"});
}

// Throws away what an earlier replay left unfinished, and nothing else.
Result<void> clear_unfinished(const std::string& partial) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(partial, error))) return {};
  for (const auto& entry : fs::directory_iterator(partial, error)) {
    if (is_dataset_entry(entry.path().filename().string())) continue;
    return fail(ErrorCode::usage,
                fmt::format("{} is in the way and no unfinished replay", untrusted(partial, 100)));
  }
  if (!error) fs::remove_all(partial, error);
  if (!error) return {};
  return fail(ErrorCode::storage,
              fmt::format("cannot remove {}: {}", untrusted(partial, 100), error.message()));
}

Result<TimePoint> begin_of(Dataset& source, const std::vector<CaptureGroup>& groups) {
  for (const CaptureGroup& group : groups) {
    if (group.committed_at) return *group.committed_at - std::chrono::milliseconds(1);
    VORTEX_TRY(const auto rows, source.captures_in(group));
    if (!rows.empty()) return rows.front().received_at - std::chrono::milliseconds(1);
  }
  return fail(ErrorCode::not_found, "there are no captures to make a dataset from");
}

Result<ReplayReport> replay_into(Dataset& source, TimePoint begin, const std::string& path,
                                 const ReplayParts& parts) {
  ManualClock time(begin);
  VORTEX_TRY(Dataset target, Dataset::open_or_create(path, time));
  return replay_captures(source, target, time, parts);
}

}  // namespace

Result<ReplayReport> replay_captures(Dataset& source, Dataset& target, ManualClock& time,
                                     const ReplayParts& parts) {
  ReplayReport report{.from = source.path(),
                      .into = target.path(),
                      .source_id = source.id(),
                      .dataset_id = target.id(),
                      .source_version = source.version(),
                      .table_version = target.version()};
  VORTEX_TRY(const auto groups, source.capture_groups());
  GroupReplay::Lost lost;
  for (const CaptureGroup& group : groups) {
    GroupReplay one(source, parts, lost);
    VORTEX_TRY(auto batches, one.read(group));
    report.captures += one.captures_read();
    if (!batches.empty()) {
      set_to(time, std::max(group.committed_at.value_or(one.newest()), one.newest()));
      VORTEX_TRY_VOID(target.pass_versions(group.base_version));
      VORTEX_TRY(const CommitReceipt receipt, target.commit(std::move(batches)));
      add_rows(receipt, report);
      ++report.commits;
    }
    if (parts.hooks.progress) {
      parts.hooks.progress({.commits_done = report.commits,
                            .commits_total = std::ssize(groups),
                            .captures = report.captures});
    }
  }
  for (auto& [key, captures] : lost) report.lost.push_back(std::move(captures));
  VORTEX_TRY_VOID(target.pass_versions(source.version()));
  report.table_version = target.version();
  VORTEX_TRY(report.other_ways, source.rows_without_capture());
  return report;
}

Result<ReplayReport> replay_dataset(const std::string& from, const std::string& into,
                                    const ReplayParts& parts) {
  const Monotonic started = parts.clock->monotonic();
  VORTEX_TRY_VOID(check_target(from, into));
  VORTEX_TRY(Dataset source, Dataset::open(from, *parts.clock));
  VORTEX_TRY(const auto groups, source.capture_groups());
  VORTEX_TRY(const TimePoint begin, begin_of(source, groups));

  const std::string partial = into + ".partial";
  VORTEX_TRY_VOID(clear_unfinished(partial));
  auto report = replay_into(source, begin, partial, parts);
  std::error_code error;
  if (!report) {
    fs::remove_all(partial, error);  // best effort: the next replay tries again
    return report;
  }
  fs::rename(partial, into, error);
  if (error) {
    return fail(ErrorCode::storage, fmt::format("cannot give {} its name: {}",
                                                untrusted(partial, 100), error.message()));
  }
  report->into = into;
  report->elapsed = std::chrono::duration_cast<Duration>(parts.clock->monotonic() - started);
  return report;
}

std::string_view ReplayReport::status() const {
  return lost.empty() && other_ways.empty() ? "ok" : "partial";
}

int ReplayReport::exit_code() const {
  return lost.empty() && other_ways.empty() ? 0 : kPartial;
}

}  // namespace vortex
