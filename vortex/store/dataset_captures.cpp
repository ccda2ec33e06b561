// The captures of a commit: each body once, by its hash, and a row for each answer.

#include <ranges>
#include <unordered_map>

#include <arrow/record_batch.h>
#include <fmt/core.h>

#include "vortex/store/coverage.hpp"
#include "vortex/store/dataset_impl.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {
namespace {

void write_capture_row(RowWriter& rows, const SeriesKey& key, const Capture& capture,
                       const PackPlace& place) {
  rows.text(capture.id);
  rows.text(capture.sha256);
  rows.text(place.pack);
  rows.whole(static_cast<std::int64_t>(place.offset));
  rows.whole(static_cast<std::int64_t>(place.length));
  rows.whole(static_cast<std::int64_t>(capture.body_bytes));
  rows.text(key.provider);
  rows.text(key.symbol);
  rows.text(to_string(key.interval));
  rows.moment(capture.range.start);
  rows.moment(capture.range.end);
  rows.text(capture.request);
  rows.whole(capture.status);
  rows.text(capture.headers);
  rows.moment(capture.received_at);
}

// Is the pack of a known body still there? Each is looked for once.
class PacksThere {
 public:
  explicit PacksThere(FileSystem& files) : files_(files) {}

  Result<bool> holds(const std::string& pack) {
    const auto known = there_.find(pack);
    if (known != there_.end()) return known->second;
    VORTEX_TRY(const auto stat, files_.stat(pack));
    there_[pack] = stat.has_value();
    return stat.has_value();
  }

 private:
  FileSystem& files_;
  std::unordered_map<std::string, bool> there_;
};

}  // namespace

// The newest captures of the table, until the memory is full: what another process stored.
Result<void> Dataset::Impl::load_known_bodies() {
  if (known_bodies.loaded()) return {};
  VORTEX_TRY_VOID(captures.refresh());
  std::vector<std::pair<std::string, PackPlace>> newest;  // newest file first
  const auto visit = [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
    const ColumnReader hashes(rows, "sha256");
    const ColumnReader packs(rows, "pack");
    const ColumnReader offsets(rows, "offset");
    const ColumnReader lengths(rows, "length");
    for (const std::int64_t row : kept) {
      newest.emplace_back(hashes.text(row),
                          PackPlace{.pack = std::string(packs.text(row)),
                                    .offset = static_cast<std::uint64_t>(offsets.whole(row)),
                                    .length = static_cast<std::uint64_t>(lengths.whole(row))});
    }
  };
  const auto paths = captures.files_by_age();
  for (const std::string& newer : paths | std::views::reverse) {
    VORTEX_TRY_VOID(captures.scan_one(newer, counting(bars.version()),
                                      {"sha256", "pack", "offset", "length"}, visit));
    if (newest.size() >= KnownBodies::kBodiesMax / 2) break;
  }
  for (const auto& one : newest | std::views::reverse) {
    known_bodies.note(one.first, one.second);
  }
  known_bodies.set_loaded();
  return {};
}

Result<std::vector<PackPlace>> Dataset::Impl::place_bodies(
    const std::vector<const Capture*>& wanted) {
  VORTEX_TRY_VOID(load_known_bodies());
  PacksThere packs(*files);
  std::vector<PackPlace> places(wanted.size());
  std::vector<const Capture*> fresh;
  std::unordered_map<std::string_view, std::size_t> fresh_by_hash;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Capture* capture = wanted[i];
    if (auto known = known_bodies.find(capture->sha256)) {
      VORTEX_TRY(const bool there, packs.holds(known->pack));
      if (there) {
        places[i] = *std::move(known);
        continue;
      }
    }
    if (fresh_by_hash.try_emplace(capture->sha256, fresh.size()).second) fresh.push_back(capture);
  }
  VORTEX_TRY(const auto written, write_pack(*files, random, fresh));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto found = fresh_by_hash.find(wanted[i]->sha256);
    if (found != fresh_by_hash.end()) places[i] = written[found->second];
  }
  return places;
}

Result<void> Dataset::Impl::write_captures(CommitPlan& plan, std::int64_t version,
                                           const std::string& commit_id) {
  std::vector<const Capture*> wanted;
  for (std::size_t i = 0; i < plan.batch.size(); ++i) {
    if (plan.news[plan.owner[i]] == 0) continue;
    for (const Capture& capture : plan.batch[i].captures) wanted.push_back(&capture);
  }
  if (wanted.empty()) return {};
  if (!plan.places || plan.packed != wanted) {
    VORTEX_TRY(plan.places, place_bodies(wanted));
    plan.packed = wanted;
  }
  RowWriter rows(captures_table().schema);
  std::size_t place = 0;
  for (std::size_t i = 0; i < plan.batch.size(); ++i) {
    if (plan.news[plan.owner[i]] == 0) continue;
    const SeriesBatch& series = plan.batch[i];
    const auto taught = marks_of(plan, i);
    std::string marks = taught.empty() ? "" : write_marks(taught);
    for (const Capture& capture : series.captures) {
      write_capture_row(rows, series.key, capture, (*plan.places)[place++]);
      rows.text_or_null(marks);
      rows.whole(version);
      rows.text(commit_id);
      marks.clear();  // once per series is enough
    }
  }
  return add_side(plan, captures, rows);
}

void Dataset::Impl::remember_bodies(const CommitPlan& plan) {
  if (!plan.places) return;
  for (std::size_t i = 0; i < plan.packed.size(); ++i) {
    known_bodies.note(plan.packed[i]->sha256, (*plan.places)[i]);
  }
}

}  // namespace vortex
