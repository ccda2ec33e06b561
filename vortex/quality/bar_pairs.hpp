// The bars of two series side by side, by time, and which factor lies between the two of a pair.
// Lives no longer than the batches it looks at.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "vortex/quality/bar_comparison.hpp"
#include "vortex/quality/series_columns.hpp"

namespace vortex {

struct BarPair {
  TimePoint time;
  std::int64_t first = -1;  // row; -1: there is none
  std::int64_t second = -1;
  Factor prices;
  Factor volume;
  bool odd = false;  // its prices fit neither 1:1 nor a factor; until settled

  bool is_whole() const { return first >= 0 && second >= 0; }
};

class BarPairs {
 public:
  BarPairs(const SeriesColumns& first, const SeriesColumns& second, const CompareOptions& options);

  // Ascending. Bars that are not final at either side are left out.
  const std::vector<BarPair>& pairs() const { return pairs_; }
  std::int64_t unfinal() const { return unfinal_; }

  std::optional<double> first_value(const BarPair& pair, BarField field) const;
  std::optional<double> second_value(const BarPair& pair, BarField field) const;
  // Do both say the same, where `factor` is taken out?
  bool agree(const BarPair& pair, BarField field, Factor factor) const;
  // As above, with the pair's own factors; of a split, volumes may stand on either shares.
  bool agree(const BarPair& pair, BarField field) const;

 private:
  void join();
  void find_factors(BarPair& pair) const;
  void settle_odd();
  void drop_weak_runs();
  void drop_short_volume_runs();
  std::optional<Factor> price_factor(const BarPair& pair) const;
  Factor volume_factor(const BarPair& pair) const;
  int prices_that_fit(const BarPair& pair, Factor factor) const;
  bool has_range(const BarPair& pair) const;
  double price_slack(const BarPair& pair, Factor factor, double size) const;
  bool tells_apart(const BarPair& pair, Factor factor) const;

  const SeriesColumns& first_;
  const SeriesColumns& second_;
  const CompareOptions& options_;
  std::vector<BarPair> pairs_;
  std::int64_t unfinal_ = 0;
};

}  // namespace vortex
