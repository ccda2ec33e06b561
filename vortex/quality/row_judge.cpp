#include "vortex/quality/row_judge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vortex {
namespace {

constexpr double kFiniteMax = std::numeric_limits<double>::max();

bool all_positive(const SeriesColumns& columns, std::int64_t row) {
  return columns.open[row] > 0 && columns.high[row] > 0 && columns.low[row] > 0 &&
         columns.close[row] > 0;
}

bool within_factor(double price, double level, double factor) {
  return price < level * factor && price * factor > level;
}

bool is_unit_mix(double factor) {
  return factor >= kSingleJumpMin && factor <= kSingleJumpMax;
}

}  // namespace

void RowJudge::start_at(std::int64_t row) {
  last_good_ = row - 1;
  if (row > 0 && all_positive(columns_, row - 1)) level_row_ = row - 1;
}

void RowJudge::judge(std::int64_t row) {
  RuleSet reasons = judge_time(row) | judge_prices(row) | judge_volume(row);
  if ((reasons & kErrorRules & ~bit(Rule::timestamp_duplicate)) == 0) reasons |= judge_level(row);
  const bool only_duplicate = (reasons & kErrorRules) == bit(Rule::timestamp_duplicate);
  if (only_duplicate && replaces_last_good(row)) {
    quarantine_last_good();
    reasons &= ~bit(Rule::timestamp_duplicate);
  }
  if ((reasons & kErrorRules) == 0) {
    last_good_ = row;
    if (all_positive(columns_, row)) level_row_ = row;
  }
  quarantine(row, reasons);
}

bool RowJudge::pass_at_a_glance(std::int64_t row) {
  const std::int64_t before = row - 1, next = row + 1;
  if (before < 0 || next >= columns_.rows || row < displaced_until_) return false;
  if (last_good_ != before || level_row_ != before) return false;
  if (columns_.price_is_null(row) || columns_.time.is_null(row) || columns_.time.is_null(next)) {
    return false;
  }
  const std::int64_t time = columns_.time[row];
  const double open = columns_.open[row], high = columns_.high[row], low = columns_.low[row];
  const double close = columns_.close[row], volume = columns_.volume[row];
  const double level = columns_.close[before];
  const bool ordered = columns_.time[before] < time && time < columns_.time[next];
  const bool inside = (time >= columns_.range_min) && (time <= columns_.range_max);
  const bool whole = (high >= open) & (high >= close) & (low <= open) & (low <= close) & (low > 0);
  const bool near = (high < kJumpFactor * level) & (kJumpFactor * low > level);
  const bool finite = (high <= kFiniteMax) & (volume >= 0) & (volume <= kFiniteMax);
  if (!ordered || !inside || !whole || !near || !finite) return false;
  if (columns_.grid != 0 && time % columns_.grid != 0) return false;
  last_good_ = level_row_ = row;
  return true;
}

RuleSet RowJudge::judge_time(std::int64_t row) const {
  if (columns_.time.is_null(row)) return bit(Rule::timestamp_null);
  const std::int64_t time = columns_.time[row];
  RuleSet reasons = 0;
  if (time < columns_.range_min || time > columns_.range_max) reasons |= bit(Rule::outside_range);
  if (columns_.grid != 0 && time % columns_.grid != 0) reasons |= bit(Rule::timestamp_misaligned);
  if (last_good_ >= 0) {
    const std::int64_t last = columns_.time[last_good_];
    if (time == last) reasons |= bit(Rule::timestamp_duplicate);
    if (time < last) reasons |= bit(Rule::timestamp_unordered);
    if (time <= last) return reasons;
  }
  // Ahead of the rest: the next bar goes back, yet fits behind the last good one.
  const std::int64_t next = row + 1;
  if (next < columns_.rows && !columns_.time.is_null(next) && columns_.time[next] < time &&
      (last_good_ < 0 || columns_.time[next] > columns_.time[last_good_])) {
    // At the very start two rows cannot tell which of them is wrong; a third one can.
    const bool told =
        last_good_ >= 0 ||
        (next + 1 < columns_.rows && !columns_.time.is_null(next + 1) &&
         columns_.time[next + 1] > columns_.time[next] && columns_.time[next + 1] <= time);
    if (told) reasons |= bit(Rule::timestamp_unordered);
  }
  return reasons;
}

