#include "vortex/store/export_events.hpp"

#include <algorithm>

namespace vortex {
namespace {

bool is_split(const CorporateAction& action) {
  return action.kind == ActionKind::split && action.numerator > 0 && action.denominator > 0;
}

// Shares on day `to` for one on day `from`.
double shares_between(const std::vector<ActionOnBasis>& actions, Date from, Date to) {
  double shares = 1;
  for (const auto& [action, basis] : actions) {
    if (!is_split(action)) continue;
    const double ratio = action.numerator / action.denominator;
    if (action.ex_date > from && action.ex_date <= to) shares *= ratio;
    if (action.ex_date > to && action.ex_date <= from) shares /= ratio;
  }
  return shares;
}

}  // namespace

std::vector<RowEvents> events_on_rows(const std::vector<Date>& sessions,
                                      const std::vector<ActionOnBasis>& actions,
                                      Adjustment in_prices, Date basis) {
  std::vector<RowEvents> rows(sessions.size());
  if (in_prices == Adjustment::all) return rows;
  const bool splits_open = in_prices == Adjustment::none;
  for (const auto& [action, amount_basis] : actions) {
    const auto at = std::ranges::lower_bound(sessions, action.ex_date);
    if (at == sessions.begin() || at == sessions.end()) continue;
    RowEvents& row = rows[static_cast<std::size_t>(at - sessions.begin())];
    if (is_split(action)) {
      if (splits_open) row.split *= action.numerator / action.denominator;
    } else if (action.kind != ActionKind::split && action.amount > 0) {
      const Date shares_of = splits_open ? *(at - 1) : basis;
      row.dividend += action.amount * shares_between(actions, shares_of, amount_basis);
    }
  }
  return rows;
}

}  // namespace vortex
