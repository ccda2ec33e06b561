// Progress of a sync: one redrawn line on a terminal, one line a minute elsewhere.
#pragma once

#include "vortex/engine/sync.hpp"

#include "apps/cli/output.hpp"

namespace vortex::cli {

class ProgressLine {
 public:
  explicit ProgressLine(Output& output) : output_(output) {}

  void show(const SyncProgress& progress);
  void clear();  // takes the redrawn line away

 private:
  static constexpr Duration kQuietTime = std::chrono::minutes(1);

  Output& output_;
  Duration shown_at_ = Duration::zero();
  bool drawn_ = false;
};

// "7/12 symbols, 1 failed, 35000 rows, 17500 rows/s, 8 calls, 2.0s, ETA 1.4s"; the ETA only once
// something is done.
std::string progress_text(const SyncProgress& progress);

}  // namespace vortex::cli
