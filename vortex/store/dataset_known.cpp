// The side tables of a commit: which actions, instruments and quarantined rows are new, and their
// rows.

#include <algorithm>
#include <cmath>
#include <limits>

#include <arrow/record_batch.h>
#include <fmt/core.h>

#include "vortex/base/sha256.hpp"
#include "vortex/codec/bar_view.hpp"
#include "vortex/store/dataset_impl.hpp"

namespace vortex {
namespace {

constexpr std::size_t kDigestDigits = 32;
constexpr char kSeparator = '\x1f';  // in no symbol and no provider's name

template <class... Parts>
std::string joined(const Parts&... parts) {
  std::string out;
  ((out += fmt::format("{}{}", parts, kSeparator)), ...);
  return out;
}

std::string moment_text(const std::optional<TimePoint>& time) {
  return time ? format_time(*time) : std::string();
}

using Row = std::pair<std::string, std::string>;

Row row_of(std::string_view provider, std::string_view symbol, const CorporateAction& action) {
  return {digest(joined(provider, symbol, to_string(action.kind), format_date(action.ex_date))),
          digest(joined(action.amount, action.numerator, action.denominator, action.currency))};
}

Row row_of(std::string_view provider, std::string_view symbol, const Instrument& one) {
  return {
      digest(joined(provider, symbol)),
      digest(joined(one.name, one.exchange, one.mic, one.zone, one.currency, one.price_magnifier,
                    one.tick.value_or(-1), one.type, moment_text(one.first_trade)))};
}

Row row_of(const SeriesKey& key, const QuarantineEntry& entry) {
  return {digest(joined(key.provider, key.symbol, to_string(key.interval),
                        moment_text(entry.timestamp), entry.reasons, entry.row_text)),
          ""};
}

// News is noticed when the answer that brings it is received: a replay notices it at the same time.
TimePoint noticed_at(const SeriesBatch& series, TimePoint now) {
  if (series.captures.empty()) return now;
  return std::ranges::max_element(series.captures, {}, &Capture::received_at)->received_at;
}

// Gathers the rows of one commit that neither the table nor the commit itself says already.
class NewRows {
 public:
  NewRows(const KnownRows& known, std::vector<Row>& rows) : known_(known), rows_(rows) {}

  bool add(Row row) {
    const auto planned = planned_.find(row.first);
    const bool said = planned == planned_.end() ? known_.holds(row.first, row.second)
                                                : planned->second == row.second;
    if (said) return false;
    planned_[row.first] = row.second;
    rows_.push_back(std::move(row));
    return true;
  }

 private:
  const KnownRows& known_;
  std::vector<Row>& rows_;
  std::unordered_map<std::string, std::string> planned_;
};

// Up to which day splits are in an amount that came with these bars.
Date basis_of(const SeriesBatch& series, TimePoint now) {
  for (const auto& bars : series.bars) {
    if (bars && bars->num_rows() > 0) return BarView(*bars).basis(0);
  }
  return date_of(series.captures.empty() ? now : series.captures.back().received_at);
}

void write_action(RowWriter& rows, const SeriesBatch& series, const CorporateAction& action,
                  TimePoint now) {
  rows.text(series.key.provider);
  rows.text(series.key.symbol);
  rows.text(to_string(action.kind));
  rows.date(action.ex_date);
  rows.number(action.amount);
  rows.number(action.numerator);
  rows.number(action.denominator);
  rows.text_or_null(action.currency);
  rows.date(basis_of(series, now));
  rows.moment(noticed_at(series, now));
}

void write_instrument(RowWriter& rows, const SeriesKey& key, const Instrument& one, TimePoint now) {
  rows.text(key.provider);
  rows.text(key.symbol);
  for (const auto& text : {one.name, one.exchange, one.mic, one.zone, one.currency}) {
    rows.text_or_null(text);
  }
  rows.number(one.price_magnifier);
  rows.number(one.tick.value_or(std::numeric_limits<double>::quiet_NaN()));
  rows.text_or_null(one.type);
  rows.moment(one.first_trade);
  rows.moment(now);
}

void write_quarantine(RowWriter& rows, const SeriesKey& key, const QuarantineEntry& entry,
                      TimePoint now) {
  constexpr std::size_t kRowTextMax = 1024;
  rows.text(key.provider);
  rows.text(key.symbol);
  rows.text(to_string(key.interval));
  rows.moment(entry.timestamp);
  rows.text(entry.reasons);
  rows.text(untrusted(entry.row_text, kRowTextMax));
  rows.text_or_null(entry.capture_id);
  rows.moment(now);
}

void write_revision(RowWriter& rows, const BarsPartition& partition, const StoredMatch& match) {
  const BarColumns& incoming = partition.rows;
  rows.text(partition.provider);
  rows.text(incoming.symbols.text(incoming.symbol[match.row]));
  rows.text(to_string(partition.interval));
  rows.moment(TimePoint{Duration{incoming.timestamp[match.row]}});
  rows.text(match.finalised ? "finalised" : "restated");
  for (std::size_t i = 0; i < kNumberColumns.size(); ++i) {
    rows.number(match.old_numbers[i]);
    rows.number(match.new_numbers[i]);
  }
  rows.text(partition.old_captures.text(match.old_capture));
  rows.text(incoming.captures.text(incoming.capture[match.row]));
  rows.moment(TimePoint{Duration{incoming.transform_timestamp[match.row]}});
}

// A split's row: its ex-date, and what a price of 1 and a volume of 1 became.
void write_split(RowWriter& rows, const BarsPartition& partition, const SplitShown& shown) {
  const double missing = NumberColumn::missing();
  rows.text(partition.provider);
  rows.text(partition.symbol_of(partition.spans[shown.span]));
  rows.text(to_string(partition.interval));
  rows.moment(midnight(shown.split.ex_date));
  rows.text("split");
  for (const BarColumn column : kNumberColumns) {
    const bool price = column <= kClose || column == kVwap;
    const bool volume = column == kVolume;
    rows.number(price || volume ? 1 : missing);
    rows.number(price ? 1 / shown.split.ratio : volume ? shown.split.ratio : missing);
  }
  rows.text(partition.old_captures.text(shown.old_capture));
  rows.text(partition.rows.captures.text(partition.rows.capture[shown.row]));
  rows.moment(TimePoint{Duration{partition.rows.transform_timestamp[shown.row]}});
}

// The identity of a stored row, as row_of gives it for an incoming one.
class StoredRows {
 public:
  explicit StoredRows(const arrow::RecordBatch& rows) : rows_(rows) {}