RuleSet RowJudge::judge_prices(std::int64_t row) const {
  if (columns_.price_is_null(row)) return bit(Rule::price_null);
  const double open = columns_.open[row], high = columns_.high[row];
  const double low = columns_.low[row], close = columns_.close[row];
  if (!std::isfinite(open) || !std::isfinite(high) || !std::isfinite(low) ||
      !std::isfinite(close)) {
    return bit(Rule::value_not_finite);
  }
  RuleSet reasons = 0;
  if (high < std::max(open, close)) reasons |= bit(Rule::high_too_low);
  if (low > std::min(open, close)) reasons |= bit(Rule::low_too_high);
  if (std::min({open, high, low, close}) < 0) reasons |= bit(Rule::price_negative);
  const bool zero = open == 0 || high == 0 || low == 0 || close == 0;
  if (zero && facts_.any_positive && !facts_.any_negative) reasons |= bit(Rule::price_zero);
  return reasons;
}

// A missing volume is counted from the column as a whole by validate().
RuleSet RowJudge::judge_volume(std::int64_t row) const {
  if (columns_.volume.is_null(row)) return 0;
  const double volume = columns_.volume[row];
  if (!std::isfinite(volume)) return bit(Rule::value_not_finite);
  return volume < 0 ? bit(Rule::volume_negative) : 0;
}

// Called for rows without another error: prices are there, finite and ordered.
RuleSet RowJudge::judge_level(std::int64_t row) {
  if (facts_.any_negative || level_row_ < 0 || !all_positive(columns_, row)) return 0;
  const double level = columns_.close[level_row_];
  const double high = columns_.high[row], low = columns_.low[row], close = columns_.close[row];
  if (row < displaced_until_) {
    return within_factor(close, level, kSamePriceLevel) ? 0 : bit(Rule::jump_100);
  }
  if (!within_factor(close, level, kJumpFactor) || low >= level * kJumpFactor ||
      high * kJumpFactor <= level) {
    return judge_displaced(row);
  }
  const bool high_off = high >= level * kJumpFactor, low_off = low * kJumpFactor <= level;
  if (!high_off && !low_off) return 0;
  // The close is where it was, so the bar itself came back; the next bar must agree.
  const bool back = row + 1 < columns_.rows && level_fits(row + 1, close);
  const double off = high_off ? high / level : level / low;
  return back && is_unit_mix(off) ? bit(Rule::jump_100) : 0;
}

RuleSet RowJudge::judge_displaced(std::int64_t row) {
  const double level = columns_.close[level_row_];
  const std::int64_t end = std::min(columns_.rows, row + kJumpRowsMax + 1);
  for (std::int64_t next = row + 1; next < end; ++next) {
    if (!level_fits(next, level)) continue;
    displaced_until_ = next;
    return bit(Rule::jump_100);
  }
  return bit(Rule::level_shift_100);
}

bool RowJudge::level_fits(std::int64_t row, double level) const {
  if (columns_.price_is_null(row) || !all_positive(columns_, row)) return false;
  return within_factor(columns_.close[row], level, kSamePriceLevel);
}

bool RowJudge::replaces_last_good(std::int64_t row) const {
  return columns_.is_final(row) || !columns_.is_final(last_good_);
}

void RowJudge::quarantine(std::int64_t row, RuleSet reasons) {
  for (const Rule rule : rules_in(reasons)) ++hits_[static_cast<std::size_t>(rule)];
  const RuleSet errors = reasons & kErrorRules;
  if (errors != 0) quarantined_.push_back({.row = row, .reasons = errors});
}

// The rows between it and now are in quarantine already; the order stays ascending.
void RowJudge::quarantine_last_good() {
  const QuarantinedRow entry{.row = last_good_, .reasons = bit(Rule::timestamp_duplicate)};
  const auto at = std::ranges::upper_bound(quarantined_, entry.row, {}, &QuarantinedRow::row);
  quarantined_.insert(at, entry);
  ++hits_[static_cast<std::size_t>(Rule::timestamp_duplicate)];
}

}  // namespace vortex
