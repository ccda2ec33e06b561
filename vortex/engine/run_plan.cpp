#include "vortex/engine/run_plan.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "vortex/engine/allowance_plan.hpp"
#include "vortex/engine/gap_report.hpp"
#include "vortex/engine/series_plan.hpp"

namespace vortex {
namespace {

ItemReport blank_report(const SyncItem& item) {
  return {.symbol = item.symbol.text(),
          .provider = item.providers.empty() ? "" : item.providers.front(),
          .interval = item.interval};
}

// All that is wanted, or the ranges given, as far as the provider serves them.
std::vector<PlannedRange> ranges_wanted(const SyncItem& item, TimeRange served) {
  if (item.only.empty()) return {{.range = served}};
  std::vector<PlannedRange> ranges;
  for (const TimeRange& one : item.only) {
    const TimeRange part{std::max(one.start, served.start), std::min(one.end, served.end)};
    if (!part.empty()) ranges.push_back({.range = part});
  }
  return ranges;
}

PlannedRoute planned_route(const SyncItem& item, Routed routed) {
  std::vector<PlannedRange> ranges = ranges_wanted(item, routed.request.range);
  return {.route = std::move(routed), .ranges = std::move(ranges)};
}

// Every provider's part of the items that are no repairs and were routed.
std::vector<PlannedRoute*> routes_of(std::vector<PlannedItem>& items) {
  std::vector<PlannedRoute*> routes;
  routes.reserve(items.size());
  for (PlannedItem& item : items) {
    if (item.route.provider == nullptr || item.is_repair) continue;
    routes.push_back(&item);
    for (PlannedRoute& other : item.others) routes.push_back(&other);
  }
  return routes;
}

std::vector<PlannedRange> updates_first(const SeriesState& state,
                                        const std::vector<TimeRange>& ranges) {
  std::vector<PlannedRange> updates;
  std::vector<PlannedRange> backlog;
  for (const TimeRange& range : ranges) {
    const bool is_update = !state.last_bars.empty() && range.start >= state.last_bars.front();
    (is_update ? updates : backlog).push_back({.range = range, .is_update = is_update});
  }
  updates.insert(updates.end(), backlog.begin(), backlog.end());
  return updates;
}

bool goes_today(const PlannedRange& range) {
  return range.calls_now > 0;
}
bool goes_whole(const PlannedRange& range) {
  return range.calls_now >= range.calls;
}

void defer(ItemReport& item, const std::string& rule, TimePoint retry_at) {
  item.status = ItemStatus::deferred;
  item.error = deferred_until(rule, retry_at);
}

// Items of that provider of which no call may go today.
void defer_items(const std::vector<PlannedItem>& items, const std::string& provider,
                 const AllowanceUse& day, SyncReport& report) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const PlannedItem& item = items[i];
    if (item.route.provider == nullptr || item.route.provider->name() != provider) continue;
    if (item.ranges.empty() || std::ranges::any_of(item.ranges, goes_today)) continue;
    defer(report.items[i], day.rule, day.resets_at);
  }
}

}  // namespace

std::vector<PlannedItem> plan_items(const SyncRequest& request, const RouteContext& context,
                                    SyncReport& report) {
  std::vector<PlannedItem> items;
  std::set<std::tuple<std::string, std::string, Interval>> seen;  // a repeat would race with itself
  for (const SyncItem& item : request.items) {
    ItemReport entry = blank_report(item);
    PlannedItem planned{{.route = {.request = {.symbol = item.symbol, .interval = item.interval}}},
                        {},
                        !item.only.empty()};
    Route route = route_item(item, context);
    entry.skipped = std::move(route.skipped);
    if (route.first) {
      entry.provider = route.first->provider->name();
      entry.notes = route.first->notes;
      static_cast<PlannedRoute&>(planned) = planned_route(item, std::move(*route.first));
    } else {
      if (!item.providers.empty()) entry.provider = item.providers.back();
      entry.status = ItemStatus::failed;
      entry.error = std::move(route.error);
    }
    if (!seen.emplace(entry.provider, entry.symbol, entry.interval).second) continue;
    for (Routed& other : route.others)
      planned.others.push_back(planned_route(item, std::move(other)));
    report.items.push_back(std::move(entry));
    items.push_back(std::move(planned));
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::erase_if(items[i].others, [&](const PlannedRoute& other) {
      const ItemReport& entry = report.items[i];
      return !seen.emplace(other.route.provider->name(), entry.symbol, entry.interval).second;
    });
  }
  return items;
}

