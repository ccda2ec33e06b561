#include "vortex/store/adjust.hpp"

#include <algorithm>
#include <cmath>

namespace vortex {
namespace {

constexpr std::size_t kPriceColumns = 4;  // open, high, low, close lead kNumberColumns
constexpr std::size_t kVolumeColumn = 4;
constexpr std::size_t kVwapColumn = 5;
constexpr std::size_t kCloseColumn = 3;

struct Split {
  Date ex_date;
  double ratio = 1;  // new shares for an old one
};

struct Payment {
  Date ex_date;
  double amount = 0;  // on today's shares
};

Date last_session(std::int64_t stamp, const AdjustContext& context) {
  const TimePoint time{Duration{stamp}};
  if (is_intraday(context.interval)) return context.zone.local_date(time);
  return next_bar_date(context.interval, date_of(time)) - std::chrono::days{1};
}

std::vector<Split> splits_of(const std::vector<ActionOnBasis>& actions, Date today) {
  std::vector<Split> splits;
  for (const auto& [action, basis] : actions) {
    const bool usable = action.kind == ActionKind::split && action.ex_date <= today &&
                        action.numerator > 0 && action.denominator > 0;
    if (usable) {
      splits.push_back({.ex_date = action.ex_date, .ratio = action.numerator / action.denominator});
    }
  }
  std::ranges::sort(splits, {}, &Split::ex_date);
  return splits;
}

// The product of the ratios with after < ex_date <= until.
double ratio_between(const std::vector<Split>& splits, Date after, Date until) {
  double ratio = 1;
  for (const Split& split : splits) {
    if (split.ex_date > after && split.ex_date <= until) ratio *= split.ratio;
  }
  return ratio;
}

std::vector<Payment> payments_of(const std::vector<ActionOnBasis>& actions,
                                 const std::vector<Split>& splits, Date today) {
  std::vector<Payment> payments;
  for (const auto& [action, basis] : actions) {
    if (action.kind == ActionKind::split || action.ex_date > today || !(action.amount > 0))
      continue;
    payments.push_back(
        {.ex_date = action.ex_date, .amount = action.amount / ratio_between(splits, basis, today)});
  }
  std::ranges::sort(payments, {}, &Payment::ex_date);
  return payments;
}

void scale_row(BarColumns& rows, std::size_t row, double price, double volume) {
  for (std::size_t column = 0; column < kPriceColumns; ++column) {
    rows.numbers[column].set(row, rows.numbers[column].at(row) * price);
  }
  rows.numbers[kVwapColumn].set(row, rows.numbers[kVwapColumn].at(row) * price);
  rows.numbers[kVolumeColumn].set(row, rows.numbers[kVolumeColumn].at(row) * volume);
}

// Every row to today's shares, or (none) to the shares of its own day.
Result<void> adjust_splits(BarColumns& rows, const std::vector<Split>& splits,
                           const std::vector<Date>& sessions, const AdjustContext& context) {
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    VORTEX_TRY(const Adjustment stored,
               parse_adjustment(rows.adjustments.text(rows.adjusted[row])));
    const Date session = sessions[row];
    const Date basis{std::chrono::days{rows.basis[row]}};
    const bool has_splits = stored != Adjustment::none;
    if (stored == Adjustment::all && context.target != Adjustment::all) {
      return fail(ErrorCode::unsupported,
                  "the stored prices already include dividends: only 'all' can be shown");
    }
    double ratio = 1;  // of new shares to the row's
    if (context.target == Adjustment::none) {
      if (has_splits) ratio = 1 / ratio_between(splits, session, basis);
    } else {
      ratio = ratio_between(splits, has_splits ? std::max(session, basis) : session, context.today);
    }
    if (ratio != 1) scale_row(rows, row, 1 / ratio, ratio);
  }
  return {};
}

// Rows stored with dividends up to their basis miss only the later ones.
Result<void> adjust_payments(BarColumns& rows, const std::vector<Payment>& payments,
                             const std::vector<Date>& sessions) {
  std::vector<double> factors(payments.size(), 1);
  for (std::size_t i = 0; i < payments.size(); ++i) {
    const auto first_after = std::ranges::lower_bound(sessions, payments[i].ex_date);
    for (auto row = static_cast<std::size_t>(first_after - sessions.begin()); row > 0; --row) {
      const double close = rows.numbers[kCloseColumn].at(row - 1);
      if (std::isnan(close)) continue;
      if (close > payments[i].amount) factors[i] = 1 - payments[i].amount / close;
      break;
    }
  }
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    VORTEX_TRY(const Adjustment stored,
               parse_adjustment(rows.adjustments.text(rows.adjusted[row])));
    const Date basis{std::chrono::days{rows.basis[row]}};
    const Date after = stored == Adjustment::all ? std::max(sessions[row], basis) : sessions[row];
    double factor = 1;
    for (std::size_t i = 0; i < payments.size(); ++i) {
      if (payments[i].ex_date > after) factor *= factors[i];
    }
    if (factor != 1) scale_row(rows, row, factor, 1);
  }
  return {};
}

}  // namespace

Result<void> adjust_rows(BarColumns& rows, const std::vector<ActionOnBasis>& actions,
                         const AdjustContext& context) {
  std::vector<Date> sessions(rows.rows());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    sessions[row] = last_session(rows.timestamp[row], context);
  }
  // Undoing looks up to each row's own basis, which may be later than today's date in an old view.
  const bool undo = context.target == Adjustment::none;
  const auto splits = splits_of(actions, undo ? Date::max() : context.today);
  VORTEX_TRY_VOID(adjust_splits(rows, splits, sessions, context));
  if (context.target == Adjustment::all) {
    VORTEX_TRY_VOID(adjust_payments(rows, payments_of(actions, splits, context.today), sessions));
  }
  const std::int32_t adjusted = rows.adjustments.number_of(to_string(context.target));
  const auto today = static_cast<std::int32_t>(context.today.time_since_epoch().count());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    rows.adjusted[row] = adjusted;
    if (!undo) rows.basis[row] = std::max(rows.basis[row], today);
  }
  return {};
}

}  // namespace vortex
