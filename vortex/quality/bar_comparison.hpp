// What two providers say of one series: bar by bar and field by field, what differs, what one of
// them lacks, and what is the same number in another unit or on other shares. Pure.
//
// A factor is named once for its run of bars, not told bar by bar: where all four prices of a bar
// have one known ratio (price_factor.hpp), or the volumes of kVolumeRunMin bars in a row. A bar
// among such bars is compared after the factor is taken out, so that an error within a run is still
// found. Bars without a range (all prices equal) show less; they need kFlatRunMin in a row.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"
#include "vortex/model/time_range.hpp"
#include "vortex/quality/price_factor.hpp"

namespace vortex {

inline constexpr std::int64_t kVolumeRunMin = 3;
inline constexpr std::int64_t kFlatRunMin = 3;
inline constexpr double kTicksDefault = 0.5;             // prices that round to one tick are equal
inline constexpr double kPriceToleranceDefault = 1e-4;   // of the price, where no tick is known
inline constexpr double kVolumeToleranceDefault = 1e-3;  // of the volume
inline constexpr std::size_t kDifferencesListedMax = 1'000'000;

enum class BarField : std::uint8_t { open, high, low, close, volume };
inline constexpr std::size_t kBarFields = 5;
std::string_view to_string(BarField field);

// Bars before `before` are shown on shares of which `shares` make one of that time: a tick of that
// time is so much smaller.
struct TickStep {
  TimePoint before;
  double shares = 1;
};

struct CompareOptions {
  std::optional<double> tick;                       // smallest step of the price
  std::vector<TickStep> tick_steps;                 // ascending
  double ticks = kTicksDefault;                     // how far prices may lie apart, in ticks …
  double price_tolerance = kPriceToleranceDefault;  // … or as a share of the price
  double volume_tolerance = kVolumeToleranceDefault;
  // Where a bar that one lacks is missing; none: between the later first and the earlier last bar.
  std::optional<RangeSet> covered;
  std::size_t listed_max = kDifferencesListedMax;  // differences and factors each; all are counted
};

enum class DifferenceKind : std::uint8_t { value, missing_first, missing_second };

struct BarDifference {
  TimePoint time;
  DifferenceKind kind = DifferenceKind::value;
  BarField field = BarField::open;  // of a `value`
  std::optional<double> first;      // as they were given; none: null
  std::optional<double> second;
  Factor factor;  // that was taken out before they were compared
  bool operator==(const BarDifference&) const = default;
};

struct FactorRun {
  Factor factor;
  bool is_volume = false;  // else of the four prices
  TimePoint first;
  TimePoint last;  // the last bar, included
  std::int64_t bars = 0;
  bool operator==(const FactorRun&) const = default;
};

struct FieldSummary {
  std::int64_t differing = 0;
  double largest = 0;  // relative difference; 1 where one has no value
};

struct BarComparison {
  std::int64_t bars_compared = 0;  // both have them, final
  std::int64_t bars_equal = 0;
  std::int64_t bars_scaled = 0;     // equal after a factor
  std::int64_t bars_differing = 0;  // in a field at least
  std::int64_t bars_unfinal = 0;    // can still change at one of them; not compared
  std::int64_t missing_first = 0;   // bars that the first lacks
  std::int64_t missing_second = 0;
  std::array<FieldSummary, kBarFields> fields{};
  std::vector<FactorRun> factors;  // ascending by first bar, prices before volume
  std::int64_t factors_total = 0;
  std::vector<BarDifference> differences;  // ascending by time, then by field
  std::int64_t differences_total = 0;

  bool agree() const { return differences_total == 0 && factors_total == 0; }
  // Share of the bars of either on which both say the same as they stand; 1 where there are none.
  double agreement() const;
};

// Two batches of bar_schema, each ascending by time. Schema error where one is not.
Result<BarComparison> compare_bars(const arrow::RecordBatch& first,
                                   const arrow::RecordBatch& second,
                                   const CompareOptions& options = {});

}  // namespace vortex
