// The gaps of the series of a dataset: brings stamps, coverage, instruments and calendars together,
// some series at a time so that memory stays bounded. Blocking; belongs to the dataset's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vortex/config/settings.hpp"
#include "vortex/engine/gap_plan.hpp"
#include "vortex/model/calendar_book.hpp"
#include "vortex/provider/registry.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex {

struct GapQuestion {
  std::vector<std::string> symbols;    // empty: all
  std::vector<std::string> providers;  // empty: all
  std::optional<Interval> interval;
  std::optional<TimePoint> since;  // none: the job's, else the first that was ever asked or stored
  std::optional<TimePoint> until;  // none: now
};

struct GapSources {
  Dataset& dataset;
  const CalendarBook& calendars;
  const Settings& settings;
  const ProviderRegistry& providers;
  TimePoint now;
};

// Calls `visit` for each series that is stored or belongs to a job, by provider, symbol, interval.
// Fails with unknown_name where a symbol asked for is neither.
using VisitGaps = std::function<void(const SeriesFacts& facts, const SeriesGaps& gaps)>;
Result<void> for_each_gaps(const GapSources& sources, const GapQuestion& question,
                           const VisitGaps& visit);

// The calendar of a series, after what is known of its instrument. None: unknown.
std::optional<SessionCalendar> calendar_of(const CalendarBook& calendars,
                                           const InstrumentTable& instruments,
                                           const SeriesKey& key);

}  // namespace vortex
