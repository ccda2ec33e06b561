#include "vortex/store/spent_batches.hpp"

#include <system_error>
#include <utility>

#include <arrow/record_batch.h>

#include "vortex/base/log.hpp"
#include "vortex/store/beside.hpp"

namespace vortex {

void SpentBatches::free(std::vector<SeriesBatch> batches) {
  if (batches.size() <= kSeriesAloneMax) return;
  try {
    thread_ = std::jthread([spent = std::move(batches)]() mutable { spent.clear(); });
  } catch (const std::system_error& error) {
    log::debug("freed in place: {}", error.what());  // no thread to be had
  }
}

}  // namespace vortex
