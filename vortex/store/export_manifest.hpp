// What an export's directory holds and where it came from, so that it can be checked and made
// again: one JSON file beside the exported ones. Without times of the clock: the same version of a
// dataset gives the same bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"

namespace vortex {

// Begins with '_': readers of whole directories (Arrow, Spark) pass over such names.
inline constexpr std::string_view kExportManifestName = "_vortex-export.json";

struct ExportedFile {
  std::string path;  // inside the directory, '/' between folder and name
  std::string symbol;
  std::string provider;
  std::int64_t rows = 0;
  std::optional<TimePoint> first_bar;  // stamps as in the dataset
  std::optional<TimePoint> last_bar;
  std::int64_t bytes = 0;
  std::string sha256;  // empty: being written
  bool operator==(const ExportedFile&) const = default;
};

// A series that was asked for and has no file.
struct ExportLeftOut {
  std::string symbol;
  std::string provider;
  std::string reason;
  bool failed = false;  // the format cannot hold it; else it is empty
  bool operator==(const ExportLeftOut&) const = default;
};

struct ExportManifest {
  bool complete = false;  // false: an export began to write and did not end
  std::string format;
  std::string dataset_id;
  std::int64_t table_version = -1;
  std::string as_of;  // as it was asked: a version or a time; empty: the newest
  std::string interval;
  std::string adjust;
  std::string since;  // empty: from the first bar
  std::string until;  // empty: to the last
  std::vector<ExportedFile> files;
  std::vector<ExportLeftOut> left_out;
  bool operator==(const ExportManifest&) const = default;
};

std::string to_json(const ExportManifest& manifest);
Result<ExportManifest> parse_export_manifest(std::string_view text);  // corrupt

}  // namespace vortex
