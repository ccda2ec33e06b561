// The one Arrow schema of bars, for every provider (DESIGN §3). Columns that hold one value for a
// whole batch (symbol, provider, interval, adjusted, capture_id) are dictionary-encoded strings: a
// million rows share one index buffer of zeros. The key columns (timestamp, symbol, provider,
// interval) are declared non-null. Thread-safe.
#pragma once

#include <memory>
#include <string_view>

#include <arrow/type_fwd.h>

namespace vortex {

// Positions in the schema.
// NOLINTBEGIN(readability-identifier-naming): array positions, used as the constants they are
enum BarColumn : int {
  kTimestamp = 0,  // timestamp[us, UTC], start of the bar
  kOpen,           // kOpen … kVolume: float64, null = the provider gave none
  kHigh,
  kLow,
  kClose,
  kVolume,
  kSymbol,  // kSymbol … kInterval: dictionary<int32, utf8>
  kProvider,
  kInterval,
  kVwap,  // kVwap … kOpenInterest: float64, optional
  kTradeCount,
  kOpenInterest,
  kAdjusted,            // dictionary<int32, utf8>: none | split | all
  kBasis,               // date32: actions up to that day are already in the price
  kFinal,               // bool: false while the bar can still change
  kTransformTimestamp,  // timestamp[us, UTC]: when the payload was received
  kCaptureId,           // dictionary<int32, utf8>
  kBarColumns,
};
// NOLINTEND(readability-identifier-naming)

const std::shared_ptr<arrow::Schema>& bar_schema();

// The name of a column ("timestamp", …).
std::string_view bar_column_name(BarColumn column);

}  // namespace vortex
