// Brings a file that somebody saved by hand into the dataset, by the way of any answer: decoded by
// its provider's adapter, judged, its bytes kept as a raw capture, committed. So `why` and `replay`
// know it. Blocking; one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vortex/config/settings.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/provider/registry.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex {

struct ImportRequest {
  std::string name;  // of the file, without its folder
  std::string bytes;
  std::optional<Symbol> symbol;      // none: told by the file
  std::optional<Interval> interval;  // none: told by the file
  std::optional<BarLabels> labels;   // none: as the provider writes them
  std::string provider = "barchart";
};

struct ImportedFile {
  std::string symbol;
  std::string provider;
  Interval interval = Interval::d1;
  std::optional<TimeRange> range;     // of its bars; none: no bar was kept
  std::optional<TimePoint> saved_at;  // as the file says
  RowCounts rows;
  std::int64_t rows_unfinal = 0;  // could still change when the file was saved: left out
  std::int64_t slots_empty = 0;
  QualityReport quality;
  std::int64_t table_version = -1;
  bool committed = false;  // false: nothing was new
};

struct ImportParts {
  const ProviderRegistry* providers = nullptr;
  const Settings* settings = nullptr;
  const Clock* clock = nullptr;
};

// Whole or not at all. Fails with schema, bad_payload or truncated for a file that cannot be read,
// usage where symbol or interval cannot be told, storage; the dataset is then as before.
Result<ImportedFile> import_file(Dataset& dataset, const ImportParts& parts, ImportRequest request);

}  // namespace vortex
