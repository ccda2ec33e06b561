#include "vortex/quality/bar_pairs.hpp"

#include <algorithm>
#include <cmath>

namespace vortex {
namespace {

// Providers that keep prices as 32-bit floats are off by so much of the price.
constexpr double kFloatNoise = 1.2e-7;

// How much of a price the tolerance may be where a factor is told: nothing else lies near 100.
constexpr double kUnitsShare = 0.25;
constexpr double kSplitShare = 0.01;

constexpr std::array kPrices = {BarField::open, BarField::high, BarField::low, BarField::close};

std::optional<double> value_of(const SeriesColumns& columns, std::int64_t row, BarField field) {
  const std::array<const ColumnView<double>*, kBarFields> all = {
      &columns.open, &columns.high, &columns.low, &columns.close, &columns.volume};
  const ColumnView<double>& column = *all[static_cast<std::size_t>(field)];
  if (column.is_null(row) || !std::isfinite(column[row])) return std::nullopt;
  return column[row];
}

// Calls `each` with the pairs of every run of one factor but 1:1.
template <class FactorOf, class Each>
void for_each_run(std::vector<BarPair>& pairs, FactorOf factor_of, Each each) {
  std::vector<BarPair*> run;
  const auto close = [&] {
    if (!run.empty()) each(run);
    run.clear();
  };
  for (BarPair& pair : pairs) {
    if (!pair.is_whole()) continue;
    const Factor factor = factor_of(pair);
    if (!run.empty() && factor_of(*run.front()) != factor) close();
    if (!factor.is_one()) run.push_back(&pair);
  }
  close();
}

}  // namespace

BarPairs::BarPairs(const SeriesColumns& first, const SeriesColumns& second,
                   const CompareOptions& options)
    : first_(first), second_(second), options_(options) {
  join();
  for (BarPair& pair : pairs_) find_factors(pair);
  settle_odd();
  drop_weak_runs();
  drop_short_volume_runs();
}

void BarPairs::join() {
  std::int64_t left = 0;
  std::int64_t right = 0;
  while (left < first_.rows || right < second_.rows) {
    const bool take_left =
        right >= second_.rows || (left < first_.rows && first_.time[left] <= second_.time[right]);
    const bool take_right =
        left >= first_.rows || (right < second_.rows && second_.time[right] <= first_.time[left]);
    const std::int64_t stamp = take_left ? first_.time[left] : second_.time[right];
    const BarPair pair{.time = TimePoint(Duration(stamp)),
                       .first = take_left ? left++ : -1,
                       .second = take_right ? right++ : -1};
    const bool is_final = (pair.first < 0 || first_.is_final(pair.first)) &&
                          (pair.second < 0 || second_.is_final(pair.second));
    if (is_final)
      pairs_.push_back(pair);
    else
      ++unfinal_;
  }
}

std::optional<double> BarPairs::first_value(const BarPair& pair, BarField field) const {
  return pair.first < 0 ? std::nullopt : value_of(first_, pair.first, field);
}

std::optional<double> BarPairs::second_value(const BarPair& pair, BarField field) const {
  return pair.second < 0 ? std::nullopt : value_of(second_, pair.second, field);
}

// Of the second's price; what the first was rounded by counts as often as the factor says.
double BarPairs::price_slack(const BarPair& pair, Factor factor, double size) const {
  const double noise = kFloatNoise * size;
  if (!options_.tick) return options_.price_tolerance * size * (factor.is_one() ? 1 : 2) + noise;
  const auto step = std::ranges::upper_bound(options_.tick_steps, pair.time, {}, &TickStep::before);
  const double shares = step == options_.tick_steps.end() ? 1 : step->shares;
  const double ticks = options_.ticks * (factor.is_one() ? 1 : 1 + factor.value());
  return ticks * *options_.tick / shares + noise;
}

bool BarPairs::agree(const BarPair& pair, BarField field, Factor factor) const {
  const auto first = first_value(pair, field);
  const auto second = second_value(pair, field);
  if (!first || !second) return first.has_value() == second.has_value();
  const double wanted = *first * factor.value();
  const double size = std::max(std::abs(wanted), std::abs(*second));
  const double apart = std::abs(wanted - *second);
  if (field == BarField::volume) return apart <= options_.volume_tolerance * size;
  return apart <= price_slack(pair, factor, size);
}

bool BarPairs::agree(const BarPair& pair, BarField field) const {
  if (field != BarField::volume) return agree(pair, field, pair.prices);
  if (agree(pair, field, pair.volume)) return true;
  return pair.prices.kind() == FactorKind::split && agree(pair, field, pair.prices.inverse());
}

int BarPairs::prices_that_fit(const BarPair& pair, Factor factor) const {
  return static_cast<int>(
      std::ranges::count_if(kPrices, [&](BarField field) { return agree(pair, field, factor); }));
}

bool BarPairs::has_range(const BarPair& pair) const {
  return first_value(pair, BarField::high) > first_value(pair, BarField::low);
}

// False where prices are so small beside the tolerance that another factor would do as well.
bool BarPairs::tells_apart(const BarPair& pair, Factor factor) const {
  const double low = std::abs(first_value(pair, BarField::low).value_or(0)) * factor.value();
  const double share = factor.kind() == FactorKind::units ? kUnitsShare : kSplitShare;
  return price_slack(pair, factor, low) < share * low;
}

// None: neither 1:1 nor a known factor.
std::optional<Factor> BarPairs::price_factor(const BarPair& pair) const {
  constexpr int kAll = static_cast<int>(kPrices.size());
  if (prices_that_fit(pair, Factor{}) == kAll) return Factor{};
  double sum_first = 0;
  double sum_second = 0;
  for (const BarField field : kPrices) {
    const auto first = first_value(pair, field);
    const auto second = second_value(pair, field);
    if (!first || !second) return std::nullopt;
    sum_first += *first;
    sum_second += *second;
  }
  const auto factor = nearest_factor(sum_second / sum_first);
  if (!factor || !tells_apart(pair, *factor) || prices_that_fit(pair, *factor) != kAll)
    return std::nullopt;
  return factor;
}

Factor BarPairs::volume_factor(const BarPair& pair) const {
  const auto first = first_value(pair, BarField::volume);
  const auto second = second_value(pair, BarField::volume);
  if (!first || !second || agree(pair, BarField::volume, Factor{})) return {};
  const auto factor = nearest_factor(*second / *first);
  return factor && agree(pair, BarField::volume, *factor) ? *factor : Factor{};
}

void BarPairs::find_factors(BarPair& pair) const {
  if (!pair.is_whole()) return;
  const auto factor = price_factor(pair);
  pair.odd = !factor;
  pair.prices = factor.value_or(Factor{});
  pair.volume = volume_factor(pair);
}

// A bar with an error of its own belongs to the run it stands in, or to the one beside it that more
// of its prices fit.
void BarPairs::settle_odd() {
  std::vector<Factor> after(pairs_.size());
  Factor next;
  for (std::size_t i = pairs_.size(); i-- > 0;) {
    after[i] = next;
    if (pairs_[i].is_whole() && !pairs_[i].odd) next = pairs_[i].prices;
  }
  Factor before;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    BarPair& pair = pairs_[i];
    if (!pair.is_whole()) continue;
    if (pair.odd) {
      pair.prices = before == after[i] ? before : Factor{};
      int most = prices_that_fit(pair, pair.prices);
      for (const Factor beside : {Factor{}, before, after[i]}) {
        const int fitting = prices_that_fit(pair, beside);
        if (fitting <= most) continue;
        most = fitting;
        pair.prices = beside;
      }
    }
    before = pair.prices;
  }
}

void BarPairs::drop_weak_runs() {
  for_each_run(
      pairs_, [](const BarPair& pair) { return pair.prices; },
      [&](const std::vector<BarPair*>& run) {
        const bool is_strong =
            std::ssize(run) >= kFlatRunMin || std::ranges::any_of(run, [&](const BarPair* pair) {
              return !pair->odd && has_range(*pair);
            });
        if (is_strong || run.front()->prices.kind() == FactorKind::units) return;
        for (BarPair* pair : run) pair->prices = {};
      });
}

void BarPairs::drop_short_volume_runs() {
  // A volume that a split explains is no factor of its own.
  for (BarPair& pair : pairs_) {
    if (pair.prices.kind() == FactorKind::split && pair.volume == pair.prices.inverse())
      pair.volume = {};
  }
  for_each_run(
      pairs_, [](const BarPair& pair) { return pair.volume; },
      [&](const std::vector<BarPair*>& run) {
        if (std::ssize(run) >= kVolumeRunMin) return;
        for (BarPair* pair : run) pair->volume = {};
      });
}

}  // namespace vortex
