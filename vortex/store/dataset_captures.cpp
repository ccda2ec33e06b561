// The captures of a commit: each body once, by its hash, and a row for each answer.

#include <algorithm>
#include <optional>
#include <ranges>
#include <span>
#include <unordered_map>

#include <arrow/record_batch.h>
#include <fmt/core.h>

#include "vortex/store/coverage.hpp"
#include "vortex/store/dataset_impl.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {
namespace {

void write_capture_row(RowWriter& rows, const SeriesKey& key, const Capture& capture,
                       const BodyPlace& place) {
  rows.text(capture.id);
  rows.text(capture.sha256);
  rows.text(*place.pack);
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

  Result<bool> holds(const BodyPlace& place) {
    const auto known = there_.find(place.pack.get());
    if (known != there_.end()) return known->second;
    VORTEX_TRY(const auto stat, files_.stat(*place.pack));
    there_[place.pack.get()] = stat.has_value();
    return stat.has_value();
  }

 private:
  FileSystem& files_;
  std::unordered_map<const std::string*, bool> there_;
};

// Ten thousand captures and their texts lie all over memory, and waiting for it is most of what
// storing them costs: what is read a few captures later is fetched now.
class FetchAhead {
 public:
  explicit FetchAhead(std::span<const Capture* const> captures) : captures_(captures) {}

  void before(std::size_t i) const {
    if (i + kFar < captures_.size()) {
      const char* bytes = reinterpret_cast<const char*>(captures_[i + kFar]);
      for (std::size_t at = 0; at < sizeof(Capture); at += kLine) __builtin_prefetch(bytes + at);
    }
    if (i + kNear < captures_.size()) {
      const Capture& soon = *captures_[i + kNear];
      for (const std::string* text :
           {&soon.id, &soon.sha256, &soon.frame, &soon.request, &soon.headers}) {
        __builtin_prefetch(text->data());
        if (text->size() >= kLine) __builtin_prefetch(text->data() + kLine);
      }
    }
  }

 private:
  static constexpr std::size_t kFar = 16;
  static constexpr std::size_t kNear = 8;
  static constexpr std::size_t kLine = 64;
  std::span<const Capture* const> captures_;
};

// The captures that a commit keeps, and which of all its captures they are.
struct Wanted {
  std::vector<const Capture*> captures;
  std::vector<std::size_t> numbers;
};

Wanted wanted_of(const CommitPlan& plan) {
  Wanted wanted;
  std::size_t number = 0;
  for (std::size_t i = 0; i < plan.batch.size(); ++i) {
    const auto& captures = plan.batch[i].captures;
    if (plan.news[plan.owner[i]] != 0) {
      for (std::size_t k = 0; k < captures.size(); ++k) {
        wanted.captures.push_back(&captures[k]);
        wanted.numbers.push_back(number + k);
      }
    }
    number += captures.size();
  }
  return wanted;
}

// The marks of a series as text; neighbours mostly have the same.
class MarksText {
 public:
  const std::string& of(const std::vector<CoverageMark>& marks) {
    if (!known_ || *known_ != marks) {
      text_ = marks.empty() ? "" : write_marks(marks);
      known_ = marks;
    }
    return text_;
  }

 private:
  std::optional<std::vector<CoverageMark>> known_;
  std::string text_;
};

}  // namespace

// The newest captures of the table: what another process stored. A body that comes again was told
// by one of the last commits, so a few times as many as one commit brings are enough.
Result<void> Dataset::Impl::load_known_bodies(std::size_t wanted) {
  if (known_bodies.loaded()) return {};
  constexpr std::size_t kCommitsLookedBack = 4;
  const std::size_t enough =
      std::clamp(kCommitsLookedBack * wanted, KnownBodies::kLoadedMin, KnownBodies::kBodiesMax / 2);
  VORTEX_TRY_VOID(captures.refresh());
  std::vector<std::pair<std::string, BodyPlace>> newest;  // newest file first
  std::shared_ptr<const std::string> pack;
  const auto visit = [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
    const ColumnReader hashes(rows, "sha256");
    const ColumnReader packs(rows, "pack");
    const ColumnReader offsets(rows, "offset");
    const ColumnReader lengths(rows, "length");
    for (const std::int64_t row : kept) {
      const std::string_view name = packs.text(row);
      if (!pack || *pack != name) pack = std::make_shared<const std::string>(name);
      newest.emplace_back(hashes.text(row),
                          BodyPlace{.pack = pack,
                                    .offset = static_cast<std::uint64_t>(offsets.whole(row)),
                                    .length = static_cast<std::uint64_t>(lengths.whole(row))});
    }
  };
  const auto paths = captures.files_by_age();
  for (const std::string& newer : paths | std::views::reverse) {
    VORTEX_TRY_VOID(captures.scan_one(newer, counting(bars.version()),
                                      {"sha256", "pack", "offset", "length"}, visit));
    if (newest.size() >= enough) break;
  }
  for (const auto& one : newest | std::views::reverse) {
    known_bodies.note(one.first, one.second);
  }
  known_bodies.set_loaded();
  return {};
}

