// What is remembered of one account, and its text form, which any process of any boot can read:
// a line an item, and a sum over the whole, so that damage is seen. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/resilience/day_counts.hpp"
#include "vortex/resilience/ledger.hpp"
#include "vortex/resilience/permit_history.hpp"
#include "vortex/resilience/place_queue.hpp"

namespace vortex {

// A moment ahead in both clocks, and how far ahead it was when it was noted: after another boot
// only the calendar is left to go by, and it is believed no further than that.
struct NotedMoment {
  Monotonic elapsed;
  TimePoint calendar;
  Duration length{};
  bool operator==(const NotedMoment&) const = default;
};

struct QuotaState {
  // Young enough that its permits may come back.
  struct OpenLease {
    std::uint64_t id = 0;
    std::int64_t permits = 0;  // not given back so far
    Now issued;
  };
  // The provider said stop.
  struct Closed {
    ErrorCode code = ErrorCode::rate_limited;
    std::string rule;
    NotedMoment until;
  };
  // The provider counts more than we sent.
  struct Cap {
    std::int64_t limit = 0;  // as the provider says; tells one window from another
    std::int64_t left = 0;
    bool is_day = false;
    NotedMoment until;
    std::uint64_t since_id = 0;  // leases from here on are taken off `left`
  };

  std::string boot;
  Monotonic last;  // the latest moment anything changed
  std::uint64_t next_id = 1;
  PermitHistory history;
  DayCounts days;
  PlaceQueue places;
  std::vector<OpenLease> open;
  std::vector<Cap> caps;
  std::optional<Closed> closed;
};

std::string write_quota_state(const QuotaState& state);

// Fails with corrupt when the text is not whole, or of a layout this program does not know.
Result<QuotaState> read_quota_state(std::string_view text);

}  // namespace vortex
