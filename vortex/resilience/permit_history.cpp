#include "vortex/resilience/permit_history.hpp"

#include <algorithm>
#include <cstddef>
#include <ranges>

namespace vortex {
namespace {

using std::chrono::nanoseconds;

constexpr std::int64_t kGrainsPerWindow = 256;
constexpr std::int64_t kGrainsOfTheRest = 16;  // per its age: beyond every window it matters little
constexpr nanoseconds kGrainMin = std::chrono::milliseconds(1);

bool is_within(Monotonic moment, Duration length, Monotonic now) {
  return now - moment < nanoseconds(length);
}

std::vector<Duration> ascending_lengths(const std::vector<RollingWindow>& windows) {
  std::vector<Duration> lengths;
  lengths.reserve(windows.size());
  for (const RollingWindow& window : windows) lengths.push_back(window.length);
  std::ranges::sort(lengths);
  return lengths;
}

// Groups in one grain of time may be put together. The shortest window that still holds a group
// decides how wide its grain is; none: the grain grows with age.
nanoseconds grain_at(nanoseconds age, const std::vector<Duration>& lengths) {
  for (const Duration length : lengths) {
    if (age < nanoseconds(length)) {
      return std::max(kGrainMin, nanoseconds(length) / kGrainsPerWindow);
    }
  }
  nanoseconds grain = kGrainMin;  // doubling, so that a group's neighbours have the same
  while (grain * kGrainsOfTheRest < age) grain *= 2;
  return grain;
}

}  // namespace

std::int64_t PermitHistory::used(Duration length, Monotonic now) const {
  std::int64_t sum = 0;
  for (const Group& group : std::views::reverse(groups_)) {
    if (!is_within(group.elapsed, length, now)) break;
    sum += group.permits;
  }
  return sum;
}

Monotonic PermitHistory::free_at(const RollingWindow& window, Monotonic now) const {
  if (window.count < 1) return now + nanoseconds(window.length);
  std::int64_t excess = used(window.length, now) - (window.count - 1);
  if (excess <= 0) return now;
  for (const Group& group : groups_) {
    if (!is_within(group.elapsed, window.length, now)) continue;
    excess -= group.permits;
    if (excess <= 0) return group.elapsed + nanoseconds(window.length);
  }
  return now;
}

void PermitHistory::add(const Group& group) {
  groups_.push_back(group);
}

void PermitHistory::give_back(std::uint64_t id, std::int64_t permits) {
  const auto group = std::ranges::lower_bound(groups_, id, {}, &Group::last_id);
  if (group == groups_.end()) return;
  group->permits -= std::min(group->permits, permits);
  if (group->permits == 0) groups_.erase(group);
}

void PermitHistory::tidy(const std::vector<RollingWindow>& windows, Monotonic now) {
  const std::vector<Duration> lengths = ascending_lengths(windows);
  const Duration longest = lengths.empty() ? Duration::zero() : lengths.back();
  const Duration kept = std::max(longest, kHistoryKept);
  std::erase_if(groups_, [&](const Group& group) { return !is_within(group.elapsed, kept, now); });

  // While they are few, those within a window stay apart: then every window is exact.
  const std::size_t few = static_cast<std::size_t>(kGrainsPerWindow) * (windows.size() + 1);
  const bool many = groups_.size() > few;
  std::vector<Group> out;
  out.reserve(groups_.size());
  for (const Group& group : groups_) {
    if (!out.empty() && (many || !is_within(group.elapsed, longest, now))) {
      const nanoseconds grain = grain_at(now - out.back().elapsed, lengths);
      const bool together =
          out.back().elapsed.time_since_epoch() / grain == group.elapsed.time_since_epoch() / grain;
      if (together) {
        out.back() = {.last_id = group.last_id,
                      .elapsed = group.elapsed,
                      .permits = out.back().permits + group.permits};
        continue;
      }
    }
    out.push_back(group);
  }
  groups_ = std::move(out);
}

void PermitHistory::move_all_to(Monotonic now) {
  if (groups_.empty()) return;
  Group all{.last_id = groups_.back().last_id, .elapsed = now};
  for (const Group& group : groups_) all.permits += group.permits;
  groups_.assign(1, all);
}

}  // namespace vortex
