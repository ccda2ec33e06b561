// What a run will ask: each item routed to a provider, and the ranges of it that are missing. Pure
// but for reading the dataset's coverage.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "vortex/engine/route.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/model/calendar_book.hpp"
#include "vortex/resilience/ledger.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex {

struct PlannedRange {
  TimeRange range;
  bool is_update = false;      // newest bars of a stored series; otherwise a backlog
  std::int64_t calls = 0;      // as the adapter plans them
  std::int64_t calls_now = 0;  // as many of them as today's allowance lets go
};

// One provider's part of an item.
struct PlannedRoute {
  Routed route;                      // provider null: routing failed, the report says why
  std::vector<PlannedRange> ranges;  // what must be asked; updates first
};

struct PlannedItem : PlannedRoute {
  std::vector<PlannedRoute> others;  // asked in turn while those before them bring nothing
  bool is_repair = false;            // the ranges were given
};

// Items without repeats, one report entry each. What cannot be routed is failed there.
std::vector<PlannedItem> plan_items(const SyncRequest& request, const RouteContext& context,
                                    SyncReport& report);

// Counts the calls of each range, as the adapter plans them.
void count_calls(PlannedRoute& planned, TimePoint now, ItemReport& report);

// Keeps of each item's range what the dataset lacks, plus the overlap.
Result<void> subtract_stored(std::vector<PlannedItem>& items, Dataset& dataset, int overlap_bars);

// Takes out the ranges in which the calendar of a stored series has no session that has ended: they
// cost no call. The overlap stays: its sessions have ended.
Result<void> drop_closed_ranges(std::vector<PlannedItem>& items, Dataset& dataset,
                                const CalendarBook& calendars, TimePoint now);

// Notes ranges and calls in the report, as the adapters plan them at `now`.
void note_plan(std::vector<PlannedItem>& items, TimePoint now, SyncReport& report);

// Cuts the plan of those that are asked first to what the accounts' days still allow (`days`: by
// provider, where there is a daily limit). Items of which nothing may go today are deferred in the
// report, which also gets a line of allowance for each.
void apply_allowances(std::vector<PlannedItem>& items,
                      const std::map<std::string, AllowanceUse>& days, double reserve,
                      SyncReport& report);

// The line of allowance of that provider; null where its day has no limit.
const AllowanceReport* allowance_of(const SyncReport& report, const std::string& provider);

// Defers in the report the items of which only a part may go today. A run finds that out when the
// part has gone; a dry run, which says what the run will, by this.
void defer_cut_items(const std::vector<PlannedItem>& items, SyncReport& report);

// "deferred", with the moment from which it may be asked.
Error deferred_until(const std::string& rule, TimePoint retry_at);

}  // namespace vortex
