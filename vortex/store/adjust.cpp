#include "vortex/store/adjust.hpp"

#include <algorithm>
#include <cmath>

namespace vortex {
namespace {

constexpr std::size_t kPriceColumns = 4;  // open, high, low, close lead kNumberColumns
constexpr std::size_t kVolumeColumn = 4;
constexpr std::size_t kVwapColumn = 5;
constexpr std::size_t kCloseColumn = 3;

struct Payment {
  Date ex_date;
  double amount = 0;  // on today's shares
};

std::vector<Payment> payments_of(const std::vector<ActionOnBasis>& actions,
                                 const std::vector<Split>& splits, Date today) {
  std::vector<Payment> payments;
  for (const auto& [action, basis] : actions) {
    if (action.kind == ActionKind::split || action.ex_date > today || !(action.amount > 0))
      continue;
    payments.push_back({.ex_date = action.ex_date,
                        .amount = action.amount / shares_between(splits, basis, today)});
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

// Every row to the shares of `today`, or (none) to those of its own day.
Result<void> adjust_splits(BarColumns& rows, const std::vector<Split>& splits,
                           const std::vector<BarDays>& days, const AdjustContext& context) {
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    VORTEX_TRY(const RowBasis stored, basis_of(rows, row));
    if (auto allowed = check_convertible(stored.adjusted, context.target); !allowed) {
      return fail(ErrorCode::unsupported,
                  "the stored prices already include dividends: only 'all' can be shown");
    }
    const Date from = shares_day(days[row], stored);
    // A bar that still runs ends after today; it stands on today's shares at most.
    const Date to =
        context.target == Adjustment::none ? days[row].last : std::max(context.today, from);
    const double ratio = shares_between(splits, from, to);
    if (ratio != 1) scale_row(rows, row, 1 / ratio, ratio);
  }
  return {};
}

// Rows stored with dividends up to their basis miss only the later ones.
Result<void> adjust_payments(BarColumns& rows, const std::vector<Payment>& payments,
                             const std::vector<BarDays>& days) {
  std::vector<double> factors(payments.size(), 1);
  for (std::size_t i = 0; i < payments.size(); ++i) {
    const auto first_after =
        std::ranges::lower_bound(days, payments[i].ex_date, {}, &BarDays::last);
    for (auto row = static_cast<std::size_t>(first_after - days.begin()); row > 0; --row) {
      const double close = rows.numbers[kCloseColumn].at(row - 1);
      if (std::isnan(close)) continue;
      if (close > payments[i].amount) factors[i] = 1 - payments[i].amount / close;
      break;
    }
  }
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    VORTEX_TRY(const RowBasis stored, basis_of(rows, row));
    const Date session = days[row].last;
    const Date after =
        stored.adjusted == Adjustment::all ? std::max(session, stored.basis) : session;
    double factor = 1;
    for (std::size_t i = 0; i < payments.size(); ++i) {
      if (payments[i].ex_date > after) factor *= factors[i];
    }
    if (factor != 1) scale_row(rows, row, factor, 1);
  }
  return {};
}

}  // namespace

Result<RowBasis> basis_of(const BarColumns& rows, std::size_t row) {
  VORTEX_TRY(const Adjustment adjusted,
             parse_adjustment(rows.adjustments.text(rows.adjusted[row])));
  return RowBasis{.adjusted = adjusted, .basis = Date{std::chrono::days{rows.basis[row]}}};
}

std::vector<Split> splits_of(const std::vector<ActionOnBasis>& actions, Date until) {
  std::vector<Split> splits;
  for (const auto& [action, basis] : actions) {
    const bool usable = action.kind == ActionKind::split && action.ex_date <= until &&
                        action.numerator > 0 && action.denominator > 0;
    if (usable) {
      splits.push_back({.ex_date = action.ex_date, .ratio = action.numerator / action.denominator});
    }
  }
  std::ranges::sort(splits, {}, &Split::ex_date);
  return splits;
}

Result<void> adjust_rows(BarColumns& rows, const std::vector<ActionOnBasis>& actions,
                         const AdjustContext& asked) {
  AdjustContext context = asked;
  std::vector<BarDays> days(rows.rows());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    days[row] = days_of(rows.timestamp[row], context.interval, context.zone);
    // East of the caller's clock a day may have begun already, and its split be in the rows.
    context.today = std::max(context.today, Date{std::chrono::days{rows.basis[row]}});
  }
  const auto splits = splits_of(actions, context.today);
  VORTEX_TRY_VOID(adjust_splits(rows, splits, days, context));
  if (context.target == Adjustment::all) {
    VORTEX_TRY_VOID(adjust_payments(rows, payments_of(actions, splits, context.today), days));
  }
  const std::int32_t adjusted = rows.adjustments.number_of(to_string(context.target));
  const auto today = static_cast<std::int32_t>(context.today.time_since_epoch().count());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    rows.adjusted[row] = adjusted;
    if (context.target != Adjustment::none) rows.basis[row] = today;
  }
  return {};
}

}  // namespace vortex
