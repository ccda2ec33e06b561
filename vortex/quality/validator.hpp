// Judges a decoded batch row by row: what is wrong goes to quarantine with its reasons, what is odd
// is kept and counted as a warning. Pure and safe from any thread; runs after every decode.
//
// Decisions that are not in the rule table:
// - Prices are compared exactly: high == close is fine, one ulp below is not.
// - Of bars with the same time the last received stays, as in an upsert, unless it is a partial one
//   (final = false) after a final one. A quarantined bar does not count as "the other one".
// - Where time goes back, the bar is blamed that makes the rest unordered: in 1 2 9 3 4 it is 9.
// - Jumps are judged against the last good close. A bar that lies kJumpFactor away is quarantined
// when
//   the old level comes back within kJumpRowsMax bars (a mix of pence and pounds, a split applied
//   to one day), else the new level is believed and warned of once. A high or low alone is
//   quarantined only in a narrow band around ×100, so that flash crashes, which reach other
//   factors, stay. Token launches and sub-penny shares that really move so far and back within
//   kJumpRowsMax bars are false positives: they are in quarantine, not lost.
// - A series with a negative price (spreads, oil in April 2020) has no scale: zeros are legal in it
// and
//   jumps are not judged. A worthless instrument quoted at 0 after better days is quarantined.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"
#include "vortex/model/time_range.hpp"
#include "vortex/quality/rule.hpp"

namespace vortex {

inline constexpr double kJumpFactor = 50;         // 100 less a real move of 2 the other way
inline constexpr double kSamePriceLevel = 10;     // within this factor the old level is back
inline constexpr std::int64_t kJumpRowsMax = 64;  // a longer stay is a new level
inline constexpr double kSingleJumpMin = 80;      // one price of a bar off by a unit of 100 …
inline constexpr double kSingleJumpMax = 125;     // … give or take the bar's own range
inline constexpr std::size_t kRowTextBytesMax = 1024;

struct QuarantinedRow {
  std::int64_t row = 0;  // position in the batch judged
  RuleSet reasons = 0;   // errors only
  bool operator==(const QuarantinedRow&) const = default;
};

struct ValidationOptions {
  TimeRange range{TimePoint::min(), TimePoint::max()};  // rows outside are errors
};

struct BatchVerdict {
  std::shared_ptr<arrow::RecordBatch> good;     // the batch itself where nothing was wrong
  std::vector<QuarantinedRow> quarantined;      // ascending
  std::array<std::int64_t, kRuleCount> hits{};  // rows per rule
  std::int64_t rows = 0;

  std::int64_t errors() const { return static_cast<std::int64_t>(quarantined.size()); }
  std::int64_t warnings() const;  // hits of warning rules
  std::int64_t hits_of(Rule rule) const { return hits[static_cast<std::size_t>(rule)]; }
};

// One series (one symbol, one interval) in the columns of bar_schema, found by position; a schema
// error names the column that is missing or of another type. An empty interval name: the grid is
// not judged.
Result<BatchVerdict> validate(const std::shared_ptr<arrow::RecordBatch>& batch,
                              const ValidationOptions& options = {});

// One row as text of at most 1 KiB, for quarantine and messages: "timestamp=2024-01-02 open=1.5 …".
std::string row_text(const arrow::RecordBatch& batch, std::int64_t row);

}  // namespace vortex
