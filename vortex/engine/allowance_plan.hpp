// Which calls may go today where an account's day allows fewer than are wanted, and when the rest
// will be done. Daily updates go first; backlogs leave a reserve for the update that is still to
// come. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "vortex/base/time.hpp"

namespace vortex {

// One series that wants calls, in the order of the request.
struct WantedCalls {
  std::int64_t calls = 0;
  bool is_update = false;  // brings a stored series up to date; otherwise a backlog
};

// What is left of the tightest day's allowance of one account.
struct DayAllowance {
  std::int64_t limit = 0;
  std::int64_t left = 0;
  TimePoint resets_at;
};

struct AllowancePlan {
  std::vector<std::int64_t> calls_now;  // of each, 0 … calls
  std::int64_t go = 0;                  // their sum
  std::int64_t wait = 0;                // wanted but not today
  std::int64_t reserved = 0;            // left today, kept for updates
  // The reset after which the last waiting call goes; none: nothing waits. Days are counted in full
  // from resets_at on; retries and logins are not foreseen.
  std::optional<TimePoint> done_after;
};

// `reserve`: the share of the day's limit, 0 … 1, that backlogs leave alone. A series may be cut:
// what was asked of it is kept.
AllowancePlan plan_allowance(std::span<const WantedCalls> wanted, const DayAllowance& day,
                             double reserve);

// What a plan leaves of its day, for series that turn to that provider while the run goes on,
// because another failed them. The reserve is updates' here too.
class DayBudget {
 public:
  DayBudget(const AllowancePlan& plan, const DayAllowance& day)
      : left_(day.left - plan.go), reserved_(plan.reserved) {}

  // As many of the calls as may go now. They count as gone.
  std::int64_t take(const WantedCalls& wanted);

 private:
  std::int64_t left_;
  std::int64_t reserved_;
};

}  // namespace vortex