std::vector<BodyPlace> Dataset::Impl::places_known(const std::vector<SeriesBatch>& batch) const {
  std::vector<const Capture*> all;
  for (const SeriesBatch& series : batch) {
    for (const Capture& capture : series.captures) all.push_back(&capture);
  }
  const FetchAhead fetch(all);
  std::vector<BodyPlace> places(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    fetch.before(i);
    if (const BodyPlace* known = known_bodies.find(all[i]->sha256)) places[i] = *known;
  }
  return places;
}

// Bodies that are not stored yet, or no longer, go into a pack.
Result<void> Dataset::Impl::place_captures(CommitPlan& plan) {
  Wanted wanted = wanted_of(plan);
  if (plan.places && plan.packed == wanted.captures) return {};
  plan.places.reset();
  plan.packed.clear();
  if (wanted.captures.empty()) return {};
  VORTEX_TRY_VOID(load_known_bodies(wanted.captures.size()));
  const auto& known = plan.known_places.get();
  PacksThere packs(*files);
  constexpr std::int32_t kPlaced = -1;
  std::vector<BodyPlace> places(wanted.captures.size());
  std::vector<std::int32_t> number(places.size(), kPlaced);  // among the fresh
  std::vector<const Capture*> fresh;
  TextPool fresh_hashes;
  fresh.reserve(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    const BodyPlace& place = known[wanted.numbers[i]];
    if (place.pack) {
      VORTEX_TRY(const bool there, packs.holds(place));
      if (there) {
        places[i] = place;
        continue;
      }
    }
    number[i] = fresh_hashes.number_of(wanted.captures[i]->sha256);
    if (static_cast<std::size_t>(number[i]) == fresh.size()) fresh.push_back(wanted.captures[i]);
  }
  VORTEX_TRY(const auto written, write_pack(*files, random, fresh));
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (number[i] != kPlaced) places[i] = written[static_cast<std::size_t>(number[i])];
  }
  plan.places = std::move(places);
  plan.packed = std::move(wanted.captures);
  return {};
}

RowWriter capture_rows_of(const CommitPlan& plan, std::int64_t version,
                          const std::string& commit_id) {
  RowWriter rows(captures_table().schema);
  if (plan.packed.empty()) return rows;
  rows.reserve(static_cast<std::int64_t>(plan.packed.size()));
  const FetchAhead fetch(plan.packed);
  MarksText marks_text;
  std::size_t place = 0;
  for (std::size_t i = 0; i < plan.batch.size(); ++i) {
    const SeriesBatch& series = plan.batch[i];
    if (plan.news[plan.owner[i]] == 0 || series.captures.empty()) continue;
    const std::string& marks = plan.refused[plan.owner[i]] ? marks_text.of(marks_of(plan, i))
                                                           : marks_text.of(series.coverage);
    bool first = true;  // once per series is enough
    for (const Capture& capture : series.captures) {
      fetch.before(place);
      write_capture_row(rows, series.key, capture, (*plan.places)[place++]);
      rows.text_or_null(first ? std::string_view(marks) : std::string_view());
      rows.whole(version);
      rows.text(commit_id);
      first = false;
    }
  }
  return rows;
}

void Dataset::Impl::remember_bodies(const CommitPlan& plan) {
  if (!plan.places) return;
  for (std::size_t i = 0; i < plan.packed.size(); ++i) {
    known_bodies.note(plan.packed[i]->sha256, (*plan.places)[i]);
  }
}

}  // namespace vortex
