#include "vortex/engine/gap_report.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "vortex/base/suggest.hpp"
#include "vortex/engine/route.hpp"
#include "vortex/engine/series_plan.hpp"

namespace vortex {
namespace {

constexpr std::size_t kSeriesAtOnce = 64;  // whose stamps are in memory at the same time

using Items = std::map<SeriesKey, SyncItem>;

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::ranges::find(names, name) != names.end();
}

bool is_asked(const GapQuestion& question, const SeriesKey& key) {
  return holds(question.symbols, key.symbol) && holds(question.providers, key.provider) &&
         (!question.interval || *question.interval == key.interval);
}

// What the jobs want of the first of their providers.
Result<Items> wanted_by_jobs(const Settings& settings) {
  Items wanted;
  VORTEX_TRY(const auto items, items_of_jobs(settings));
  for (const SyncItem& item : items) {
    if (item.providers.empty()) continue;
    wanted.try_emplace({item.providers.front(), item.symbol.text(), item.interval}, item);
  }
  return wanted;
}

std::optional<TimePoint> first_known(const SeriesState& state) {
  std::optional<TimePoint> first = state.first_bar;
  if (!state.coverage.empty())
    first = std::min(first.value_or(TimePoint::max()), state.coverage.front().range.start);
  return first;
}

// From when on the provider serves, as routing would cut the range.
std::optional<TimePoint> served_from(const GapSources& sources, const SeriesKey& key,
                                     TimeRange wanted) {
  auto symbol = Symbol::parse(key.symbol);
  if (!symbol) return std::nullopt;
  const SyncItem item{.symbol = std::move(*symbol),
                      .providers = {key.provider},
                      .interval = key.interval,
                      .since = wanted.start,
                      .until = wanted.end};
  const Route route = route_item(
      item, {.providers = &sources.providers, .settings = &sources.settings, .now = sources.now});
  if (!route.first || route.first->request.range.start <= wanted.start) return std::nullopt;
  return route.first->request.range.start;
}

struct Known {
  const Items& wanted;
  const InstrumentTable& instruments;
};

SeriesFacts facts_of(const GapSources& sources, const GapQuestion& question, const Known& known,
                     SeriesState state) {
  SeriesFacts facts{.now = sources.now};
  const SeriesKey& key = state.key;
  facts.calendar = calendar_of(sources.calendars, known.instruments, key);
  if (const auto found = known.instruments.find({key.provider, key.symbol});
      found != known.instruments.end())
    facts.first_trade = found->second.first_trade;
  std::optional<TimePoint> since = question.since;
  if (const auto job = known.wanted.find(key); !since && job != known.wanted.end())
    since = job->second.since;
  if (!since) since = first_known(state);
  const TimePoint until = question.until.value_or(default_until(key.interval, sources.now));
  facts.wanted = {since.value_or(until), until};
  facts.served_from = served_from(sources, key, facts.wanted);
  facts.state = std::move(state);
  return facts;
}

Result<void> check_symbols(const GapQuestion& question, const std::vector<SeriesState>& states) {
  std::vector<std::string_view> names;
  names.reserve(states.size());
  for (const SeriesState& state : states) names.push_back(state.key.symbol);
  for (const std::string& symbol : question.symbols) {
    if (std::ranges::find(names, symbol) != names.end()) continue;
    return fail(ErrorCode::unknown_name,
                fmt::format("no series of '{}' here, and no job wants it{}", symbol,
                            did_you_mean(symbol, names)));
  }
  return {};
}

}  // namespace

std::optional<SessionCalendar> calendar_of(const CalendarBook& calendars,
                                           const InstrumentTable& instruments,
                                           const SeriesKey& key) {
  const auto known = instruments.find({key.provider, key.symbol});
  if (known != instruments.end()) return calendars.of(known->second);
  return calendars.of({.provider = key.provider, .symbol = key.symbol});
}

Result<void> for_each_gaps(const GapSources& sources, const GapQuestion& question,
                           const VisitGaps& visit) {
  VORTEX_TRY(const Items wanted, wanted_by_jobs(sources.settings));
  VORTEX_TRY(std::vector<SeriesState> states, sources.dataset.all_states());
  std::set<SeriesKey> stored;
  for (const SeriesState& state : states) stored.insert(state.key);
  for (const auto& [key, item] : wanted) {
    if (!stored.contains(key)) states.push_back({.key = key});
  }
  VORTEX_TRY_VOID(check_symbols(question, states));
  VORTEX_TRY(const InstrumentTable instruments, sources.dataset.instruments());
  std::erase_if(states, [&](const SeriesState& state) { return !is_asked(question, state.key); });
  std::ranges::sort(states, {}, &SeriesState::key);
  const Known known{.wanted = wanted, .instruments = instruments};
  for (std::size_t begin = 0; begin < states.size(); begin += kSeriesAtOnce) {
    const std::size_t end = std::min(states.size(), begin + kSeriesAtOnce);
    std::vector<SeriesKey> keys;
    for (std::size_t i = begin; i < end; ++i) keys.push_back(states[i].key);
    VORTEX_TRY(auto stamps, sources.dataset.stamps(keys));
    for (std::size_t i = begin; i < end; ++i) {
      SeriesFacts facts = facts_of(sources, question, known, std::move(states[i]));
      facts.stamps = std::move(stamps[i - begin]);
      visit(facts, find_gaps(facts));
    }
  }
  return {};
}

}  // namespace vortex