  Row action(std::int64_t row) const {
    return {digest(joined(text("provider", row), text("symbol", row), text("kind", row),
                          format_date(ColumnReader(rows_, "ex_date").date(row)))),
            digest(joined(number("amount", row), number("numerator", row),
                          number("denominator", row), text("currency", row)))};
  }
  Row instrument(std::int64_t row) const {
    const double tick = number("tick", row);
    return {digest(joined(text("provider", row), text("symbol", row))),
            digest(joined(text("name", row), text("exchange", row), text("mic", row),
                          text("zone", row), text("currency", row), number("price_magnifier", row),
                          std::isnan(tick) ? -1 : tick, text("type", row),
                          moment_text(ColumnReader(rows_, "first_trade").moment(row))))};
  }
  Row quarantined(std::int64_t row) const {
    return {digest(joined(text("provider", row), text("symbol", row), text("interval", row),
                          moment_text(ColumnReader(rows_, "timestamp").moment(row)),
                          text("reasons", row), text("row_text", row))),
            ""};
  }

  std::optional<CorporateAction> split(std::int64_t row) const {
    if (text("kind", row) != to_string(ActionKind::split)) return std::nullopt;
    return CorporateAction{.kind = ActionKind::split,
                           .ex_date = ColumnReader(rows_, "ex_date").date(row),
                           .numerator = number("numerator", row),
                           .denominator = number("denominator", row),
                           .currency = {}};
  }
  std::string_view text(const char* column, std::int64_t row) const {
    return ColumnReader(rows_, column).text(row);
  }

 private:
  double number(const char* column, std::int64_t row) const {
    return ColumnReader(rows_, column).number(row);
  }

