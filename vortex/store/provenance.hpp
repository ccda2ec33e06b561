// Where stored rows came from: the captures, revisions and quarantined rows of a dataset as plain
// values, in the order they were recorded, and how long raw bodies are kept. Read by the functions
// of Dataset that name them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/time.hpp"
#include "vortex/model/time_range.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex {

// The columns a revision tells of, in its order.
inline constexpr std::array<std::string_view, 8> kRevisedFields = {
    "open", "high", "low", "close", "volume", "vwap", "trade_count", "open_interest"};

// One answer that was kept.
struct CaptureRow {
  SeriesKey key;
  std::string id;
  std::string sha256;
  std::string pack;  // "raw/<uuid>.pack"; the body is gone when there is no such file
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t body_bytes = 0;
  TimeRange range;      // what was asked
  std::string request;  // redacted
  int status = 0;
  std::string headers;  // JSON of the kept ones
  TimePoint received_at;
  std::vector<CoverageMark> coverage;  // what the series' answers taught; with its first capture
  std::int64_t bars_version = -1;
};

// The captures of one commit; where the table's files were merged, of the commits that stand on one
// version, in their order.
struct CaptureGroup {
  std::int64_t bars_version = -1;  // the version it made, or stood on where it changed no bars
  std::int64_t base_version = -1;  // the version it was planned against
  std::string commit_id;           // empty: it changed no bars, or its files were merged
  std::optional<TimePoint> committed_at;  // when its version was made; for the first of a version
  std::vector<std::string> files;         // of the captures table
};

// A value that changed. NaN: there was none.
struct RevisionRow {
  SeriesKey key;
  TimePoint timestamp;
  std::string kind;  // restated | split | finalised
  std::array<double, kRevisedFields.size()> before{};
  std::array<double, kRevisedFields.size()> after{};
  std::string old_capture_id;
  std::string new_capture_id;
  std::optional<TimePoint> noticed_at;  // when the answer that says so was received
  std::int64_t bars_version = -1;
};

struct QuarantineRow {
  SeriesKey key;
  std::optional<TimePoint> timestamp;
  std::string reasons;  // "Q07,Q09"
  std::string row_text;
  std::string capture_id;
  std::optional<TimePoint> noticed_at;
  std::int64_t bars_version = -1;
};

// Rows of a series whose capture is not in the dataset: they were not brought by a kept answer.
struct RowsWithoutCapture {
  SeriesKey key;
  std::int64_t rows = 0;
  TimeRange range;  // of their stamps
};

// How long raw bodies are kept (`raw.keep`, `raw.max`).
struct RawRetention {
  Duration keep = std::chrono::days(400);
  std::uint64_t bytes_max = 20ull << 30;
};

struct RetentionReceipt {
  std::int64_t packs_removed = 0;
  std::uint64_t bytes_removed = 0;
  std::int64_t packs_kept = 0;
  std::uint64_t bytes_kept = 0;
};

}  // namespace vortex
