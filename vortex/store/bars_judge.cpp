#include "vortex/store/bars_judge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include <fmt/core.h>

#include "vortex/store/adjust.hpp"

namespace vortex {
namespace {

constexpr std::size_t kPriceColumns = 4;
constexpr std::size_t kCloseColumn = 3;
constexpr double kFactorMin = 1e-3;       // a factor nearer to 1 is no change of shares or unit
constexpr std::size_t kSuspectedMin = 2;  // bars that differ by one factor before it means anything
constexpr std::chrono::days kEarlyMax{7};  // so long before its day a provider may apply a split

// What a provider had really applied: the days of the rows' bases, moved where a split shows it.
struct BasisShift {
  Date at_least = Date::min();
  Date at_most = Date::max();
  Date of(Date claimed) const { return std::min(std::max(claimed, at_least), at_most); }
  bool operator==(const BasisShift&) const = default;
};

BarNumbers numbers_of(const BarColumns& rows, std::size_t row) {
  BarNumbers out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = rows.numbers[i].at(row);
  return out;
}

class SpanJudge {
 public:
  SpanJudge(BarsPartition& partition, std::size_t span, SeriesSplits known)
      : partition_(partition),
        rows_(partition.rows),
        index_(span),
        span_(partition.spans[span]),
        known_(std::move(known)) {}

  Result<void> judge(std::span<Difference*> differences, const Meetings& meetings,
                     SeriesKnowledge& knowledge) {
    differences_ = differences;
    for (const Difference* one : differences_) {
      VORTEX_TRY(const RowBasis incoming, basis_of(rows_, one->match.row));
      const bool mixed =
          (one->stored.adjusted == Adjustment::all) != (incoming.adjusted == Adjustment::all);
      if (mixed) return refuse(dividends_differ(*one, incoming));
      incoming_.push_back(incoming);
    }
    settle_basis();
    VORTEX_TRY(const bool suspected, looks_rebased(meetings, knowledge));
    if (suspected) return refuse(rebased());
    for (std::size_t i = 0; i < differences_.size(); ++i) settle(i);
    return {};
  }

 private:
  std::int64_t stamp(std::size_t i) const { return rows_.timestamp[differences_[i]->match.row]; }
  BarDays days(std::size_t i) const { return days_of(stamp(i), partition_.interval, known_.zone); }
  RowBasis shifted(std::size_t i, const BasisShift& shift) const {
    RowBasis basis = incoming_[i];
    if (basis.adjusted != Adjustment::none) basis.basis = shift.of(basis.basis);
    return basis;
  }

  RowPair pair(std::size_t i, const BasisShift& shift) const {
    const Difference& one = *differences_[i];
    const BarDays spanned = days(i);
    const Date from = shares_day(spanned, one.stored);
    const Date to = shares_day(spanned, shifted(i, shift));
    return {.stored = one.match.old_numbers,
            .incoming = numbers_of(rows_, one.match.row),
            .ratio = shares_between(known_.splits, from, to),
            .stored_scaled = was_scaled(spanned, from),
            .incoming_scaled = was_scaled(spanned, to)};
  }

  // Had the provider divided any part of the bar to bring it to that day's shares?
  bool was_scaled(const BarDays& spanned, Date to) const {
    return std::ranges::any_of(known_.splits, [&](const Split& split) {
      return split.ex_date > spanned.first && split.ex_date <= to;
    });
  }

  bool agrees(std::size_t i, const BasisShift& shift) const {
    const RowPair both = pair(i, shift);
    return both.ratio == 1 ? differences_[i]->equal_as_received : same_but_for_rounding(both);
  }
  std::size_t agreeing(const BasisShift& shift) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < differences_.size(); ++i) count += agrees(i, shift) ? 1 : 0;
    return count;
  }