  const arrow::RecordBatch& rows_;
};

}  // namespace

std::string digest(std::string_view text) {
  return sha256_hex(text).substr(0, kDigestDigits);
}

bool KnownRows::holds(const std::string& key, const std::string& content) const {
  const auto it = digests_.find(key);
  return it != digests_.end() && it->second == content;
}

void KnownRows::note(const std::string& key, const std::string& content) {
  digests_[key] = content;
}

Result<void> Dataset::Impl::load_known(SideTable& table, KnownRows& known) {
  VORTEX_TRY_VOID(table.refresh());
  if (known.stands_for(table.log().version())) return {};
  const auto visit = [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
    const StoredRows stored(rows);
    for (const std::int64_t row : kept) {
      const Row one = &table == &actions       ? stored.action(row)
                      : &table == &instruments ? stored.instrument(row)
                                               : stored.quarantined(row);
      known.note(one.first, one.second);
      if (&table != &actions) continue;
      if (const auto split = stored.split(row)) {
        remember_split(stored.text("provider", row), stored.text("symbol", row), *split);
      }
    }
  };
  VORTEX_TRY_VOID(table.scan(counting(bars.version()), "", visit));
  known.set_loaded(table.log().version());
  return {};
}

Result<void> Dataset::Impl::plan_side_rows(CommitPlan& plan) {
  const std::size_t count = plan.batch.size();
  NewRows new_actions(known_actions, plan.side.actions);
  NewRows new_instruments(known_instruments, plan.side.instruments);
  NewRows new_quarantine(known_quarantine, plan.side.quarantine);
  plan.actions.assign(count, {});
  plan.instrument.assign(count, false);
  plan.quarantine.assign(count, {});
  for (std::size_t i = 0; i < count; ++i) {
    const SeriesBatch& series = plan.batch[i];
    const SeriesKey& key = series.key;
    char& news = plan.news[plan.owner[i]];
    if (plan.refused[plan.owner[i]]) continue;
    if (!series.actions.empty()) VORTEX_TRY_VOID(load_known(actions, known_actions));
    for (const CorporateAction& action : series.actions) {
      if (!new_actions.add(row_of(key.provider, key.symbol, action))) continue;
      plan.actions[i].push_back(&action);
      news = 1;
    }
    if (series.instrument) {
      VORTEX_TRY_VOID(load_known(instruments, known_instruments));
      if (new_instruments.add(row_of(key.provider, key.symbol, *series.instrument))) {
        plan.instrument[i] = true;
        news = 1;
      }
    }
    if (!series.quarantine.empty()) VORTEX_TRY_VOID(load_known(quarantine, known_quarantine));
    for (const QuarantineEntry& entry : series.quarantine) {
      QuarantineEntry kept = entry;
      kept.row_text = untrusted(entry.row_text, 1024);
      if (!new_quarantine.add(row_of(key, kept))) continue;
      plan.quarantine[i].push_back(&entry);
      news = 1;
    }
  }
  return {};
}

Result<void> Dataset::Impl::write_side_rows(CommitPlan& plan, std::int64_t version,
                                            const std::string& commit_id) {
  RowWriter revision_rows(revisions_table().schema);
  RowWriter quarantine_rows(quarantine_table().schema);
  RowWriter action_rows(corporate_actions_table().schema);
  RowWriter instrument_rows(instruments_table().schema);
  const auto belongs = [&](RowWriter& rows) {
    rows.whole(version);
    rows.text(commit_id);
  };
  for (const BarsPartition& partition : plan.partitions) {
    for (const StoredMatch& match : partition.matches) {
      write_revision(revision_rows, partition, match);
      belongs(revision_rows);
    }
  }
  for (std::size_t i = 0; i < plan.partitions.size(); ++i) {
    for (const SplitShown& shown : plan.splits[i]) {
      write_split(revision_rows, plan.partitions[i], shown);
      belongs(revision_rows);
    }
  }
  for (std::size_t i = 0; i < plan.batch.size(); ++i) {
    const SeriesBatch& series = plan.batch[i];
    const TimePoint noticed = noticed_at(series, plan.now);
    for (const QuarantineEntry* entry : plan.quarantine[i]) {
      write_quarantine(quarantine_rows, series.key, *entry, noticed);
      belongs(quarantine_rows);
    }
    for (const CorporateAction* action : plan.actions[i]) {
      write_action(action_rows, series, *action, plan.now);
      belongs(action_rows);
    }
    if (plan.instrument[i]) {
      write_instrument(instrument_rows, series.key, *series.instrument, noticed);
      belongs(instrument_rows);
    }
  }
  VORTEX_TRY_VOID(add_side(plan, revisions, revision_rows));
  VORTEX_TRY_VOID(add_side(plan, quarantine, quarantine_rows));
  VORTEX_TRY_VOID(add_side(plan, actions, action_rows));
  return add_side(plan, instruments, instrument_rows);
}

void Dataset::Impl::remember_side_rows(const CommitPlan& plan) {
  const auto remember = [](KnownRows& known, const SideTable& table, const auto& rows) {
    for (const auto& [key, content] : rows) known.note(key, content);
    known.advance(table.log().version(), !rows.empty());
  };
  remember(known_actions, actions, plan.side.actions);
  remember(known_instruments, instruments, plan.side.instruments);
  remember(known_quarantine, quarantine, plan.side.quarantine);
  for (std::size_t i = 0; i < plan.batch.size(); ++i) {
    const SeriesKey& key = plan.batch[i].key;
    for (const CorporateAction* action : plan.actions[i]) {
      remember_split(key.provider, key.symbol, *action);
    }
  }
  const bool restated = std::ranges::any_of(
      plan.partitions, [](const BarsPartition& p) { return !p.matches.empty(); });
  for (const auto& [key, content] : plan.side.splits) known_splits.note(key, content);
  known_splits.advance(revisions.log().version(), restated || !plan.side.splits.empty());
}

}  // namespace vortex
