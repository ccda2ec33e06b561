// The slow pass: judges rows one by one, with the last good row and the next ones in view. Keeps
// state from row to row; one object serves one series on one thread.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "vortex/quality/series_columns.hpp"
#include "vortex/quality/validator.hpp"

namespace vortex {

// What must be known of the whole series before a row of it is judged.
struct SeriesFacts {
  bool any_negative = false;  // a price below zero: the series has no scale
  bool any_positive = false;  // a bar of positive prices: a zero beside it is wrong
};

class RowJudge {
 public:
  RowJudge(const SeriesColumns& columns, SeriesFacts facts) : columns_(columns), facts_(facts) {}

  // Goes on at `row`; the row before it, where there is one, is known to be good.
  void start_at(std::int64_t row);
  void judge(std::int64_t row);
  // True, and the row is done with, where it is good at a glance beside good neighbours. Only saves
  // time: judge() would find nothing either.
  bool pass_at_a_glance(std::int64_t row);

  std::vector<QuarantinedRow> take_quarantined() { return std::move(quarantined_); }
  const std::array<std::int64_t, kRuleCount>& hits() const { return hits_; }

 private:
  RuleSet judge_time(std::int64_t row) const;
  RuleSet judge_prices(std::int64_t row) const;
  RuleSet judge_volume(std::int64_t row) const;
  RuleSet judge_level(std::int64_t row);
  RuleSet judge_displaced(std::int64_t row);
  bool level_fits(std::int64_t row, double level) const;
  bool replaces_last_good(std::int64_t row) const;
  void quarantine(std::int64_t row, RuleSet reasons);
  void quarantine_last_good();

  const SeriesColumns& columns_;
  SeriesFacts facts_;
  std::int64_t last_good_ = -1;        // row; -1: none yet
  std::int64_t level_row_ = -1;        // the last good row with positive prices
  std::int64_t displaced_until_ = -1;  // rows before this one belong to a jump that comes back
  std::vector<QuarantinedRow> quarantined_;
  std::array<std::int64_t, kRuleCount> hits_{};
};

}  // namespace vortex
