// The permits an account leased lately, oldest first: what rolling windows are judged by. Leases
// close to one another are put together when there are many; the later moment then stands for all
// of them, so that putting together can only make a window stricter, by at most 1/256 of its
// length. Belongs to one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "vortex/base/time.hpp"
#include "vortex/resilience/windows.hpp"

namespace vortex {

// Stands for "more than any limit": what is used when nobody knows how much was.
inline constexpr std::int64_t kEveryPermit = 1'000'000'000'000;

// How long permits are remembered where no window is longer: a limit that is added or lengthened
// finds what was sent before it.
inline constexpr Duration kHistoryKept = std::chrono::hours(1);

class PermitHistory {
 public:
  // Leases up to and with `last_id`, since the group before.
  struct Group {
    std::uint64_t last_id = 0;
    Monotonic elapsed;
    std::int64_t permits = 0;
    bool operator==(const Group&) const = default;
  };

  // In (now - length, now].
  std::int64_t used(Duration length, Monotonic now) const;
  // When the window has room for one more permit; `now` where it has.
  Monotonic free_at(const RollingWindow& window, Monotonic now) const;

  // The newest: neither the id nor the moment may be before those already here.
  void add(const Group& group);
  void give_back(std::uint64_t id, std::int64_t permits);

  // Forgets what no window and no later limit needs, and keeps the rest bounded.
  void tidy(const std::vector<RollingWindow>& windows, Monotonic now);

  // Nobody knows when they were leased: all of them count as leased now.
  void move_all_to(Monotonic now);

  const std::vector<Group>& groups() const { return groups_; }

 private:
  std::vector<Group> groups_;
};

}  // namespace vortex