  // A split's day is not the hour a provider applies it: it may have waited, or gone ahead. The
  // rows that met stored ones show which; the whole answer then stands on that day's shares.
  void settle_basis() {
    std::size_t best = agreeing(shift_);
    if (best == differences_.size()) return;
    Date newest = Date::min();
    for (const RowBasis& basis : incoming_) newest = std::max(newest, basis.basis);
    for (const Split& split : known_.splits) {
      BasisShift shift;
      if (split.ex_date <= newest) shift.at_most = split.ex_date - std::chrono::days{1};
      if (split.ex_date > newest) shift.at_least = split.ex_date;
      if (split.ex_date > newest + kEarlyMax) continue;
      if (const std::size_t count = agreeing(shift); count > best) {
        best = count;
        shift_ = shift;
      }
    }
    if (shift_ == BasisShift{}) return;
    for (std::size_t row = span_.begin; row < span_.end; ++row) {
      const bool as_traded = rows_.adjustments.text(rows_.adjusted[row]) == "none";
      if (as_traded) continue;
      const Date basis = shift_.of(Date{std::chrono::days{rows_.basis[row]}});
      rows_.basis[row] = static_cast<std::int32_t>(basis.time_since_epoch().count());
    }
  }

  // The bars up to some day all differ by one factor, those after it do not, and no known split
  // says why: stored behind rows of the old basis, the new ones would make one series of two. When
  // every stored row is replaced nothing is mixed.
  Result<bool> looks_rebased(const Meetings& meetings, SeriesKnowledge& knowledge) {
    std::vector<std::size_t> odd;
    std::int64_t first_sound = meetings.first_equal[index_];
    for (std::size_t i = 0; i < differences_.size(); ++i) {
      const bool all = incoming_[i].adjusted == Adjustment::all;
      if (agrees(i, shift_)) {
        first_sound = std::min(first_sound, stamp(i));
      } else if (differences_[i]->match.finalised || all) {
        return false;
      } else {
        odd.push_back(i);
      }
    }
    if (odd.size() < kSuspectedMin || stamp(odd.back()) > first_sound) return false;
    if (!differ_by_one_factor(odd)) return false;
    VORTEX_TRY(const std::int64_t stored, knowledge.rows_stored(partition_, span_));
    return meetings.met[index_] < stored;
  }

  bool differ_by_one_factor(const std::vector<std::size_t>& odd) {
    suspect_ = odd.back();
    const RowPair newest = pair(suspect_, shift_);
    factor_ = newest.incoming[kCloseColumn] / on_shares(newest.stored, newest.ratio)[kCloseColumn];
    if (!std::isfinite(factor_) || factor_ <= 0 || std::abs(factor_ - 1) < kFactorMin) return false;
    double lowest = std::numeric_limits<double>::infinity();
    double highest = 0;
    for (const std::size_t i : odd) {
      RowPair both = pair(i, shift_);
      both.ratio /= factor_;
      both.incoming_scaled = true;
      if (!same_prices_but_for_rounding(both)) return false;
      for (std::size_t price = 0; price < kPriceColumns; ++price) {
        lowest = std::min(lowest, both.stored[price]);
        highest = std::max(highest, both.stored[price]);
      }
    }
    count_ = odd.size();
    return lowest < highest;  // where all prices are one, any correction has one factor
  }

  void settle(std::size_t i) {
    Difference& one = *differences_[i];
    RowState& state = partition_.states[one.match.row];
    const RowPair both = pair(i, shift_);
    const bool same = agrees(i, shift_);
    if (same && both.ratio != 1) note_splits(i);
    if (same && !one.match.finalised) {
      if (state == RowState::fresh) state = RowState::unchanged;
      return;
    }
    state = RowState::restated;
    one.match.new_numbers = on_shares(both.incoming, 1 / both.ratio);
    one.match.replaces = true;
  }

