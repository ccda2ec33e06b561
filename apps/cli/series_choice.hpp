// Which stored series a command means: of one provider, never a mix; and as of which version.
#pragma once

#include <string>
#include <vector>

#include "vortex/config/settings.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex::cli {

struct SeriesWanted {
  std::string symbol;
  Interval interval = Interval::d1;
  std::vector<std::string> providers;  // --provider, in order; empty: not given
};

// --provider, else the only one, else the first of a job that has the series. Not_found names the
// nearest symbol, or the intervals and providers there are; usage where several could be meant.
// Series without bars count only where `even_without_bars`.
Result<SeriesKey> choose_series(const SeriesWanted& wanted, const Settings& settings,
                                const std::vector<SeriesState>& states, const std::string& path,
                                bool even_without_bars = false);

// --as-of: "12" is a version, anything else a moment.
Result<AsOf> parse_as_of(const std::string& text);

}  // namespace vortex::cli
