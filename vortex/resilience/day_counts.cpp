#include "vortex/resilience/day_counts.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "vortex/resilience/permit_history.hpp"

namespace vortex {
namespace {

// Every zone's midnight lies on a quarter of an hour.
constexpr Duration kQuarter = std::chrono::minutes(15);
constexpr std::size_t kQuartersMax = 128;  // the longest day has 100
constexpr std::size_t kZonesMax = 8;

std::int64_t quarter_of(TimePoint time) {
  return std::chrono::floor<std::chrono::minutes>(time).time_since_epoch() / kQuarter;
}

}  // namespace

bool DayCounts::roll(const std::vector<DayWindow>& windows, TimePoint now) {
  bool changed = false;
  for (const DayWindow& window : windows) {
    if (find(window.zone) != nullptr) continue;
    if (zones_.size() >= kZonesMax) forget_an_unused_zone(windows);
    const Date today = window.zone.local_date(now);
    zones_.push_back(
        {.zone = window.zone, .date = today, .used = used_since(window.zone.to_utc(today))});
    changed = true;
  }
  for (Zone& zone : zones_) {
    const Date today = zone.zone.local_date(now);
    // A day back is a clock that was corrected near midnight; more is a clock that was wrong for
    // long, and to wait for its date could take years.
    const bool far_back = today < zone.date - std::chrono::days(1);
    if (today <= zone.date && !far_back) continue;
    const std::int64_t carried = far_back ? zone.used : 0;
    zone.used = std::max(carried, used_since(zone.zone.to_utc(today)));
    zone.date = today;
    zone.foreign = 0;
    changed = true;
  }
  return changed;
}

const DayCounts::Zone* DayCounts::find(const TimeZone& zone) const {
  const auto found = std::ranges::find(zones_, zone, &Zone::zone);
  return found == zones_.end() ? nullptr : &*found;
}

TimePoint DayCounts::reset_of(const Zone& zone) {
  return zone.zone.to_utc(zone.date + std::chrono::days(1));
}

void DayCounts::add(std::int64_t permits, TimePoint now) {
  for (Zone& zone : zones_) zone.used = std::min(kEveryPermit, zone.used + permits);
  const std::int64_t number = quarter_of(now);
  const auto quarter = std::ranges::find(quarters_, number, &Quarter::number);
  if (quarter != quarters_.end()) {
    quarter->permits = std::min(kEveryPermit, quarter->permits + permits);
    return;
  }
  if (quarters_.size() >= kQuartersMax) quarters_.erase(quarters_.begin());
  quarters_.push_back({.number = number, .permits = permits});
}

void DayCounts::give_back(std::int64_t permits, TimePoint leased) {
  for (Zone& zone : zones_) {
    if (zone.zone.local_date(leased) == zone.date) zone.used -= std::min(zone.used, permits);
  }
  const auto quarter = std::ranges::find(quarters_, quarter_of(leased), &Quarter::number);
  if (quarter != quarters_.end()) quarter->permits -= std::min(quarter->permits, permits);
}

void DayCounts::note_foreign(const TimeZone& zone, std::int64_t calls) {
  const auto found = std::ranges::find(zones_, zone, &Zone::zone);
  if (found != zones_.end()) found->foreign = std::max(found->foreign, calls);
}

void DayCounts::restore(std::vector<Zone> zones, std::vector<Quarter> quarters) {
  zones_ = std::move(zones);
  quarters_ = std::move(quarters);
}

// Later quarters too: a clock that was set back has leased in them already.
std::int64_t DayCounts::used_since(TimePoint midnight) const {
  const std::int64_t first = quarter_of(midnight);
  std::int64_t sum = 0;
  for (const Quarter& quarter : quarters_) {
    if (quarter.number >= first) sum = std::min(kEveryPermit, sum + quarter.permits);
  }
  return sum;
}

void DayCounts::forget_an_unused_zone(const std::vector<DayWindow>& windows) {
  const auto unused = std::ranges::find_if(zones_, [&](const Zone& zone) {
    return std::ranges::find(windows, zone.zone, &DayWindow::zone) == windows.end();
  });
  if (unused != zones_.end()) zones_.erase(unused);
}

}  // namespace vortex
