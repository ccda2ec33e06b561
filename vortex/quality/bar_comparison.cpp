#include "vortex/quality/bar_comparison.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <arrow/record_batch.h>

#include "vortex/quality/bar_pairs.hpp"

namespace vortex {
namespace {

constexpr TimeRange kAlways{TimePoint::min(), TimePoint::max()};

constexpr std::array kFields = {BarField::open, BarField::high, BarField::low, BarField::close,
                                BarField::volume};

TimePoint stamp_at(const SeriesColumns& columns, std::int64_t row) {
  return TimePoint(Duration(columns.time[row]));
}

RangeSet between_ends(const SeriesColumns& first, const SeriesColumns& second) {
  RangeSet out;
  if (first.rows == 0 || second.rows == 0) return out;
  const TimePoint start = std::max(stamp_at(first, 0), stamp_at(second, 0));
  const TimePoint last =
      std::min(stamp_at(first, first.rows - 1), stamp_at(second, second.rows - 1));
  if (start <= last) out.add({start, last + Duration(1)});
  return out;
}

bool holds(const RangeSet& set, TimePoint time) {
  const auto& ranges = set.ranges();
  const auto after = std::ranges::upper_bound(ranges, time, {}, &TimeRange::start);
  return after != ranges.begin() && std::prev(after)->holds(time);
}

double relative_difference(const BarDifference& one) {
  if (!one.first || !one.second) return 1;
  const double wanted = *one.first * one.factor.value();
  const double size = std::max(std::abs(wanted), std::abs(*one.second));
  return size == 0 ? 0 : std::abs(wanted - *one.second) / size;
}

// Adds the pairs up, in their order.
class Tally {
 public:
  Tally(const BarPairs& pairs, const RangeSet& covered, std::size_t listed_max)
      : pairs_(pairs), covered_(covered), listed_max_(listed_max) {}

  BarComparison take() {
    out_.bars_unfinal = pairs_.unfinal();
    for (const BarPair& pair : pairs_.pairs()) {
      if (pair.is_whole())
        add_pair(pair);
      else
        add_missing(pair);
    }
    close(price_run_);
    close(volume_run_);
    std::ranges::sort(out_.factors, {},
                      [](const FactorRun& run) { return std::pair(run.first, run.is_volume); });
    if (out_.factors.size() > listed_max_) out_.factors.resize(listed_max_);
    return std::move(out_);
  }

 private:
  void list(const BarDifference& difference) {
    ++out_.differences_total;
    if (out_.differences.size() < listed_max_) out_.differences.push_back(difference);
  }

  void add_missing(const BarPair& pair) {
    if (!holds(covered_, pair.time)) return;
    const bool by_first = pair.first < 0;
    ++(by_first ? out_.missing_first : out_.missing_second);
    list({.time = pair.time,
          .kind = by_first ? DifferenceKind::missing_first : DifferenceKind::missing_second});
  }

  void add_pair(const BarPair& pair) {
    ++out_.bars_compared;
    bool differs = false;
    for (const BarField field : kFields) {
      if (pairs_.agree(pair, field)) continue;
      differs = true;
      const BarDifference difference{
          .time = pair.time,
          .field = field,
          .first = pairs_.first_value(pair, field),
          .second = pairs_.second_value(pair, field),
          .factor = field == BarField::volume ? pair.volume : pair.prices};
      FieldSummary& summary = out_.fields[static_cast<std::size_t>(field)];
      ++summary.differing;
      summary.largest = std::max(summary.largest, relative_difference(difference));
      list(difference);
    }
    add_to_run(price_run_, pair.time, pair.prices);
    add_to_run(volume_run_, pair.time, pair.volume);
    const bool is_scaled = !pair.prices.is_one() || !pair.volume.is_one();
    ++(differs ? out_.bars_differing : is_scaled ? out_.bars_scaled : out_.bars_equal);
  }

  void add_to_run(FactorRun& run, TimePoint time, Factor factor) {
    if (run.factor != factor) {
      close(run);
      run.factor = factor;
    }
    if (factor.is_one()) return;
    if (run.bars == 0) run.first = time;
    run.last = time;
    ++run.bars;
  }

  void close(FactorRun& run) {
    if (run.bars > 0) {
      ++out_.factors_total;
      out_.factors.push_back(run);
    }
    run = {.is_volume = run.is_volume};
  }

  const BarPairs& pairs_;
  const RangeSet& covered_;
  std::size_t listed_max_;
  FactorRun price_run_;
  FactorRun volume_run_{.is_volume = true};
  BarComparison out_;
};

}  // namespace

std::string_view to_string(BarField field) {
  switch (field) {
    case BarField::open: return "open";
    case BarField::high: return "high";
    case BarField::low: return "low";
    case BarField::close: return "close";
    case BarField::volume: return "volume";
  }
  return "open";
}

double BarComparison::agreement() const {
  const std::int64_t all = bars_compared + missing_first + missing_second;
  return all == 0 ? 1 : static_cast<double>(bars_equal) / static_cast<double>(all);
}

Result<BarComparison> compare_bars(const arrow::RecordBatch& first,
                                   const arrow::RecordBatch& second,
                                   const CompareOptions& options) {
  VORTEX_TRY(const SeriesColumns left, series_columns(first, kAlways));
  VORTEX_TRY(const SeriesColumns right, series_columns(second, kAlways));
  const RangeSet covered = options.covered.value_or(between_ends(left, right));
  const BarPairs pairs(left, right, options);
  return Tally(pairs, covered, options.listed_max).take();
}

}  // namespace vortex
