// Two providers' stored bars of one series against each other, on one basis: reads the dataset,
// asks nobody. `vortex diff` shows what it says.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/model/adjustment.hpp"
#include "vortex/quality/bar_comparison.hpp"
#include "vortex/store/dataset.hpp"
#include "vortex/telemetry/event_bus.hpp"
#include "vortex/telemetry/meters.hpp"

namespace vortex {

// The metrics, each labelled "FIRST,SECOND" in the order they were named.
inline constexpr std::string_view kDiffBarsFamily = "vortex_diff_bars_total";
inline constexpr std::string_view kDiffDifferencesFamily = "vortex_diff_differences_total";
inline constexpr std::string_view kDiffAgreementFamily = "vortex_diff_agreement_ratio";

struct DiffQuestion {
  std::string symbol;
  Interval interval = Interval::d1;
  TimeRange range{TimePoint::min(), TimePoint::max()};
  std::array<std::string, 2> providers;  // two different ones
  // None: split, or all where one of them cannot be shown without its dividends.
  std::optional<Adjustment> adjust;
  Date today = Date::max();  // splits announced for later are in no price
  double ticks = kTicksDefault;
  double price_tolerance = kPriceToleranceDefault;
  double volume_tolerance = kVolumeToleranceDefault;
  std::size_t listed_max = kDifferencesListedMax;
};

struct DiffSide {
  SeriesKey key;
  std::int64_t rows = 0;              // in the range
  std::vector<std::string> adjusted;  // as its rows are stored: none, split, all
  std::int64_t splits = 0;            // known of it, in the range and later
  std::int64_t dividends = 0;
};

struct DiffAnswer {
  DiffQuestion question;
  Adjustment adjust = Adjustment::split;  // what both were brought to
  std::int64_t table_version = -1;
  std::optional<double> tick;  // the larger of the two; none: the share of the price counts
  RangeSet covered;            // what both were asked for, in the range
  std::array<DiffSide, 2> sides;
  BarComparison comparison;
  std::vector<std::string> notes;  // what the comparison could not do
};

// Not_found where a provider has no bars of it, with the sync that gets them.
Result<DiffAnswer> diff_providers(Dataset& dataset, const DiffQuestion& question);

// The summary as one event (data.compared) and three metrics.
void publish_diff(const DiffAnswer& answer, TimePoint now, EventBus& events, Meters& meters);

}  // namespace vortex
