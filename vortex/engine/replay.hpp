// Makes a dataset again from the raw captures of another: every kept answer, in the order it was
// recorded, is decoded, checked and committed by the functions a sync uses, with the time at which
// it was received. For the ranges whose captures exist the rows come out equal in every column,
// with the same revisions, quarantine, actions and instruments; the others are named. Versions keep
// their numbers and times: where the first dataset had a compaction stands a version without a
// change.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "vortex/config/settings.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/provider/registry.hpp"
#include "vortex/store/provenance.hpp"

namespace vortex {

// Answers of one series that could not be read again, for one reason.
struct LostCaptures {
  SeriesKey key;
  std::string reason;  // gone (no longer kept) | damaged | refused (by today's decoder)
  std::int64_t captures = 0;
  RangeSet ranges;  // what they were asked about
  Error first;      // of the first of them
};

struct ReplayReport {
  std::string from;  // paths, and the datasets' ids
  std::string into;
  std::string source_id;
  std::string dataset_id;
  std::int64_t source_version = -1;
  std::int64_t table_version = -1;
  std::int64_t commits = 0;   // that were made again
  std::int64_t captures = 0;  // that were read again
  RowCounts rows;
  std::vector<LostCaptures> lost;
  std::vector<RowsWithoutCapture> other_ways;  // rows that no kept answer brought
  Duration elapsed = Duration::zero();

  std::string_view status() const;  // ok | partial
  int exit_code() const;            // 0, 8 when something could not be made again
  std::string to_json() const;
};

struct ReplayProgress {
  std::int64_t commits_done = 0;
  std::int64_t commits_total = 0;
  std::int64_t captures = 0;
};

struct ReplayHooks {
  std::function<void(const ReplayProgress&)> progress;  // once a commit; may be empty
  std::stop_token stop;  // requested: ends with `cancelled`, and nothing is left behind
};

struct ReplayParts {
  const ProviderRegistry* providers = nullptr;
  const Settings* settings = nullptr;
  const Clock* clock = nullptr;
  ReplayHooks hooks;
};

// `into` must not exist; it appears whole at the end. An unfinished `into`.partial of an earlier
// run is thrown away. usage: `into` is there, or lies in `from`; not_found: there are no captures.
Result<ReplayReport> replay_dataset(const std::string& from, const std::string& into,
                                    const ReplayParts& parts);

// The middle of it, for a target that is open: `time` is the target's clock, and is set to the time
// of each commit.
Result<ReplayReport> replay_captures(Dataset& source, Dataset& target, ManualClock& time,
                                     const ReplayParts& parts);

}  // namespace vortex
