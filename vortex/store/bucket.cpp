#include "vortex/store/bucket.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <ranges>

namespace vortex {
namespace {

using std::chrono::days;
using std::chrono::year_month_day;

// How long after its end a bucket may still be restated as a matter of course: syncs ask the last
// five bars again.
constexpr Duration kGrace = days{7};
constexpr Duration kIntradayGrace = days{1};

// Decoded rows of a file that a merge holds, and what one takes.
constexpr std::int64_t kGroupRowsMax = std::int64_t{128} * 1024;
constexpr std::int64_t kRowBytes = 64;

constexpr std::ptrdiff_t kSideRunMin =
    16;                                  // files that make a merge of a side table worth a commit
constexpr std::int64_t kSideGrowth = 8;  // so much larger than any file of it a merge must be

enum class Span : std::uint8_t { day, month, year };

Date floor_of(Span span, Date date) {
  const year_month_day parts{date};
  switch (span) {
    case Span::day: return date;
    case Span::month: return parts.year() / parts.month() / 1;
    case Span::year: return parts.year() / 1 / 1;
  }
  return date;
}

Date next_of(Span span, Date start) {
  const year_month_day parts{start};
  switch (span) {
    case Span::day: return start + days{1};
    case Span::month: return Date{parts.year() / parts.month() / 1 + std::chrono::months{1}};
    case Span::year: return Date{parts.year() / 1 / 1 + std::chrono::years{1}};
  }
  return start;
}

struct Placed {
  std::vector<const AddFile*> wide;  // over several buckets
  bool unknown = false;              // some of them tell no times
  std::map<TimePoint, std::vector<const AddFile*>> buckets;
};

Placed place(const std::vector<const AddFile*>& files, Interval interval, TimePoint now) {
  Placed placed;
  for (const AddFile* file : files) {
    const FileStatistics& stats = file->stats;
    if (!stats.timestamp_min || !stats.timestamp_max) {
      placed.wide.push_back(file);
      placed.unknown = true;
      continue;
    }
    const TimePoint first = bucket_of(interval, *stats.timestamp_min, now).start;
    const TimePoint last = bucket_of(interval, *stats.timestamp_max, now).start;
    (first == last ? placed.buckets[first] : placed.wide).push_back(file);
  }
  return placed;
}

std::int64_t bytes_of(const std::vector<const AddFile*>& files) {
  return std::accumulate(files.begin(), files.end(), std::int64_t{0},
                         [](std::int64_t sum, const AddFile* file) { return sum + file->size; });
}

// How many of the files, which all tell their times, lie over the same moment at most.
std::size_t depth_of(const std::vector<const AddFile*>& files) {
  std::vector<TimePoint> starts;
  std::vector<TimePoint> ends;
  starts.reserve(files.size());
  ends.reserve(files.size());
  for (const AddFile* file : files) {
    starts.push_back(*file->stats.timestamp_min);
    ends.push_back(*file->stats.timestamp_max);
  }
  std::ranges::sort(starts);
  std::ranges::sort(ends);
  std::size_t depth = 0;
  std::size_t ended = 0;
  for (std::size_t begun = 0; begun < starts.size(); ++begun) {
    while (ends[ended] < starts[begun]) ++ended;
    depth = std::max(depth, begun + 1 - ended);
  }
  return depth;
}

// Files that follow each other in time, as a load leaves them, are as good as merged.
bool worth_merging(const Placed& placed, const MergePolicy& policy) {
  if (placed.unknown || depth_of(placed.wide) >= policy.wide_files_min) return true;
  return std::ranges::any_of(placed.wide,
                             [](const AddFile* file) { return file->size > kWideBytesMax; });
}

// Files of one bucket that a merge would leave as they are: apart in symbols, and no more of them
// than their rows need.
bool settled(std::vector<const AddFile*> files) {
  if (files.size() < 2) return true;
  std::int64_t rows = 0;
  for (const AddFile* file : files) {
    if (!file->stats.symbol_min || !file->stats.symbol_max || file->stats.rows < 0) return false;
    rows += file->stats.rows;
  }
  std::ranges::sort(files, {}, [](const AddFile* file) { return *file->stats.symbol_min; });
  const auto overlap = [](const AddFile* one, const AddFile* next) {
    return *one->stats.symbol_max >= *next->stats.symbol_min;
  };
  if (std::ranges::adjacent_find(files, overlap) != files.end()) return false;
  const std::int64_t needed = (rows + kFileRowsMax - 1) / kFileRowsMax;
  return static_cast<std::int64_t>(files.size()) <= needed;
}

std::int64_t rows_of(const AddFile* file) {
  return file->stats.rows < 0 ? kFileRowsMax : file->stats.rows;
}

// How many of the files, from the first on, one merge may have open.
std::size_t within_bounds(const std::vector<const AddFile*>& files) {
  std::int64_t buffered = 0;
  std::size_t count = 0;
  for (const AddFile* file : files) {
    buffered += std::min(rows_of(file), kGroupRowsMax) * kRowBytes;
    if (count >= kMergeFilesMax || (count >= 2 && buffered > kMergeBufferedMax)) break;
    ++count;
  }
  return count;
}

// All files where one merge can take them; else the small ones, so that each round leaves fewer of
// them and large ones are left alone.
std::vector<const AddFile*> inputs_of(std::vector<const AddFile*> files) {
  const auto order = [](const AddFile* file) {
    return std::pair(rows_of(file), std::string_view(file->path));
  };
  std::ranges::sort(files, {}, order);
  if (within_bounds(files) == files.size()) return files;
  std::erase_if(files, [](const AddFile* file) { return rows_of(file) >= kFileRowsMax / 2; });
  files.resize(within_bounds(files));
  return files;
}

}  // namespace

TimeRange bucket_of(Interval interval, TimePoint time, TimePoint now) {
  const bool intraday = is_intraday(interval);
  const Span fine = intraday ? Span::day : Span::month;
  const Span coarse = intraday ? Span::month : Span::year;
  const Date closed_before = date_of(now - (intraday ? kIntradayGrace : kGrace));
  const Date open = floor_of(fine, closed_before);
  const Date date = date_of(time);
  if (date >= open) return {midnight(open), TimePoint::max()};
  const Span span = date < floor_of(coarse, closed_before) ? coarse : fine;
  const Date start = floor_of(span, date);
  return {midnight(start), midnight(next_of(span, start))};
}

TimeRange unit_of(Interval interval, TimePoint time, TimePoint now) {
  const TimeRange bucket = bucket_of(interval, time, now);
  if (bucket.end != TimePoint::max()) return bucket;
  const Date date = date_of(time);
  return {midnight(date), midnight(date + std::chrono::days{1})};
}

std::vector<FileCut> cut_into_files(const UnitRows& rows) {
  std::vector<FileCut> files;
  TimePoint end = TimePoint::max();
  std::int64_t count = 0;
  for (const auto& [start, rows_there] : std::views::reverse(rows)) {
    count += rows_there;
    if (count < kCommitFileRowsMin) continue;
    files.push_back({.range = {start, end}, .rows = count});
    end = start;
    count = 0;
  }
  if (files.empty()) files.push_back({.range = {TimePoint::min(), end}, .rows = 0});
  files.back().range.start = TimePoint::min();
  files.back().rows += count;
  std::ranges::reverse(files);
  return files;
}

std::int64_t MergeTask::bytes() const {
  return bytes_of(inputs);
}

std::vector<MergeTask> plan_merges(const std::vector<const AddFile*>& files, Interval interval,
                                   TimePoint now, const MergePolicy& policy) {
  const Placed placed = place(files, interval, now);
  const TimePoint open = bucket_of(interval, now, now).start;
  std::vector<MergeTask> tasks;
  const auto add = [&](const std::vector<const AddFile*>& inputs, bool split) {
    MergeTask task{.inputs = inputs, .split = split};
    if (split) {
      task.inputs.resize(within_bounds(inputs));
    } else {
      task.inputs = inputs_of(inputs);
      if (task.inputs.size() < 2) return;
    }
    if (task.bytes() <= policy.bytes_max) tasks.push_back(std::move(task));
  };
  if (worth_merging(placed, policy)) {
    add(placed.wide, placed.unknown || bytes_of(placed.wide) > kWideBytesMax);
  }
  for (const auto& [start, inside] : placed.buckets) {
    const std::size_t wanted = start == open ? policy.open_files_min : policy.closed_files_min;
    if (inside.size() >= wanted && !settled(inside)) add(inside, false);
  }
  return tasks;
}

std::vector<std::vector<const AddFile*>> plan_side_merges(std::vector<const AddFile*> files,
                                                          bool automatic) {
  std::ranges::sort(files, {}, [](const AddFile* file) {
    return std::pair(file->modification_ms, std::string_view(file->path));
  });
  std::vector<std::vector<const AddFile*>> runs;
  if (automatic) {
    // The newest files, as far back as the oldest of them is a small part of all: so a row is
    // copied only as often as its file's size grows by that factor.
    std::ptrdiff_t run = 0;
    std::int64_t bytes = 0;
    for (std::ptrdiff_t count = 1; count <= std::ssize(files); ++count) {
      const std::int64_t size = files[files.size() - static_cast<std::size_t>(count)]->size;
      bytes += size;
      if (bytes > std::min(kSideBytesMax, kAutomaticBytesMax)) break;
      if (count >= kSideRunMin && size * kSideGrowth <= bytes) run = count;
    }
    if (run > 0) runs.emplace_back(files.end() - run, files.end());
    return runs;
  }
  std::int64_t bytes = 0;
  for (const AddFile* file : files) {
    if (runs.empty() || bytes + file->size > kSideBytesMax) {
      runs.emplace_back();
      bytes = 0;
    }
    bytes += file->size;
    runs.back().push_back(file);
  }
  std::erase_if(runs, [](const auto& run) { return run.size() < 2; });
  return runs;
}

}  // namespace vortex
