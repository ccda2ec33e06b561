#include "vortex/engine/run_plan.hpp"

#include <set>
#include <tuple>
#include <utility>

#include "vortex/engine/series_plan.hpp"

namespace vortex {
namespace {

ItemReport blank_report(const SyncItem& item) {
  return {.symbol = item.symbol.text(),
          .provider = item.providers.empty() ? "" : item.providers.front(),
          .interval = item.interval};
}

}  // namespace

std::vector<PlannedItem> plan_items(const SyncRequest& request, const RouteContext& context,
                                    SyncReport& report) {
  std::vector<PlannedItem> items;
  std::set<std::tuple<std::string, std::string, Interval>> seen;  // a repeat would race with itself
  for (const SyncItem& item : request.items) {
    ItemReport entry = blank_report(item);
    PlannedItem planned{.route = {.request = {.symbol = item.symbol, .interval = item.interval}}};
    if (Result<Routed> routed = route_item(item, context)) {
      entry.provider = routed->provider->name();
      entry.notes = routed->notes;
      planned.ranges = {routed->request.range};
      planned.route = std::move(*routed);
    } else {
      entry.status = ItemStatus::failed;
      entry.error = std::move(routed).error();
    }
    if (!seen.emplace(entry.provider, entry.symbol, entry.interval).second) continue;
    report.items.push_back(std::move(entry));
    items.push_back(std::move(planned));
  }
  return items;
}

Result<void> subtract_stored(std::vector<PlannedItem>& items, Dataset& dataset, int overlap_bars) {
  std::vector<SeriesKey> keys;
  std::vector<PlannedItem*> routed;
  for (PlannedItem& item : items) {
    if (item.route.provider == nullptr) continue;
    keys.push_back({std::string(item.route.provider->name()), item.route.request.symbol.text(),
                    item.route.request.interval});
    routed.push_back(&item);
  }
  VORTEX_TRY(const std::vector<SeriesState> states, dataset.states(keys));
  for (std::size_t i = 0; i < routed.size(); ++i) {
    routed[i]->ranges = ranges_to_ask(states[i], routed[i]->route.request.range, overlap_bars);
  }
  return {};
}

void note_plan(const std::vector<PlannedItem>& items, TimePoint now, SyncReport& report) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    ItemReport& entry = report.items[i];
    if (items[i].ranges.empty()) continue;
    entry.range = TimeRange{items[i].ranges.front().start, items[i].ranges.back().end};
    for (const TimeRange& range : items[i].ranges) {
      BarsRequest request = items[i].route.request;
      request.range = range;
      // A range that cannot be planned fails its item when it is its turn, with the same error.
      if (const auto calls = items[i].route.provider->adapter->plan(request, now)) {
        entry.calls_planned += static_cast<std::int64_t>(calls->size());
      }
    }
    report.calls.planned += entry.calls_planned;
  }
}

}  // namespace vortex