Result<void> subtract_stored(std::vector<PlannedItem>& items, Dataset& dataset, int overlap_bars) {
  std::vector<SeriesKey> keys;
  const std::vector<PlannedRoute*> routed = routes_of(items);
  keys.reserve(routed.size());
  for (const PlannedRoute* one : routed) {
    keys.push_back({std::string(one->route.provider->name()), one->route.request.symbol.text(),
                    one->route.request.interval});
  }
  VORTEX_TRY(const std::vector<SeriesState> states, dataset.states(keys));
  VORTEX_TRY_VOID(dataset.make_durable());  // what is not asked for again is told to be stored
  for (std::size_t i = 0; i < routed.size(); ++i) {
    routed[i]->ranges = updates_first(
        states[i], ranges_to_ask(states[i], routed[i]->route.request.range, overlap_bars));
  }
  return {};
}

Result<void> drop_closed_ranges(std::vector<PlannedItem>& items, Dataset& dataset,
                                const CalendarBook& calendars, TimePoint now) {
  const bool any = std::ranges::any_of(
      items, [](const PlannedItem& item) { return !item.is_repair && !item.ranges.empty(); });
  if (!any) return {};
  VORTEX_TRY(const InstrumentTable instruments, dataset.instruments());
  for (PlannedRoute* item : routes_of(items)) {
    const BarsRequest& request = item->route.request;
    const auto calendar = calendar_of(
        calendars, instruments,
        {std::string(item->route.provider->name()), request.symbol.text(), request.interval});
    if (!calendar) continue;
    std::erase_if(item->ranges, [&](const PlannedRange& planned) {
      return !may_hold_bars(*calendar, request.interval, planned.range, now);
    });
  }
  return {};
}

void count_calls(PlannedRoute& planned, TimePoint now, ItemReport& report) {
  report.calls_planned = 0;
  report.range.reset();
  for (PlannedRange& range : planned.ranges) {
    BarsRequest request = planned.route.request;
    request.range = range.range;
    // A range that cannot be planned fails its item when it is its turn, with the same error: it
    // is let through.
    range.calls_now = 1;
    if (const auto calls = planned.route.provider->adapter->plan(request, now)) {
      range.calls = std::ssize(*calls);
      range.calls_now = range.calls;
    }
    report.calls_planned += range.calls;
    report.range = report.range ? TimeRange{std::min(report.range->start, range.range.start),
                                            std::max(report.range->end, range.range.end)}
                                : range.range;
  }
}

void note_plan(std::vector<PlannedItem>& items, TimePoint now, SyncReport& report) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    count_calls(items[i], now, report.items[i]);
    report.calls.planned += report.items[i].calls_planned;
  }
}

Error deferred_until(const std::string& rule, TimePoint retry_at) {
  Error error{.code = ErrorCode::deferred,
              .message = fmt::format("today's allowance ({}) is needed for other calls", rule)};
  error.retry_at = retry_at;
  return error;
}

void apply_allowances(std::vector<PlannedItem>& items,
                      const std::map<std::string, AllowanceUse>& days, double reserve,
                      SyncReport& report) {
  for (const auto& [provider, day] : days) {
    std::vector<PlannedRange*> ranges;
    std::vector<WantedCalls> wanted;
    bool is_asked = false;  // at first, not only in another's place
    for (PlannedItem& item : items) {
      if (item.route.provider == nullptr || item.route.provider->name() != provider) continue;
      is_asked = true;
      for (PlannedRange& range : item.ranges) {
        ranges.push_back(&range);
        wanted.push_back({.calls = range.calls, .is_update = range.is_update});
      }
    }
    if (!is_asked) continue;
    const AllowancePlan plan = plan_allowance(
        wanted, {.limit = day.limit, .left = day.limit - day.used, .resets_at = day.resets_at},
        reserve);
    for (std::size_t i = 0; i < ranges.size(); ++i)
      if (ranges[i]->calls > 0) ranges[i]->calls_now = plan.calls_now[i];
    report.allowances.push_back({.provider = provider,
                                 .rule = day.rule,
                                 .limit = day.limit,
                                 .left = day.limit - day.used,
                                 .resets_at = day.resets_at,
                                 .calls_now = plan.go,
                                 .calls_waiting = plan.wait,
                                 .reserved = plan.reserved,
                                 .done_after = plan.done_after});
    defer_items(items, provider, day, report);
  }
}

const AllowanceReport* allowance_of(const SyncReport& report, const std::string& provider) {
  const auto found = std::ranges::find(report.allowances, provider, &AllowanceReport::provider);
  return found == report.allowances.end() ? nullptr : &*found;
}

void defer_cut_items(const std::vector<PlannedItem>& items, SyncReport& report) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const AllowanceReport* day = allowance_of(report, report.items[i].provider);
    if (day == nullptr || report.items[i].error) continue;
    if (!std::ranges::all_of(items[i].ranges, goes_whole))
      defer(report.items[i], day->rule, day->resets_at);
  }
}

}  // namespace vortex
