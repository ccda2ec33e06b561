// What a commit knows of splits: those stored and those it brings, asked by the comparison; and
// which of those the comparison showed are news to `revisions`.

#include <utility>

#include <arrow/record_batch.h>
#include <fmt/core.h>

#include "vortex/store/dataset_impl.hpp"

namespace vortex {
namespace {

constexpr char kSeparator = '\x1f';  // in no symbol and no provider's name

using SplitDays = std::map<Date, double>;

std::string place_of(std::string_view provider, std::string_view symbol) {
  return fmt::format("{}{}{}", provider, kSeparator, symbol);
}

// A split that says how many shares became how many; 1:1 changes nothing.
bool is_usable(const CorporateAction& action) {
  return action.kind == ActionKind::split && action.numerator > 0 && action.denominator > 0 &&
         action.numerator != action.denominator;
}

std::string revision_key(std::string_view provider, std::string_view symbol,
                         std::string_view interval, Date ex_date) {
  return fmt::format("{1}{0}{2}{0}{3}{0}{4}", kSeparator, provider, symbol, interval,
                     format_date(ex_date));
}

std::string revision_content(double volume_factor) {
  return fmt::format("{}", volume_factor);
}

}  // namespace

class Dataset::Impl::Knowledge final : public SeriesKnowledge {
 public:
  Knowledge(Impl& dataset, const CommitPlan& plan) : dataset_(dataset), plan_(plan) {
    for (std::size_t i = 0; i < plan.batch.size(); ++i) {
      for (const CorporateAction& action : plan.batch[i].actions) {
        if (is_usable(action)) brought_[plan.owner[i]][action.ex_date] = ratio_of(action);
      }
      if (plan.batch[i].instrument) instruments_[plan.owner[i]] = i;
    }
  }

  static double ratio_of(const CorporateAction& action) {
    return action.numerator / action.denominator;
  }

  Result<bool> splits_after(const BarsPartition& partition, const SeriesSpan& span,
                            Date day) override {
    VORTEX_TRY(const SplitDays* const days, known(partition, span));
    return !days->empty() && days->rbegin()->first > day;
  }

  Result<SeriesSplits> splits(const BarsPartition& partition, const SeriesSpan& span) override {
    VORTEX_TRY(const SplitDays* const days, known(partition, span));
    SeriesSplits out;
    for (const auto& [ex_date, ratio] : *days) {
      out.splits.push_back({.ex_date = ex_date, .ratio = ratio});
    }
    if (out.splits.empty() || !is_intraday(partition.interval)) return out;
    VORTEX_TRY(const std::string name, zone_of(partition, span));
    if (const auto zone = TimeZone::find(name)) out.zone = *zone;
    return out;
  }

  Result<std::int64_t> rows_stored(const BarsPartition& partition,
                                   const SeriesSpan& span) override {
    VORTEX_TRY(StateDb* const db, dataset_.state());
    VORTEX_TRY(const auto states, db->states({{.provider = partition.provider,
                                               .symbol = std::string(partition.symbol_of(span)),
                                               .interval = partition.interval}}));
    return states.front().rows;
  }

 private:
  // Those brought stand over those stored: a provider may correct a ratio.
  Result<const SplitDays*> known(const BarsPartition& partition, const SeriesSpan& span) {
    if (!loaded_) {
      VORTEX_TRY_VOID(dataset_.load_known(dataset_.actions, dataset_.known_actions));
      loaded_ = true;
    }
    const std::size_t owner = plan_.owner[span.series];
    if (const auto asked = merged_.find(owner); asked != merged_.end()) return &asked->second;
    const auto stored =
        dataset_.stored_splits.find(place_of(partition.provider, partition.symbol_of(span)));
    const auto brought = brought_.find(owner);
    static const SplitDays kNone;
    const SplitDays& old = stored == dataset_.stored_splits.end() ? kNone : stored->second;
    if (brought == brought_.end()) return &old;
    SplitDays& both = merged_[owner] = old;
    for (const auto& [ex_date, ratio] : brought->second) both[ex_date] = ratio;
    return &both;
  }

  Result<std::string> zone_of(const BarsPartition& partition, const SeriesSpan& span) {
    const auto brought = instruments_.find(plan_.owner[span.series]);
    if (brought != instruments_.end()) return plan_.batch[brought->second].instrument->zone;
    VORTEX_TRY(const auto stored,
               dataset_.instrument_of(partition.provider, std::string(partition.symbol_of(span)),
                                      dataset_.bars.version()));
    return stored ? stored->zone : std::string("UTC");
  }

  Impl& dataset_;
  const CommitPlan& plan_;
  bool loaded_ = false;
  std::unordered_map<std::size_t, SplitDays> brought_;        // by owner
  std::unordered_map<std::size_t, SplitDays> merged_;         // by owner
  std::unordered_map<std::size_t, std::size_t> instruments_;  // by owner: the batch that has it
};

Result<void> Dataset::Impl::compare_rows(CommitPlan& plan) {
  Knowledge knowledge(*this, plan);
  for (BarsPartition& partition : plan.partitions) {
    VORTEX_TRY_VOID(compare_with_stored(*files, bars, partition, knowledge));
    for (SpanRefused& one : partition.refused) {
      const std::size_t owner = plan.owner[partition.spans[one.span].series];
      plan.refused[owner] = std::move(one.error);
      plan.news[owner] = 1;  // its captures are kept: they show why
    }
  }
  return {};
}

void Dataset::Impl::remember_split(std::string_view provider, std::string_view symbol,
                                   const CorporateAction& action) {
  if (!is_usable(action)) return;
  stored_splits[place_of(provider, symbol)][action.ex_date] = Knowledge::ratio_of(action);
}

Result<void> Dataset::Impl::load_split_revisions() {
  VORTEX_TRY_VOID(revisions.refresh());
  if (known_splits.stands_for(revisions.log().version())) return {};
  const auto visit = [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
    const ColumnReader kinds(rows, "kind");
    const ColumnReader providers(rows, "provider");
    const ColumnReader symbols(rows, "symbol");
    const ColumnReader intervals(rows, "interval");
    const ColumnReader days(rows, "timestamp");
    const ColumnReader factors(rows, "new_volume");
    for (const std::int64_t row : kept) {
      const auto day = days.moment(row);
      if (kinds.text(row) != "split" || !day) continue;
      known_splits.note(
          revision_key(providers.text(row), symbols.text(row), intervals.text(row), date_of(*day)),
          revision_content(factors.number(row)));
    }
  };
  VORTEX_TRY_VOID(revisions.scan(counting(bars.version()), "", visit));
  known_splits.set_loaded(revisions.log().version());
  return {};
}

Result<void> Dataset::Impl::plan_splits(CommitPlan& plan) {
  plan.splits.assign(plan.partitions.size(), {});
  for (std::size_t i = 0; i < plan.partitions.size(); ++i) {
    const BarsPartition& partition = plan.partitions[i];
    for (const SplitShown& shown : partition.splits) {
      VORTEX_TRY_VOID(load_split_revisions());
      const SeriesSpan& span = partition.spans[shown.span];
      std::string key = revision_key(partition.provider, partition.symbol_of(span),
                                     to_string(partition.interval), shown.split.ex_date);
      std::string content = revision_content(shown.split.ratio);
      if (known_splits.holds(key, content)) continue;
      plan.side.splits.emplace_back(std::move(key), std::move(content));
      plan.splits[i].push_back(shown);
      plan.news[plan.owner[span.series]] = 1;
    }
  }
  return {};
}

}  // namespace vortex
