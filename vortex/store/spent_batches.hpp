// Frees what a commit has taken its rows from on a thread of its own: ten thousand batches of one
// row take longer to free than to store. Few are freed in place, so that small commits, and
// simulated time, start no thread. Not thread-safe; waits for its thread when it goes.
#pragma once

#include <cstddef>
#include <thread>
#include <vector>

#include "vortex/store/dataset.hpp"

namespace vortex {

class SpentBatches {
 public:
  // Waits for those handed over before, so that never more than one commit's are held.
  void free(std::vector<SeriesBatch> batches);

 private:
  std::jthread thread_;
};

}  // namespace vortex