  // The splits between the two rows, each noted once with the newest bar that shows it.
  void note_splits(std::size_t i) {
    const BarDays spanned = days(i);
    const auto [from, to] = std::minmax(shares_day(spanned, differences_[i]->stored),
                                        shares_day(spanned, shifted(i, shift_)));
    for (const Split& split : known_.splits) {
      if (split.ex_date <= from || split.ex_date > to) continue;
      const SplitShown shown{.span = index_,
                             .split = split,
                             .row = differences_[i]->match.row,
                             .old_capture = differences_[i]->match.old_capture};
      const auto same = std::ranges::find_if(partition_.splits, [&](const SplitShown& other) {
        return other.span == index_ && other.split == split;
      });
      if (same == partition_.splits.end()) {
        partition_.splits.push_back(shown);
      } else {
        *same = shown;
      }
    }
  }

  Result<void> refuse(Error error) {
    partition_.refused.push_back({.span = index_, .error = std::move(error)});
    for (std::size_t row = span_.begin; row < span_.end; ++row) {
      partition_.states[row] = RowState::refused;
    }
    return {};
  }

  Error dividends_differ(const Difference& one, const RowBasis& incoming) const {
    return Error{
        .code = ErrorCode::mismatch,
        .message = fmt::format(
            "the answer's prices are adjusted '{}', those stored '{}': they cannot be compared",
            to_string(incoming.adjusted), to_string(one.stored.adjusted)),
        .hint =
            "nothing of the answer was stored but its capture; keep the two kinds apart, each "
            "in a dataset of its own"};
  }

  Error rebased() const {
    const Difference& one = *differences_[suspect_];
    const std::string day = format_date(days(suspect_).first);
    return Error{.code = ErrorCode::mismatch,
                 .message = fmt::format("the newest {} stored bars up to {} differ from the answer "
                                        "by one factor, {:.6g}, and no known split explains it",
                                        count_, day, factor_),
                 .evidence = fmt::format("close of {}: {} stored, {} received", day,
                                         one.match.old_numbers[kCloseColumn],
                                         numbers_of(rows_, one.match.row)[kCloseColumn]),
                 .hint =
                     "a split the provider has not told of, or another unit; nothing of the "
                     "answer was stored but its capture; sync again once the split is told"};
  }

  BarsPartition& partition_;
  BarColumns& rows_;
  std::size_t index_;
  SeriesSpan span_;
  SeriesSplits known_;
  std::span<Difference*> differences_;
  std::vector<RowBasis> incoming_;  // by difference, as claimed
  BasisShift shift_;
  std::size_t suspect_ = 0;  // the newest difference of one factor
  std::size_t count_ = 0;
  double factor_ = 1;
};

// The rows to replace, file by file in the order they were met.
void collect_matches(const Meetings& meetings, BarsPartition& partition) {
  for (std::size_t i = 0; i < meetings.differences.size();) {
    const std::size_t file = meetings.differences[i].file;
    const std::size_t begin = partition.matches.size();
    for (; i < meetings.differences.size() && meetings.differences[i].file == file; ++i) {
      const StoredMatch& match = meetings.differences[i].match;
      if (match.replaces) partition.matches.push_back(match);
    }
    const std::size_t end = partition.matches.size();
    if (end > begin) {
      partition.touched.push_back({.path = meetings.files[file], .begin = begin, .end = end});
    }
  }
}

}  // namespace

Result<void> judge(BarsPartition& partition, Meetings& meetings, SeriesKnowledge& knowledge) {
  std::vector<Difference*> order;
  order.reserve(meetings.differences.size());
  for (Difference& one : meetings.differences) order.push_back(&one);
  std::ranges::sort(order, {}, [](const Difference* one) {
    return std::pair(one->match.row, one);  // of two stored copies the one met first
  });
  for (auto begin = order.begin(); begin != order.end();) {
    const std::size_t span = (*begin)->span;
    const auto end =
        std::find_if(begin, order.end(), [&](const Difference* one) { return one->span != span; });
    VORTEX_TRY(auto known, knowledge.splits(partition, partition.spans[span]));
    SpanJudge one(partition, span, std::move(known));
    VORTEX_TRY_VOID(one.judge({begin, end}, meetings, knowledge));
    begin = end;
  }
  collect_matches(meetings, partition);
  return {};
}

}  // namespace vortex
