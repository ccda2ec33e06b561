// Exports: series of one version of a dataset as files other tools take as they are
// (docs/exports.md). Belongs to the dataset's thread. The same version and request give the same
// bytes, whenever it is made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/model/adjustment.hpp"
#include "vortex/model/time_range.hpp"
#include "vortex/store/dataset.hpp"
#include "vortex/store/export_format.hpp"
#include "vortex/store/export_manifest.hpp"

namespace vortex {

class FileSystem;

struct ExportRequest {
  ExportFormat format = ExportFormat::csv;
  std::vector<SeriesKey> series;  // of one interval, each symbol once; written in order of symbol
  TimeRange range{TimePoint::min(), TimePoint::max()};
  Adjustment adjust = Adjustment::split;
  AsOf as_of;
  bool force = false;  // see ExportDirectory
};

struct ExportReport {
  ExportManifest manifest;         // as it stands in the directory
  std::int64_t files_written = 0;  // the others held the same bytes already
  std::vector<std::string> notes;  // what a user should know: "AAPL: 3 volumes above …"
};

// `target` is rooted at the export's directory, which may be absent. Fails before the first file is
// written for a refused directory (usage); with disk_full or storage in between: then files are
// whole, old or new, and the manifest says "writing".
Result<ExportReport> export_series(Dataset& dataset, FileSystem& target, ExportRequest request);

}  // namespace vortex
