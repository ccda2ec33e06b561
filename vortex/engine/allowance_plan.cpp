#include "vortex/engine/allowance_plan.hpp"

#include <algorithm>
#include <cmath>

namespace vortex {
namespace {

std::int64_t grant(std::span<const WantedCalls> wanted, bool updates, std::int64_t budget,
                   std::vector<std::int64_t>& calls_now) {
  std::int64_t granted = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].is_update != updates) continue;
    calls_now[i] = std::clamp<std::int64_t>(wanted[i].calls, 0, budget - granted);
    granted += calls_now[i];
  }
  return granted;
}

}  // namespace

AllowancePlan plan_allowance(std::span<const WantedCalls> wanted, const DayAllowance& day,
                             double reserve) {
  AllowancePlan plan{.calls_now = std::vector<std::int64_t>(wanted.size())};
  const std::int64_t left = std::clamp<std::int64_t>(day.left, 0, day.limit);
  const auto reserved =
      static_cast<std::int64_t>(std::ceil(reserve * static_cast<double>(day.limit)));
  const std::int64_t updates = grant(wanted, true, left, plan.calls_now);
  plan.reserved = std::min(left - updates, std::max<std::int64_t>(0, reserved - updates));
  const std::int64_t backlog = grant(wanted, false, left - updates - plan.reserved, plan.calls_now);
  plan.go = updates + backlog;

  std::int64_t all = 0;
  for (const WantedCalls& item : wanted) all += item.calls;
  plan.wait = all - plan.go;
  if (plan.wait == 0) return plan;
  // A reserve of the whole day would never end; updates that wait may use it.
  const std::int64_t daily = std::max<std::int64_t>(1, day.limit - reserved);
  const std::int64_t days = (plan.wait + daily - 1) / daily;
  plan.done_after = day.resets_at + std::chrono::days(days - 1);
  return plan;
}

std::int64_t DayBudget::take(const WantedCalls& wanted) {
  const std::int64_t free = wanted.is_update ? left_ : left_ - reserved_;
  const std::int64_t taken = std::min(wanted.calls, std::max<std::int64_t>(0, free));
  left_ -= taken;
  if (wanted.is_update) reserved_ = std::max<std::int64_t>(0, reserved_ - taken);
  return taken;
}

}  // namespace vortex
